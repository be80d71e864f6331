"""The settled town as the lives of cases need it: read once, asked a hundred thousand times."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from shaodao.cases import policy
from shaodao.cases.models import Case, OutcomeKind
from shaodao.cases.rules import Rules, rules
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Role
from shaodao.people.queries import at_level
from shaodao.places.models import Asset, Building, Compound, Contact, Grid, Household


@dataclass
class World:
    """Who and what there is."""

    rules: Rules
    units: dict[int, Unit]
    users: dict[int, User]
    by_code: dict[str, Unit]
    holders: dict[tuple[int, str], list[User]]  # (unit, role) → its people, heads first
    grids: list[Grid]
    buildings: dict[int, list[Building]]  # by grid
    households: dict[int, list[Household]]  # by grid
    contacts: dict[int, User]  # by household
    assets: dict[tuple[int, str], list[Asset]]  # by grid and kind
    compounds: dict[int, list[Compound]]  # by community
    outcomes: dict[str, OutcomeKind]
    _found: dict[int, dict] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "World":
        """Return the town as it stands in the database."""
        users = {user.pk: user for user in User.objects.all()}
        units = {unit.pk: unit for unit in Unit.objects.all()}
        posts_of, holders = defaultdict(list), defaultdict(list)
        for post in Post.objects.in_force().order_by("-is_head", "pk"):
            post.unit = units[post.unit_id]
            posts_of[post.user_id].append(post)
            holders[post.unit_id, post.role].append(users[post.user_id])
        for pk, user in users.items():
            user._posts_today = posts_of[pk]  # what people.models.posts_of keeps on the object
        grids = {grid.pk: grid for grid in Grid.objects.order_by("code")}
        for grid in grids.values():
            grid.unit = units[grid.unit_id]
        buildings, homes, assets = defaultdict(list), defaultdict(list), defaultdict(list)
        compounds = {row.pk: row for row in Compound.objects.all()}
        by_building = {}
        for row in Building.objects.defer("search").order_by("pk"):
            row.grid, row.compound = grids[row.grid_id], compounds.get(row.compound_id)
            buildings[row.grid_id].append(row)
            by_building[row.pk] = row
        for home in Household.objects.order_by("pk"):
            home.building = by_building[home.building_id]
            homes[home.building.grid_id].append(home)
        for asset in Asset.objects.order_by("pk"):
            assets[asset.grid_id, asset.kind].append(asset)
        of_community = defaultdict(list)
        for compound in compounds.values():
            of_community[compound.community_id].append(compound)
        contacts = Contact.objects.in_force().values_list("household", "worker")
        return cls(
            rules=rules(),
            units=units,
            users=users,
            by_code={unit.code: unit for unit in units.values() if unit.code},
            holders=dict(holders),
            grids=list(grids.values()),
            buildings=dict(buildings),
            households=dict(homes),
            contacts={home: users[worker] for home, worker in contacts},
            assets=dict(assets),
            compounds=dict(of_community),
            outcomes={kind.code: kind for kind in OutcomeKind.objects.all()},
        )

    def people(self, unit: Unit, *roles: Role, above: bool = True) -> list[User]:
        """Return who holds one of `roles` in a unit or, failing that, in the nearest one above."""
        for pk in reversed(unit.ancestor_ids) if above else [unit.pk]:
            found = [user for role in roles for user in self.holders.get((pk, role.value), ())]
            if found:
                return found
        return []

    def at(self, unit: Unit, level: str) -> Unit | None:
        return at_level(unit, level)

    def routing(self, case: Case, asset: Asset | None) -> policy.Routing:
        """Return whom a case goes to, as cases.queries.routing_of does, without asking again."""
        return policy.route(
            self.rules.routes,
            kind=self.rules.categories[case.category_id].kind,
            categories=self.rules.lineage(case.category_id),
            unit_ids=case.area.ancestor_ids,
            found=self._means(case, asset),
            on=case.received_at.date(),
        )

    def _means(self, case: Case, asset: Asset | None) -> dict[str, list[tuple[int, int | None]]]:
        T = policy.Target
        found = dict(self._in_area(case.area))
        if case.household_id and (worker := self.contacts.get(case.household_id)):
            found[T.CONTACT_WORKER] = [(case.area.pk, worker.pk)]
        if asset is not None and asset.owner_id:
            found[T.ASSET_OWNER] = [(asset.owner_id, None)]
        return found

    def _in_area(self, grid: Unit) -> dict[str, list[tuple[int, int | None]]]:
        if grid.pk not in self._found:
            T = policy.Target
            workers = self.holders.get((grid.pk, Role.GRID_WORKER.value), ())
            self._found[grid.pk] = {
                T.GRID: [(grid.pk, worker.pk) for worker in workers],
                T.COMMUNITY: [(self.at(grid, "COMMUNITY").pk, None)],
                T.TOWNSHIP: [(self.at(grid, "TOWNSHIP").pk, None)],
            }
        return self._found[grid.pk]


def other_than(people: Collection[User], *left_out: int | None) -> list[User]:
    """Return the people who are none of those left out."""
    return [user for user in people if user.pk not in left_out]
