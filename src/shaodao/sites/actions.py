"""What can be done to sites. The only code that writes them; each is an entry in two chains.

The chain of places keeps what was done to the site, the case's own that it belongs to one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from shapely import Polygon, to_wkb

from shaodao.cases.actions.casefile import open_file
from shaodao.cases.models import Case, OutcomeKind
from shaodao.cores.geodesy import ring_area_m2
from shaodao.cores.wording import N_
from shaodao.kit.versions import bump
from shaodao.people.actions.recording import record
from shaodao.people.models import Unit, User, posts_of, seats_over
from shaodao.people.queries import at_level, units_by_id
from shaodao.places.models import Compound
from shaodao.places.queries import locate

from . import policy
from .models import Site, SiteCase
from .policy import Kind, SiteRefused, State

Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Known:
    """What is known of a site. corners : (lon, lat) WGS 84, first repeated at the end or not."""

    name: str
    kind: str
    corners: Corners
    since: date
    declared_m2: float | None = None
    note: str = ""

    @property
    def given(self) -> set[str]:
        return {"boundary", "since", *(["name"] if self.name.strip() else [])}

    def columns(self) -> dict[str, object]:
        """Return the columns of a site, with those that follow from its ground.

        :raises SiteRefused: if the corners bound no reasonable ground.
        """
        return {
            "name": self.name.strip(),
            "kind": Kind(self.kind).value,
            "note": self.note.strip(),
            "since": self.since,
            "declared_m2": self.declared_m2,
            **_shape(self.corners),
        }


@transaction.atomic
def register(*, known: Known, actor: User, at: datetime) -> Site:
    """Register a site and return it; the community it lies in keeps it.

    :raises SiteRefused: missing role there, a boundary that crosses itself, a day to come.
    """
    columns = known.columns()
    unit = _keeper(columns["lon"], columns["lat"], actor)
    _check("register", None, unit, actor, known.given)
    policy.check_since(known.since, today=timezone.localdate(at))
    site = Site.objects.create(
        unit=unit,
        unit_ids=unit.ancestor_ids,
        state=State.OPEN.value,
        registered_at=at,
        registered_by=actor,
        **columns,
    )
    _record(site, "register", actor=actor, at=at, facts={"area": round(site.area_m2)})
    return site


@transaction.atomic
def edit(*, site: Site, known: Known, why: str, actor: User, at: datetime) -> Site:
    """Change what is known of an open site and return it; the reason stays in its history.

    :raises SiteRefused: as for `register`, or the site is not open.
    """
    row = _locked(site)
    _check("edit", row, row.unit, actor, known.given | ({"note"} if why.strip() else set()))
    policy.check_since(known.since, today=timezone.localdate(at))
    before, columns = round(row.area_m2), known.columns()
    row.unit = _keeper(columns["lon"], columns["lat"], actor)
    row.unit_ids = row.unit.ancestor_ids
    for key, value in columns.items():
        setattr(row, key, value)
    row.save()
    facts = {"area_before": before, "area": round(row.area_m2)}
    _record(row, "edit", actor=actor, at=at, facts=facts, why=why)
    return row


@transaction.atomic
def link(*, site: Site, case: Case, actor: User, at: datetime) -> SiteCase:
    """Put a case under a site; what belongs there already stays as it is.

    :raises SiteRefused: if the actor may not, or the site is void.
    """
    file = open_file(case.pk)
    row = _locked(site)
    _check("link", row, row.unit, actor, ())
    found = SiteCase.objects.filter(site=row, case=case).first()
    if found is not None:
        return found
    made = SiteCase.objects.create(site=row, case=file.case, linked_at=at, linked_by=actor)
    facts = {"site": row.pk, "name": row.name}
    file.record("site_link", at=at, actor_id=actor.pk, facts=facts)
    file.save()
    _record(row, "link", actor=actor, at=at, facts={"case": case.pk})
    return made


@transaction.atomic
def unlink(*, site: Site, case: Case, why: str, actor: User, at: datetime) -> None:
    """Take a case from a site.

    :raises SiteRefused: if the actor may not, without a reason, or the case is not there.
    """
    file = open_file(case.pk)
    row = _locked(site)
    _check("unlink", row, row.unit, actor, {"note"} if why.strip() else ())
    n, _ = SiteCase.objects.filter(site=row, case=case).delete()
    if not n:
        raise SiteRefused(N_("这件案件不在这个点位里"))
    facts = {"site": row.pk, "name": row.name}
    file.record("site_unlink", at=at, actor_id=actor.pk, facts=facts)
    file.save()
    _record(row, "unlink", actor=actor, at=at, facts={"case": case.pk}, why=why)


@transaction.atomic
def solve(
    *,
    site: Site,
    became: str,
    outcome: OutcomeKind | None,
    actor: User,
    at: datetime,
    quantity: int | None = None,
    n_households: int = 0,
    compounds: Collection[Compound] = (),
) -> Site:
    """Close a site with what it became and whom it benefits, and return it.

    :raises SiteRefused: without an outcome, while a case of it is open, or the actor may not.
    """
    row = _locked(site)
    given = {key for key, one in {"became": became.strip(), "outcome": outcome}.items() if one}
    _check("solve", row, row.unit, actor, given)
    n_open = row.cases.filter(case__ended_at=None).count()
    if n_open:
        raise SiteRefused(N_("还有 {n} 件案件没有办结，办结后才能登记成果"), n=n_open)
    row.state, row.became, row.outcome = State.SOLVED.value, became.strip(), outcome
    row.quantity, row.n_households = quantity, n_households
    row.solved_at, row.solved_by = at, actor
    row.save()
    row.compounds.set(compounds)
    facts = {
        "outcome": outcome.pk if outcome else None, "quantity": quantity,
        "households": n_households, "compounds": sorted(one.pk for one in compounds),
    }  # fmt: skip
    _record(row, "solve", actor=actor, at=at, facts=facts, why=became)
    return row


@transaction.atomic
def reopen(*, site: Site, why: str, actor: User, at: datetime) -> Site:
    """Count a solved site as a standing problem again, its outcome taken back.

    :raises SiteRefused: without a reason, or the actor may not.
    """
    row = _locked(site)
    _check("reopen", row, row.unit, actor, {"note"} if why.strip() else ())
    row.state, row.solved_at, row.solved_by = State.OPEN.value, None, None
    row.save()
    _record(row, "reopen", actor=actor, at=at, facts={}, why=why)
    return row


@transaction.atomic
def void(*, site: Site, why: str, actor: User, at: datetime) -> Site:
    """Strike a site that was registered by mistake; its history stays.

    :raises SiteRefused: without a reason, or the actor may not.
    """
    row = _locked(site)
    _check("void", row, row.unit, actor, {"note"} if why.strip() else ())
    row.state = State.VOIDED.value
    row.save()
    _record(row, "void", actor=actor, at=at, facts={}, why=why)
    return row


# ---- parts ------------------------------------------------------------------------------------


def _locked(site: Site) -> Site:
    return Site.objects.select_for_update(of=["self"]).select_related("unit").get(pk=site.pk)


def _check(name: str, site: Site | None, unit: Unit, actor: User, given: Collection[str]) -> None:
    state = State(site.state) if site is not None else None
    seats = seats_over(actor, unit)
    policy.check(policy.MOVES[name], state=state, seats=seats, given=given)


def _shape(corners: Corners) -> dict[str, object]:
    """Return the columns of a site that follow from its boundary."""
    policy.check_corners(corners)
    shape = Polygon(corners)
    area = ring_area_m2([(lon, lat) for lon, lat in corners])
    policy.check_shape(is_simple=shape.is_valid, area_m2=area)
    inside = shape.representative_point()
    box = dict(zip(("west", "south", "east", "north"), shape.bounds, strict=True))
    return {**box, "boundary": to_wkb(shape), "lon": inside.x, "lat": inside.y, "area_m2": area}


def _keeper(lon: object, lat: object, actor: User) -> Unit:
    """Return the unit that keeps a site: the community its ground lies in, else the actor's own."""
    found = locate(float(str(lon)), float(str(lat)))
    if found is not None:
        grid = units_by_id()[found[1]]
        return at_level(grid, "COMMUNITY") or grid
    own = [p.unit for p in posts_of(actor) if p.role in policy.KEEPERS and p.unit.kind == "AREA"]
    if not own:
        raise SiteRefused(N_("范围不在已划好的网格里，请由街道或县区登记"))
    return min(own, key=lambda unit: len(unit.ancestor_ids))


def _record(
    site: Site, name: str, *, actor: User, at: datetime, facts: Mapping[str, object], why: str = ""
) -> None:
    record(
        subject=f"site:{site.pk}",
        name=f"site_{name}",
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=site.unit,
    )
    bump("sites")
