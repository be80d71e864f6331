"""One process of the site for the tests of several: answers what its caches hold, line by line."""

import json
import sys
from datetime import date

import django

django.setup()

from shaodao.cases.rules import rules  # noqa: E402 - Django first
from shaodao.kit.versions import one_look  # noqa: E402
from shaodao.people.queries import number, units_by_id  # noqa: E402
from shaodao.places.queries import locate  # noqa: E402


def answer(on: date, place: list[float], units: list[int]) -> dict[str, object]:
    """Return what a page would be made from."""
    with one_look():
        book = rules()
        return {
            "number": number("report_photos", on=on, unit_ids=units),
            "limits": len(book.limits),
            "names": sorted(unit.short_name for unit in units_by_id().values()),
            "grid": locate(*place),
        }


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        on = date.fromisoformat(asked["on"])
        print(json.dumps(answer(on, asked["place"], asked["units"])), flush=True)


if __name__ == "__main__":
    main()
