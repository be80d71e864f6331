"""The house rules no linter knows. Each message says what to do instead."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "shaodao"
MODULES = sorted(path for path in SRC.rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted(SRC.rglob("templates/**/*.html"))
SCRIPTS = sorted([*SRC.rglob("static/**/*.js"), *SRC.rglob("static/**/*.css")])

NAMELESS = {
    "utils",
    "util",
    "helpers",
    "common",
    "misc",
    "services",
    "managers",
    "signals",
    "tools",
}
WRITES = {"create", "bulk_create", "update", "bulk_update", "delete", "get_or_create"}
WRITES |= {"update_or_create", "select_for_update"}
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "time.time"}
# Questions of a queryset that limit what is read to what the reader may see.
LIMITED = {
    "visible_to",
    "about",  # AccountEntry: one's own account
    "of_worker",  # Household: one's own households
}
# Where the world comes in: the clock is read here and handed down as an argument.
EDGES = {"views", "commands", "templatetags", "launch", "middleware", "login", "oidc", "localpg"}
EDGES |= {"context"}
# Words of the field in the Latin alphabet: the glossary has the English term for each.
PINYIN = {
    "anjian", "anjuan", "banjie", "baobei", "caiji", "chuzhi", "danwei", "dangyuan", "fankui",
    "fenlei", "gangwei", "guazhang", "hecha", "hujia", "jiean", "jiedao", "juweihui", "juzhen",
    "lianxi", "louzhang", "paiqian", "pingjia", "qingdan", "quxian", "shangbao", "shequ",
    "shenpi", "shijian", "shixian", "shouli", "suqiu", "tuihui", "wangge", "wanggeyuan", "wuye",
    "xiaoqu", "xiangzhen", "yanqi", "zhipai", "zhuban", "zuzhi",
}  # fmt: skip


def parts(path: Path) -> set[str]:
    """The names a module goes by: its folders and its own."""
    return {*path.relative_to(SRC).parts[:-1], path.stem}


def is_view(path: Path) -> bool:
    return "views" in parts(path)


def may_write(path: Path) -> bool:
    return bool(parts(path) & {"actions", "town"})


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call with the dotted source of what is called, and its last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            source = ast.unparse(node.func)
            yield node, source, source.rpartition(".")[2]


# ---- the rules: each yields (line, what is wrong and what to do) -------------------------------


def nameless_module(path, tree):
    if path.stem in NAMELESS:
        yield 1, f"name {path.name} after what it holds"


def unlimited_reading(path, tree):
    if not is_view(path):
        return
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)):
            continue
        if node.value.attr == "objects" and node.attr not in LIMITED:
            yield node.lineno, "begin at .objects.visible_to(request.user)"
    for node, _, name in calls(tree):
        if name.startswith("get_") and name.endswith("_or_404"):
            first = ast.unparse(node.args[0]) if node.args else ""
            if re.fullmatch(r"[A-Z]\w*(\.objects)?", first):
                yield node.lineno, "give get_object_or_404 a queryset limited by visible_to"


def writing_outside_actions(path, tree):
    if may_write(path):
        return
    for node, source, name in calls(tree):
        is_queryset = ".objects." in source or name.startswith(("bulk_", "get_or_", "update_or_"))
        is_row = name in {"save", "delete"} and not node.args and "." in source
        if (name in WRITES and is_queryset) or is_row:
            yield node.lineno, f"{name}(): only actions write; call one"


def writing_in_sql(path, tree):
    # kit.versions.bump and kit.rows.insert are every action's.
    if may_write(path) or path.name in {"versions.py", "rows.py"}:
        return
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and re.match(r"\s*(INSERT INTO|UPDATE \w|DELETE FROM)", text):
            yield node.lineno, "only actions write, in SQL too"


def clock_below_the_edge(path, tree):
    if parts(path) & EDGES:
        return
    jobs = [
        job
        for job in functions(tree)
        if may_write(path) and any("task" in ast.unparse(one) for one in job.decorator_list)
    ]
    for node, source, _ in calls(tree):
        inside = any(job.lineno <= node.lineno <= job.end_lineno for job in jobs)
        if source in CLOCKS and not inside:
            yield node.lineno, f"{source}(): take the time as an argument, `at`"


def signals(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and re.search(
            r"signals|django\.dispatch", f"{node.module} {[name.name for name in node.names]}"
        ):
            yield node.lineno, "call it by name in the action that causes it; no signals"


def classes_as_views(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.views.gen"):
            yield node.lineno, "write the view as a function"
        if isinstance(node, ast.ClassDef) and "View" in " ".join(map(ast.unparse, node.bases)):
            yield node.lineno, f"{node.name}: write the view as a function"
    for node, source, name in calls(tree):
        if name == "as_view":
            yield node.lineno, f"{source}: write the view as a function"


def long_view(path, tree):
    if not is_view(path):
        return
    for view in functions(tree):
        is_one = bool(view.args.args) and view.args.args[0].arg == "request"
        body = view.body[1:] if ast.get_docstring(view) else view.body
        n = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if is_one and not view.name.startswith("_") and n > 20:
            yield view.lineno, f"{view.name} has {n} lines: a view is load, form, one action, page"


def import_inside(path, tree):
    for function in functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, "import at the top; where that is a circle, the layers are wrong"


def model_magic(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in {"ModelForm", "modelform_factory", "GenericForeignKey"}:
                yield node.lineno, f"{name}: a plain Form, a plain foreign key"
    if path.name != "models.py":
        return
    for function in functions(tree):
        if function.name in {"save", "delete", "clean", "full_clean"}:
            yield function.lineno, f"{function.name}: what a verb causes stands in its action"
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(one, ast.Name) and one.id == "ordering" for one in targets):
            yield node.lineno, "no Meta.ordering: say order_by where it matters"


def environment_read_anywhere(path, tree):
    if "config" in parts(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield node.lineno, "read the environment in settings.py"


def printing(path, tree):
    if parts(path) & {"commands", "launch"}:
        return
    for node, source, _ in calls(tree):
        if source == "print":
            yield node.lineno, "print(): log it with structlog, by ids"


def pinyin(path, tree):
    for node in ast.walk(tree):
        name = getattr(node, "id", None) or getattr(node, "name", None)
        if isinstance(name, str) and PINYIN & set(re.split(r"[_\W\d]+", name.lower())):
            yield node.lineno, f"{name}: the glossary has the English term"


def undocumented(path, tree):
    if path.stem == "__init__" and not tree.body:
        return
    if not ast.get_docstring(tree):
        yield 1, "say in a sentence what the module holds"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            text = ast.get_docstring(node) or ""
            if parts(path) & {"views", "actions", "policy"} and not text:
                yield node.lineno, f"{node.name}: say in a sentence what it will do"
            if text and not re.search(r"[.?:)]$", text.partition("\n\n")[0]):
                yield node.lineno, f"{node.name}: end the first sentence with a full stop"


def unfinished(path, tree):
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "finish it, or open an issue and name it"


RULES = (
    nameless_module, unlimited_reading, writing_outside_actions, writing_in_sql,
    clock_below_the_edge, signals, classes_as_views, long_view, import_inside, model_magic,
    environment_read_anywhere, printing, pinyin, undocumented, unfinished,
)  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_module_keeps_the_house_rules(path):
    tree = ast.parse(path.read_text())
    faults = [f"{path}:{line}: {words}" for rule in RULES for line, words in rule(path, tree)]
    assert not faults, "\n" + "\n".join(sorted(set(faults)))


QUERY = re.compile(
    r"(?<!forloop)\.(objects|all|filter|exclude|exists|order_by|values|select_related|\w{3,}_set)\b"
)
PERMISSION = re.compile(r"\bperms\b|\bis_staff\b|\bis_superuser\b|\bhas_perm\b")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_template_only_shows_what_it_is_given(path):
    faults = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for tag in re.findall(r"{[{%].*?[}%]}", line):
            expressions = re.sub(r"\"[^\"]*\"|'[^']*'", "", tag)
            if QUERY.search(expressions):
                faults.append(f"{path}:{number}: {tag}: pass what it needs; no query in a template")
            if PERMISSION.search(expressions):
                faults.append(f"{path}:{number}: {tag}: pass what may be done; no permission test")
        if re.search(r"(src|href|action)=[\"']?(https?:)?//", line):
            faults.append(f"{path}:{number}: serve it from this host")
        if re.search(r"\son(click|load|change|submit|input)=", line):
            faults.append(
                f"{path}:{number}: find it by data-… in a script; the policy forbids this"
            )
    if "{% extends" in path.read_text() and len(path.read_text().splitlines()) > 140:
        faults.append(f"{path}: longer than a template should be: cut it into includes")
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(SRC)))
def test_a_script_or_a_style_loads_nothing_from_elsewhere(path):
    found = re.findall(
        r"(?:import|from|url|fetch|src\s*=)\s*[(\"' ]*https?://[^\"') ]+", path.read_text()
    )
    assert not found, f"{path}: serve it from this host: {found}"


def test_the_rules_find_what_they_are_for(tmp_path):
    """A rule that finds nothing in code made to break it is no rule."""
    broken = SRC / "cases" / "views" / "broken.py"
    source = (
        "from django.db.models.signals import post_save\n"
        "def page(request):\n    import os\n    print(os.environ)\n"
        "    Case.objects.filter(pk=1).delete()\n    Case.objects.create()\n    case.save()\n"
        "    cursor.execute('UPDATE cases_case SET x = 1')\n    wangge = ModelForm\n"
        + "    pass\n" * 20
        + "class Page(View): pass\nx = Page.as_view()  # TO"
        + "DO\n"
    )
    tree = ast.parse(source)
    found = {rule.__name__ for rule in RULES if rule is not unfinished and list(rule(broken, tree))}
    elsewhere = {"nameless_module", "clock_below_the_edge", "unfinished"}
    assert found == {rule.__name__ for rule in RULES} - elsewhere
    assert list(clock_below_the_edge(SRC / "cases" / "rules.py", ast.parse("timezone.now()")))
    assert list(nameless_module(SRC / "cases" / "utils.py", tree))
