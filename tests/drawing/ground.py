"""A village large enough to be drawn: sixty farmhouses on a slope, in the first grid."""

from datetime import date, timedelta

from django.utils import timezone

from shaodao.cores.geodesy import unproject
from shaodao.drawing import actions, policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries.ground import GRID, contacts_of, homes_in, rules_of
from shaodao.people.models import Post
from shaodao.people.policy import Role
from shaodao.places.models import Building, Contact, Household
from tests.town import CITY

SINCE = date(2026, 1, 1)


def settle(town, n: int = 50) -> list[Household]:
    """Build n farmhouses of one household each in the first grid; three workers share them.

    With the ten flats that stand there, grid 1 has n + 10 households.
    """
    grid = town.grids[town.grid.code]
    third = town.person("grid.3.b")
    Post.objects.create(user=third, unit=town.grid, role=Role.GRID_WORKER, since=SINCE)
    workers = (town.worker, town.worker2, third)
    homes = []
    for i in range(n):
        lon, lat = unproject(20.0 + 36.0 * (i % 10), 160.0 + 36.0 * (i // 10), CITY)
        house = Building.objects.create(
            grid=grid, name=f"农房{i}", address=f"西津路后山{i}号", lon=lon, lat=lat, zkey=i
        )
        homes.append(Household.objects.create(building=house, n_people=1 + i % 5, n_over_60=i % 2))
    Contact.objects.bulk_create(
        Contact(household=home, worker=workers[i * 3 // n], since=SINCE)
        for i, home in enumerate(homes)
    )
    Contact.objects.filter(household__building__grid=grid).update(since=SINCE)
    return homes


def begun(town, kind=policy.Kind.FRESH, **given) -> Drawing:
    """Return a draft that has been asked for, by the community's desk."""
    given = {
        "community": town.community, "within": policy.Within.GRID, "setting": "fast",
        "barriers": [], "actor": town.community_desk, "at": timezone.now(), **given,
    }  # fmt: skip
    return actions.begin(kind=kind, **given)


def drawn(town, kind=policy.Kind.FRESH, **given) -> Drawing:
    """Return a draft that has been computed."""
    row = begun(town, kind, **given)
    actions.compute(drawing=row.pk, at=timezone.now())
    row.refresh_from_db()
    return row


def tomorrow():
    return timezone.now() + timedelta(days=1)


def written(town) -> Drawing:
    """Return a draft with one list for each grid of the community, written without computing."""
    homes = homes_in(town.community)
    lot = [int(home[GRID] != town.grid.pk) for home in homes]
    point = {"share": 0.0, "price": 0.0, "cv": 0.0, "lot": lot}
    edges = [[i, i + 1] for i in range(len(homes) - 1) if lot[i] == lot[i + 1]]
    at = timezone.now()
    return Drawing.objects.create(
        community=town.community, kind="FRESH", status="DRAFT", made_by=town.community_desk,
        made_at=at, touched_at=at, lot=lot, workers=[town.worker.pk, town.next_worker.pk],
        rules={**rules_of(town.community, on=at.date()), "within": "GRID", "seed": 1},
        ground={"homes": homes, "edges": edges, "walls": [], "colours": [0, 1]},
        was=contacts_of(homes), found={"points": [point], "bounds": {}, "faults": []},
    )  # fmt: skip
