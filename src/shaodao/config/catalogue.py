"""The catalogue of translations: which texts the code and the templates mark, and what is missing.

gettext's own tools are a C program that many machines lack; Babel reads and writes the same files.
"""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from shaodao.town import defaults

SRC = Path(__file__).resolve().parents[1]
ENGLISH = SRC / "locale" / "en" / "LC_MESSAGES" / "django.po"
_HEADER = "# The English of every text the code and the templates mark."


class Text(NamedTuple):
    """A marked text. `plural` is given where a count decides, `context` where a text has two."""

    text: str
    plural: str = ""
    context: str = ""

    @property
    def id(self) -> str | tuple[str, str]:
        """Return the text as the catalogue knows it."""
        return (self.text, self.plural) if self.plural else self.text


_MARKS: dict[str, tuple[str, ...]] = {  # the functions that mark, and what their arguments are
    "_": ("text",),
    "N_": ("text",),
    "gettext": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}
_LITERAL = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_TEMPLATE_MARK = re.compile(
    rf"(?<!\w)(_|n?p?gettext)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL
)


def marked() -> dict[Text, list[tuple[str, int]]]:
    """Return every marked text with the places it stands in, relative to the source folder."""
    found: dict[Text, list[tuple[str, int]]] = {}
    for pattern, texts_of in (("*.py", _in_python), ("*.html", _in_template)):
        for path in sorted(SRC.rglob(pattern)):
            for text, line in texts_of(path.read_text(encoding="utf-8")):
                found.setdefault(text, []).append((str(path.relative_to(SRC)), line))
    for text, line in _in_defaults():
        found.setdefault(text, []).append(("town/defaults.py", line))
    return found


def _in_python(source: str) -> Iterator[tuple[Text, int]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2].removesuffix("_lazy")
        roles = _MARKS.get(name.removesuffix("_noop"), ())
        first = [a.value for a in node.args[: len(roles)] if isinstance(a, ast.Constant)]
        words = [word for word in first if isinstance(word, str)]
        if roles and len(words) == len(roles):
            yield Text(**dict(zip(roles, words, strict=True))), node.lineno


def _in_template(source: str) -> Iterator[tuple[Text, int]]:
    turned = templatize(source)
    for match in _TEMPLATE_MARK.finditer(turned):
        words = [ast.literal_eval(found) for found in re.findall(_LITERAL, match[2], re.DOTALL)]
        text = Text(**dict(zip(_MARKS[match[1]], words, strict=True)))
        yield text, turned.count("\n", 0, match.start()) + 1


def _in_defaults() -> Iterator[tuple[Text, int]]:
    """Yield the names every county starts with: data, but pages translate those they know."""
    source = Path(defaults.__file__).read_text(encoding="utf-8")
    rows = (*defaults.PICTURES, *defaults.OUTCOMES, *chain(*defaults.CHILDREN.values()))
    for _code, name, *_rest in rows:
        yield Text(name), source.count("\n", 0, source.index(f'"{name}"')) + 1


def read() -> Catalog:
    """Return the English catalogue as it stands."""
    if not ENGLISH.exists():
        return Catalog(locale="en")
    with ENGLISH.open("rb") as lines:
        return read_po(lines, locale="en")


def write(catalogue: Catalog) -> None:
    """Write the English catalogue."""
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as out:
        write_po(out, catalogue, width=98, omit_header=False, include_lineno=False)


def missing() -> list[str]:
    """Return the marked texts that have no English yet."""
    known = read()
    return [text.text for text in marked() if text.text and not _translated(known, text)]


def _translated(catalogue: Catalog, text: Text) -> bool:
    message = catalogue.get(text.id, text.context or None)
    if message is None or message.fuzzy:
        return False
    # A text that is counted somewhere and not elsewhere is one entry, with both forms.
    is_counted = isinstance(message.string, (tuple, list))
    forms = tuple(message.string) if is_counted else (message.string,)
    return all(forms) and (is_counted or not text.plural)


def extract() -> int:
    """Bring the catalogue's texts up to date, keep its translations, and count what lacks one."""
    known = read()
    fresh = Catalog(
        locale="en",
        charset="utf-8",
        project="shaodao",
        version="",
        header_comment=_HEADER,
        creation_date=known.creation_date,  # so that extracting twice changes nothing
        revision_date=known.revision_date,
        fuzzy=False,
    )
    for text in sorted(text for text in marked() if text.text):
        fresh.add(text.id, context=text.context or None)
    for message in fresh:
        before = known.get(message.id, message.context) if message.id else None
        if before and isinstance(before.id, tuple) == isinstance(message.id, tuple):
            message.string, message.flags = before.string, before.flags
    write(fresh)
    return len(missing())
