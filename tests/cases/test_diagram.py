from pathlib import Path

from shaodao.cases.diagram import mermaid, table

PAGE = Path(__file__).parents[2] / "docs" / "mechanisms" / "case.md"


def test_the_documentation_shows_the_table_as_it_is():
    page = PAGE.read_text(encoding="utf-8")
    assert mermaid() in page
    assert table() in page
