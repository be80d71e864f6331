"""Reading supervisions: who acts on which side, what is to do, what stands in an area."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from shaodao.cases.history import Line, lines
from shaodao.cases.models import Case
from shaodao.cores.wording import N_
from shaodao.kit.paging import Page, keyset
from shaodao.people.models import Unit, posts_of, seats_over
from shaodao.people.policy import CASE_ROLES, Kind, Level, Role, Seat
from shaodao.people.queries import units_by_id

from . import policy
from .models import Supervision

PAGE = 50
_OFFICES = frozenset({Kind.DEPARTMENT, Kind.COMPANY, Kind.INSTITUTION})


# ---- who acts ---------------------------------------------------------------------------------


def seats_of(user, *, unit: Unit, author_unit: Unit) -> policy.Seats:
    """Return the seats of `user` over the author's side, and in the very unit supervised."""
    return {
        policy.Side.AUTHOR: seats_over(user, author_unit),
        policy.Side.SUPERVISED: frozenset(
            Seat(Role(post.role), Level(post.unit.level))
            for post in posts_of(user)
            if post.unit_id == unit.pk
        ),
    }


def author_unit_of(user, area: Unit) -> Unit | None:
    """Return the nearest government above `area` that `user` may supervise for; None without."""
    units = [
        post.unit
        for post in posts_of(user)
        if post.role in policy.SUPERVISING
        and post.unit.level in policy.TIERS
        and post.unit.kind == Kind.AREA
        and post.unit_id in area.ancestor_ids
    ]
    return max(units, key=lambda unit: len(unit.ancestor_ids), default=None)


def system_author_of(area: Unit, unit: Unit) -> Unit:
    """Return the government that signs off what the system issues over a case of `area`.

    The nearest street or county that is not supervised itself and does not lie below who is.
    """
    units = units_by_id()
    chain = [units[pk] for pk in reversed(area.ancestor_ids)]
    fitting = (
        one
        for one in chain
        if one.level in policy.TIERS and one.kind == Kind.AREA and unit.pk not in one.ancestor_ids
    )
    return next(fitting, chain[-1])


def units_to_supervise(case: Case, author_unit: Unit) -> list[Unit]:
    """Return the units a case has to do with that `author_unit` may supervise, the holder first."""
    units = units_by_id()
    below = author_unit.ancestor_ids
    area = [pk for pk in reversed(case.area.ancestor_ids) if pk not in below]
    involved = [case.holder_id, case.lead_id, *_helpers(case), case.checker_id, case.desk_id, *area]
    found = [pk for pk in dict.fromkeys(involved) if pk is not None and pk not in below]
    return [units[pk] for pk in found]


def _helpers(case: Case) -> list[int]:
    return list(case.co_handlers.order_by("pk").values_list("unit", flat=True))


# ---- lists ------------------------------------------------------------------------------------

TABS = {"answer": N_("待我答复"), "issued": N_("本级发出"), "area": N_("辖区全部")}
DUES = {"late": N_("答复超期"), "ok": N_("还在时限内")}


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; whatever makes no sense in a URL is left out."""

    tab: str = ""
    state: str = ""
    kind: str = ""
    due: str = ""
    unit: int | None = None


def read_filters(query: Mapping[str, str]) -> Filters:
    """Read what the list is to show from a query string."""

    def known(name: str, codes) -> str:
        value = query.get(name, "")
        return value if value in codes else ""

    unit = query.get("unit", "")
    return Filters(
        tab=known("tab", TABS),
        state=known("state", {"OPEN", *policy.State}),
        kind=known("kind", set(policy.Kind)),
        due=known("due", DUES),
        unit=int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 18 else None,
    )


def with_tab(filters: Filters, tab: str) -> Filters:
    """Return the filters on a tab."""
    return replace(filters, tab=tab)


def of_tab(user, tab: str) -> QuerySet[Supervision]:
    """Return what waits for the reader's reply, what their governments issued, or all they see."""
    rows = Supervision.objects.visible_to(user)
    posts = [post for post in posts_of(user) if post.role in CASE_ROLES]
    if tab == "answer":
        return rows.filter(unit__in=[p.unit_id for p in posts], state=policy.State.ISSUED)
    if tab == "issued":
        return rows.filter(author_unit__in=[p.unit_id for p in posts])
    return rows


