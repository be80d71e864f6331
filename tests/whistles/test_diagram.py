from pathlib import Path

from shaodao.whistles.diagram import (
    summons_diagram,
    summons_table,
    whistle_diagram,
    whistle_table,
)

PAGE = Path(__file__).parents[2] / "docs" / "mechanisms" / "whistle.md"


def test_the_documentation_shows_the_tables_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    for part in (whistle_diagram(), whistle_table(), summons_diagram(), summons_table()):
        assert part in page
