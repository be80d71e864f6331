"""The catalogue of translations: which texts the code and the templates mark, and what is missing.

gettext's own tools are a C program that many machines lack; Babel reads and writes the same files.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

SRC = Path(__file__).resolve().parents[1]
ENGLISH = SRC / "locale" / "en" / "LC_MESSAGES" / "django.po"
_MARKS = {"_", "N_", "gettext", "gettext_lazy", "gettext_noop", "_lazy"}
_TEMPLATE_MARK = re.compile(
    r"""(?<!\w)(?:gettext|_)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL
)


def marked() -> dict[str, list[tuple[str, int]]]:
    """Return every marked text with the places it stands in, relative to the source folder."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(SRC.rglob("*.py")):
        for text, line in _in_python(path.read_text(encoding="utf-8")):
            found.setdefault(text, []).append((str(path.relative_to(SRC)), line))
    for path in sorted(SRC.rglob("*.html")):
        for text, line in _in_template(path.read_text(encoding="utf-8")):
            found.setdefault(text, []).append((str(path.relative_to(SRC)), line))
    return found


def _in_python(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        first = node.args[0]
        if name in _MARKS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value, node.lineno


def _in_template(source: str) -> Iterator[tuple[str, int]]:
    turned = templatize(source)
    for match in _TEMPLATE_MARK.finditer(turned):
        yield ast.literal_eval(match[1]), turned.count("\n", 0, match.start()) + 1


def read() -> Catalog:
    """Return the English catalogue as it stands."""
    if not ENGLISH.exists():
        return Catalog(locale="en")
    with ENGLISH.open("rb") as lines:
        return read_po(lines, locale="en")


def missing() -> list[str]:
    """Return the marked texts that have no English yet."""
    known = read()
    return [text for text in marked() if text and not _translated(known, text)]


def _translated(catalogue: Catalog, text: str) -> bool:
    message = catalogue.get(text)
    return message is not None and bool(message.string) and not message.fuzzy


def extract() -> int:
    """Bring the catalogue's texts up to date, keep its translations, and count what lacks one."""
    known, fresh = read(), Catalog(locale="en", charset="utf-8", project="shaodao", version="")
    for text in sorted(filter(None, marked())):
        message = known.get(text)
        fresh.add(
            text, string=message.string if message else "", flags=message.flags if message else ()
        )
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as out:
        write_po(out, fresh, width=98, omit_header=False, include_lineno=False)
    return len(missing())
