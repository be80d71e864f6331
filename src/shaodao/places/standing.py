"""What stands in a compound and in a community, counted from its registers and never typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from shaodao.people.models import Post, Unit
from shaodao.people.policy import Kind, Level, Role
from shaodao.people.queries import number

from .models import Building, BuildingChief, Compound, Contact, Grid, Household
from .policy import institutions

FILTERS = ("nobody", "no_company", "no_committee", "old", "broken")


def party_of(community: Unit) -> Unit | None:
    """Return the party organisation that stands for a community; None where there is none."""
    kinds = (Kind.COMMUNITY_COMMITTEE,)
    return Unit.objects.in_force().filter(kind__in=kinds, area_code=community.code).first()


def compounds_for_list(rows: QuerySet, *, chosen: str, text: str, on: date) -> QuerySet:
    """Return compounds with their counts: all of them, or those a filter asks for.

    chosen : one of FILTERS, '' for all; on : the day whose year old buildings are counted from
    """
    homes = Household.objects.filter(building__compound=OuterRef("pk")).order_by()
    counted = homes.values("building__compound")
    rows = rows.select_related("community", "property_company").annotate(
        n_buildings=Count("buildings", distinct=True),
        n_defects=Count("defects", distinct=True),
        n_households=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0),
        n_people=Coalesce(Subquery(counted.annotate(n=Sum("n_people")).values("n")), 0),
    )
    if text:
        rows = rows.filter(Q(name__contains=text) | Q(community__short_name__contains=text))
    no_company, no_committee = Q(property_company=None), Q(has_owners_committee=False)
    asked = {
        "nobody": no_company & no_committee,
        "no_company": no_company,
        "no_committee": no_committee,
        "old": is_old(on),
        "broken": Q(n_defects__gt=0),
    }
    return rows.filter(asked[chosen]) if chosen in asked else rows


def is_old(on: date) -> Q:
    """Return which compounds are old, of those whose year is known."""
    return Q(built_year__lt=on.year - number("old_building_years", on=on))


@dataclass(frozen=True)
class House:
    """A building of a compound, with its chief, where it has one."""

    building: Building
    chief: BuildingChief | None
    n_households: int
    n_people: int


@dataclass(frozen=True)
class CompoundBook:
    """What stands in a compound, and who keeps it."""

    houses: list[House]
    n_households: int
    n_people: int
    n_over_60: int
    party: Unit | None
    institutions: Sequence[tuple[str, bool]]
    falls_back: bool  # neither owners' committee nor property company: the community answers

    @property
    def n_vacant(self) -> int:
        """How many buildings have no chief."""
        return sum(house.chief is None for house in self.houses)


def compound_book(compound: Compound) -> CompoundBook:
    """Return what stands in a compound, counted."""
    chiefs = {
        chief.building_id: chief
        for chief in BuildingChief.objects.in_force().filter(building__compound=compound)
    }
    rows = Building.objects.filter(compound=compound).select_related("grid__unit").defer("search")
    rows = rows.defer("search", "grid__boundary").annotate(
        n=Count("households"), people=Sum("households__n_people", default=0)
    )
    houses = [
        House(row, chiefs.get(row.pk), row.n, row.people) for row in rows.order_by("grid", "pk")
    ]
    party = party_of(compound.community)
    has_company = compound.property_company_id is not None
    homes = Household.objects.filter(building__compound=compound)
    old = homes.aggregate(n=Sum("n_over_60", default=0))
    return CompoundBook(
        houses=houses,
        n_households=sum(house.n_households for house in houses),
        n_people=sum(house.n_people for house in houses),
        n_over_60=old["n"],
        party=party,
        institutions=institutions(
            has_party=party is not None,
            has_committee=compound.has_owners_committee,
            has_company=has_company,
        ),
        falls_back=not has_company and not compound.has_owners_committee,
    )


@dataclass(frozen=True)
class Profile:
    """A community in figures, each counted from the registers as they stand today."""

    n_grids: int
    n_workers: int
    n_compounds: int
    n_buildings: int
    n_households: int
    n_people: int
    n_over_60: int
    n_under_18: int
    n_without_company: int
    n_without_committee: int
    n_falling_back: int
    n_without_chief: int
    n_without_contact: int
    old_compounds: list[Compound]
    old_years: int

    @property
    def share_over_60(self) -> float | None:
        return self.n_over_60 / self.n_people if self.n_people else None


def profile_of(community: Unit, *, on: date) -> Profile:
    """Return the profile of a community on a day, counted and never typed."""
    grids = Grid.objects.filter(unit__parent=community, valid_to=None)
    houses = Building.objects.filter(grid__in=grids)
    homes = Household.objects.filter(building__grid__in=grids)
    people = homes.aggregate(
        n=Count("pk"),
        people=Sum("n_people", default=0),
        old=Sum("n_over_60", default=0),
        young=Sum("n_under_18", default=0),
    )
    compounds = Compound.objects.filter(community=community)
    no_company, no_committee = Q(property_company=None), Q(has_owners_committee=False)
    chief = BuildingChief.objects.in_force().filter(building=OuterRef("pk"))
    contact = Contact.objects.in_force().filter(household=OuterRef("pk"))
    posts = Post.objects.in_force().filter(unit__grid__in=grids, role=Role.GRID_WORKER)
    return Profile(
        n_grids=grids.count(),
        n_workers=posts.values("user").distinct().count(),
        n_compounds=compounds.count(),
        n_buildings=houses.count(),
        n_households=people["n"],
        n_people=people["people"],
        n_over_60=people["old"],
        n_under_18=people["young"],
        n_without_company=compounds.filter(no_company).count(),
        n_without_committee=compounds.filter(no_committee).count(),
        n_falling_back=compounds.filter(no_company & no_committee).count(),
        n_without_chief=houses.exclude(Exists(chief)).count(),
        n_without_contact=homes.exclude(Exists(contact)).count(),
        old_compounds=list(compounds.filter(is_old(on)).order_by("built_year", "pk")),
        old_years=number("old_building_years", on=on),
    )


def communities(rows: QuerySet) -> QuerySet:
    """Return the communities and villages among units."""
    return rows.in_force().filter(kind=Kind.AREA, level=Level.COMMUNITY).order_by("code")
