"""Changing places: each change has somebody who may, a reason, and an entry that stays."""

from datetime import timedelta

import pytest
from shapely import Polygon, affinity, from_wkb

from shaodao.people.models import AccountEntry
from shaodao.places import actions
from shaodao.places.models import Contact, Grid, Household
from shaodao.places.policy import PlaceRefused
from shaodao.places.queries import locate
from tests.town import GRIDS, MONDAY, Town

WHY = "村组调整"


def entry() -> AccountEntry:
    return AccountEntry.objects.order_by("-seq").first()


def test_a_household_gets_a_new_contact_worker_from_today_on(town: Town):
    home = town.household
    contact = actions.assign_contact(
        household=home, worker=town.worker2, actor=town.chief, at=MONDAY, why=WHY
    )
    assert contact.worker == town.worker2
    assert contact.since == MONDAY.date()
    assert list(Household.objects.of_worker(town.worker).filter(pk=home.pk)) == []
    ended = Contact.objects.get(household=home, worker=town.worker)
    assert ended.until == MONDAY.date()
    written = entry()
    assert (written.name, written.subject) == ("assign_contact", f"household:{home.pk}")
    assert written.facts == {"from": town.worker.pk, "to": town.worker2.pk}
    assert written.why == WHY


def test_a_mistake_put_right_the_same_day_leaves_one_contact(town: Town):
    home = town.household
    for worker in (town.worker2, town.worker):
        actions.assign_contact(household=home, worker=worker, actor=town.chief, at=MONDAY, why=WHY)
    open_ones = Contact.objects.filter(household=home, until=None)
    assert [contact.worker for contact in open_ones] == [town.worker]


def test_naming_the_same_worker_again_changes_nothing(town: Town):
    n = AccountEntry.objects.count()
    actions.assign_contact(
        household=town.household, worker=town.worker, actor=town.chief, at=MONDAY, why=WHY
    )
    assert AccountEntry.objects.count() == n


@pytest.mark.parametrize("case", ["no post", "no reason", "not of the grid"])
def test_a_contact_is_refused_and_nothing_is_written(town: Town, case):
    given = {"worker": town.worker2, "actor": town.chief, "why": WHY}
    given |= {
        "no post": {"actor": town.worker},
        "no reason": {"why": "  "},
        "not of the grid": {"worker": town.next_worker},
    }[case]
    n = AccountEntry.objects.count()
    with pytest.raises(PlaceRefused):
        actions.assign_contact(household=town.household, at=MONDAY, **given)
    assert Contact.objects.get(household=town.household, until=None).worker == town.worker
    assert AccountEntry.objects.count() == n


def _wider(grid: Grid) -> Polygon:
    """Return a grid's boundary stretched to the south, where no other grid lies."""
    shape = from_wkb(bytes(grid.boundary))
    return affinity.scale(shape, yfact=1.5, origin=(grid.west, grid.north))


def test_a_grid_drawn_anew_is_found_by_its_new_boundary(town: Town):
    grid = town.grids[GRIDS[0]]
    below = (grid.lon, grid.south - 0.0005)
    assert locate(*below) is None
    area = grid.area_m2
    drawn = actions.draw_grid(
        unit=grid.unit, boundary=_wider(grid), actor=town.admin, at=MONDAY, why=WHY
    )
    assert drawn.area_m2 == pytest.approx(1.5 * area, rel=1e-3)
    assert entry().name == "draw_grid"
    town_again = Grid.objects.get(pk=grid.pk)
    assert town_again.south < grid.south
    assert locate(grid.lon, grid.lat) == (grid.pk, grid.unit_id)


@pytest.mark.parametrize("case", ["overlap", "crossing itself", "house outside", "no admin"])
def test_a_boundary_that_cannot_be_is_refused(town: Town, case):
    grid = town.grids[GRIDS[0]]
    shape = from_wkb(bytes(grid.boundary))
    west, south, east, north = shape.bounds
    given = {"boundary": _wider(grid), "actor": town.admin}
    given |= {
        "overlap": {"boundary": affinity.scale(shape, xfact=1.2, origin=(west, south))},
        "crossing itself": {
            "boundary": Polygon([(west, south), (east, north), (east, south), (west, north)])
        },
        "house outside": {"boundary": affinity.scale(shape, xfact=0.5, origin=(west, south))},
        "no admin": {"actor": town.chief},
    }[case]
    with pytest.raises(PlaceRefused):
        actions.draw_grid(unit=grid.unit, at=MONDAY, why=WHY, **given)
    assert bytes(Grid.objects.get(pk=grid.pk).boundary) == bytes(grid.boundary)


def test_an_assets_owner_is_written_down(town: Town):
    lamp = town.asset("LAMP")
    row = actions.set_asset_owner(
        asset=lamp, owner=town.city_bureau, actor=town.chief, at=MONDAY, why="移交"
    )
    assert row.owner == town.city_bureau
    assert entry().facts == {"from": town.lighting.pk, "to": town.city_bureau.pk}


def test_a_party_body_owns_no_asset_and_a_stranger_names_no_owner(town: Town):
    lamp = town.asset("LAMP")
    party = town.units["西津路社区党委"]
    for owner, actor in ((party, town.chief), (town.city_bureau, town.stranger)):
        with pytest.raises(PlaceRefused):
            actions.set_asset_owner(
                asset=lamp, owner=owner, actor=actor, at=MONDAY + timedelta(days=1), why=WHY
            )
    lamp.refresh_from_db()
    assert lamp.owner == town.lighting
