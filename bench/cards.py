"""How long a thousand door cards take to set for the printer, A6, each with a code of its own.

Run by `bin/bench cards`. Twenty workers with a portrait, three promises and fifty doors each; one
typst run. Nothing is read from or written to a database. The last line is the result.
"""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import django
import numpy as np
from django.test import override_settings
from PIL import Image

django.setup()

from shaodao.people.models import Unit, User  # noqa: E402
from shaodao.places.models import Grid  # noqa: E402
from shaodao.workforce.models import Promise  # noqa: E402
from shaodao.workforce.policy import Paper  # noqa: E402
from shaodao.workforce.queries.cards import Door, Face  # noqa: E402
from shaodao.workforce.sheets import card_sheet  # noqa: E402

N_CARDS, N_WORKERS = 1000, 20
SITE = "https://county.example/"


def doors(media: Path, n: int) -> list[Door]:
    """Return `n` doors of made-up workers, whose portraits are written below `media`."""
    rng = np.random.default_rng(1)
    above = Unit(name="古陂村委会", short_name="古陂村")
    unit = Unit(name="古陂村第一网格", short_name="古陂村第一网格", parent=above)
    grid = Grid(unit=unit, code="360722102200001")
    faces = []
    for k in range(N_WORKERS):
        noise = rng.integers(0, 255, (48, 36, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((360, 480)).save(media / f"{k}.jpg", quality=80)
        person = User(pk=k + 1, name=f"网格员{k}", work_phone=f"0797-01{k:05d}")
        promises = [Promise(text=f"第{n}句承诺：有事随叫随到，当天回话") for n in (1, 2, 3)]
        duties = "政策宣传、走访联系户、巡查隐患、代办小事"
        faces.append(Face(person, f"{k}.jpg", duties, [], promises))
    return [
        Door(1000 + n, f"上屋{n // 4 + 1}栋 {n % 4 + 1}单元301", grid, faces[n % N_WORKERS], None)
        for n in range(n)
    ]


def main() -> None:
    """Set the cards and print how long it took."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else N_CARDS
    with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=Path(folder)):
        rows = doors(Path(folder), n)
        card_sheet(rows[:1], paper=Paper.A6, site=SITE, on=date(2026, 9, 7))  # fonts once
        for paper in Paper:
            began, cpu = time.perf_counter(), time.process_time()
            made = card_sheet(rows, paper=paper, site=SITE, on=date(2026, 9, 7))
            seconds = time.perf_counter() - began
            cpu = time.process_time() - cpu
            size = len(made) / 1e6
            print(f"{paper.value:3} {n} cards {seconds:6.2f} s, cpu {cpu:.2f} s, {size:.1f} MB")
            if paper == Paper.A6:
                result = f"seconds={seconds:.2f} cpu={cpu:.2f}"
    print(f"cards={n} {result}")


if __name__ == "__main__":
    main()