def list_of(user, filters: Filters, *, at: datetime, after: str | None) -> Page:
    """Return a page of supervisions: what is to answer by its limit, the rest latest first."""
    rows = of_tab(user, filters.tab)
    if filters.state == "OPEN":
        rows = rows.open()
    elif filters.state:
        rows = rows.filter(state=filters.state)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.unit is not None:
        rows = rows.filter(unit_ids__contains=[filters.unit])
    if filters.due:
        late = Q(state=policy.State.ISSUED, reply_by__lte=at) | Q(late_at__isnull=False)
        rows = rows.filter(late) if filters.due == "late" else rows.open().exclude(late)
    order = ("reply_by", "asc") if filters.tab == "answer" else ("issued_at", "desc")
    return keyset(rows.for_list(), order=(order,), after=after, size=PAGE)


def n_to_do(user) -> dict[str, int]:
    """Return how many wait for the reader's reply, and for their government's sign-off."""
    waiting = of_tab(user, "issued").filter(state=policy.State.REPLIED)
    return {"answer": of_tab(user, "answer").count(), "issued": waiting.count()}


def tab_of(user, wanted: str, n: Mapping[str, int]) -> str:
    """Return the tab to show: what was asked for, else the first with something to do."""
    return wanted or next((tab for tab in ("answer", "issued") if n[tab]), "area")


def units_to_choose(user) -> list[Unit]:
    """Return the streets and offices under the reader's posts that a list can be narrowed to."""
    tops = tuple(post.unit.path for post in posts_of(user) if post.role in CASE_ROLES)
    levels = {Level.COUNTY, Level.TOWNSHIP}
    found = [
        unit
        for unit in units_by_id().values()
        if unit.path.startswith(tops)
        and unit.level in levels
        and (unit.kind == Kind.AREA or unit.kind in _OFFICES)
    ]
    return sorted(found, key=lambda unit: (unit.kind != Kind.AREA, unit.code or "", unit.pk))


# ---- one --------------------------------------------------------------------------------------


def history_of(supervision: Supervision) -> list[Line]:
    """Return what was done to a supervision, newest first, from its case's journal."""
    entries = supervision.case.journal.filter(facts__supervision=supervision.pk)
    rows = list(entries.select_related("actor").order_by("seq"))
    keys = [f.get(key) for f in (row.facts for row in rows) for key in ("remark", "note_remark")]
    remarks = supervision.case.remarks.filter(pk__in=[pk for pk in keys if pk])
    return lines(rows, remarks=remarks, reports=(), pictures=())


@dataclass(frozen=True)
class Standing:
    """What the public may know: that a matter is supervised, how severely and since when."""

    kind: str
    since: datetime


def standing_of(case: Case) -> Standing | None:
    """Return how a case is supervised now, the severest of what stands open; None where not."""
    rows = Supervision.objects.open().filter(case=case)
    found = rows.order_by().values_list("kind").annotate(since=Min("issued_at"))
    ranked = [(policy.KINDS.index(policy.Kind(kind)), kind, since) for kind, since in found]
    return Standing(max(ranked)[1], min(since for *_, since in ranked)) if ranked else None


# ---- sums -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """How often one unit was supervised, and how it answered."""

    unit: Unit
    urges: int
    yellows: int
    reds: int
    in_time: int
    late: int
    signed_off: int

    @property
    def n(self) -> int:
        return self.urges + self.yellows + self.reds

    @property
    def n_due(self) -> int:
        """How many were answered in time or had to be by now."""
        return self.in_time + self.late


def sums_by(rows: QuerySet[Supervision], whose: str) -> list[Sums]:
    """Return what became of `rows` by `whose` (unit or author_unit), the gravest first."""
    units = units_by_id()
    late = Q(late_at__isnull=False)
    found = (
        rows.order_by()
        .values(whose)
        .annotate(
            urges=Count("pk", filter=Q(kind="URGE")),
            yellows=Count("pk", filter=Q(kind="YELLOW")),
            reds=Count("pk", filter=Q(kind="RED")),
            in_time=Count("pk", filter=Q(replied_at__isnull=False) & ~late),
            late=Count("pk", filter=late),
            signed_off=Count("pk", filter=Q(state=policy.State.SIGNED_OFF)),
        )
    )
    sums = [Sums(units[row.pop(whose)], **row) for row in found]
    return sorted(sums, key=lambda one: (-one.reds, -one.yellows, -one.n, one.unit.pk))
