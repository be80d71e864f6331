"""How long a register of 200,000 households takes from the file to the table, and back again.

Run by `bin/bench register [ROWS]`. A workbook is written first, which is not counted. The last line
is the result; seconds are read (file to staging rows with their fates), write, read of the same
file again (nothing changed), and undo. `cpu` is what our process and its connection's used of
reading and writing: on a machine shared with others the rest is waiting.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django first
from django.db import connection  # noqa: E402
from tests.database import cloned_database  # noqa: E402
from tests.town import MONDAY, Town  # noqa: E402

from shaodao.places import actions  # noqa: E402
from shaodao.places.models import Building, Household, Import  # noqa: E402
from shaodao.places.policy import Datum  # noqa: E402
from shaodao.places.registers.columns import REGISTERS  # noqa: E402
from shaodao.places.registers.exporting import write_workbook  # noqa: E402

HOMES = 60  # of a building


def build(town: Town, n_rows: int) -> list[tuple]:
    """Put up buildings for so many households and return the rows of their register."""
    grid = town.grids[town.grid.code]
    houses = [
        Building(
            grid=grid, compound=town.compound, name=f"{n}栋", address=f"翠竹小区{n}栋",
            lon=grid.lon, lat=grid.lat, zkey=0, n_floors=10,
        )
        for n in range(1000, 1000 + -(-n_rows // HOMES))
    ]  # fmt: skip
    Building.objects.bulk_create(houses, batch_size=5_000)
    place = (town.community.short_name, town.street.short_name, "", town.compound.name)
    return [
        (*place, house.name, f"{1 + n // 30}单元{1 + n % 30 // 3}0{1 + n % 3}", 1 + n % 5, 0, 0, "")
        for house in houses
        for n in range(HOMES)
    ][:n_rows]


def processor(backend: Path) -> float:
    """Return the seconds of processor that our process and its connection's have used so far."""
    used = backend.read_text().rpartition(")")[2].split()[11:13]  # user and system, in ticks
    return process_time() + sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def backend_of() -> Path:
    """Return where the kernel counts for the process that serves our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return Path(f"/proc/{cursor.fetchone()[0]}/stat")


def brought(town: Town, path: Path) -> Import:
    """Bring a file in and read it."""
    batch = actions.bring_in(
        register="households", file_name=path.name, content=[path.read_bytes()],
        datum=Datum.WGS84, actor=town.community_desk, at=MONDAY,
    )  # fmt: skip
    actions.read(batch_id=batch.pk, at=MONDAY)
    return Import.objects.get(pk=batch.pk)


def main() -> None:
    """Measure one register."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with cloned_database(), tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        town = Town()
        path = Path(folder) / "households.xlsx"
        write_workbook(path, REGISTERS["households"], build(town, n_rows))
        actor, before, seconds = town.community_desk, Household.objects.count(), {}
        backend = backend_of()
        begin, cpu = perf_counter(), processor(backend)
        batch = brought(town, path)
        assert batch.counts == {"NEW": n_rows}, batch.counts
        seconds["read"] = perf_counter() - begin
        actions.confirm(batch=batch, actor=actor, at=MONDAY, why="bench")
        begin = perf_counter()
        actions.write(batch_id=batch.pk, at=MONDAY)
        seconds["write"] = perf_counter() - begin
        cpu = processor(backend) - cpu
        assert Household.objects.count() == before + n_rows
        begin = perf_counter()
        again = brought(town, path)
        assert again.counts == {"UNCHANGED": n_rows}, again.counts
        seconds["read_again"] = perf_counter() - begin
        batch.refresh_from_db()
        actions.undo(batch=batch, actor=actor, at=MONDAY, why="bench")
        begin = perf_counter()
        assert actions.take_back(batch_id=batch.pk)
        seconds["undo"] = perf_counter() - begin
        assert Household.objects.count() == before
    rounded = {name: round(taken, 1) for name, taken in seconds.items()}
    total = round(seconds["read"] + seconds["write"], 1)
    print(json.dumps({"rows": n_rows, "seconds": total, **rounded, "cpu": round(cpu, 1)}))


if __name__ == "__main__":
    main()
