"""The desk's queue: what to show is read from the URL, and the map's tiles read the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet

from shaodao.cores.wording import N_
from shaodao.cores.words import query_terms
from shaodao.kit.paging import Page, keyset
from shaodao.kit.search import AllOf
from shaodao.kit.versions import Versioned, number_of
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import CASE_ROLES, Kind, Level
from shaodao.people.queries import units_by_id
from shaodao.places.models import Grid
from shaodao.reports.policy import CHANNEL_LABELS

from . import policy
from .models import Approval, Case, CaseReport, Clock
from .queries import complete
from .rules import rules

NEAR = timedelta(hours=24)  # what the desk calls near: due within a day and a night
PAGE = 50
MOST_BOXES = 500  # a process keeps, by whose they are
MOST_COUNTED = 99  # beyond it a tab says 99+

# Tab, label, and how its rows are ordered.
TABS = {
    "mine": N_("待我处理"),
    "open": N_("全部在办"),
    "late": N_("已超期"),
    "near": N_("24 小时内到期"),
    "approvals": N_("待审批"),
    "ended": N_("已办完"),
}
DUES = {"late": N_("已超期"), "near": N_("24 小时内到期"), "ok": N_("时限宽裕")}
SORTS = {"due": N_("先到期的在前"), "old": N_("先收到的在前"), "new": N_("后收到的在前")}
_ORDERS = {
    "due": (("due_at", "asc"),),
    "old": (("received_at", "asc"),),
    "new": (("received_at", "desc"),),
    "ended": (("ended_at", "desc"),),
}
_LISTED = (Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY)


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; whatever makes no sense in a URL is left out."""

    tab: str = "mine"
    status: str = ""
    unit: int | None = None
    category: str = ""
    due: str = ""
    is_hazard: bool = False
    channel: str = ""
    text: str = ""
    sort: str = "due"

    @property
    def n_set(self) -> int:
        """How many filters narrow the tab."""
        given = (self.status, self.unit, self.category, self.due, self.channel, self.text)
        return sum(map(bool, (*given, self.is_hazard)))


def read_filters(query: Mapping[str, str]) -> Filters:
    """Read what the desk is to show from a query string."""

    def known(name: str, codes: Mapping[str, object], fallback: str = "") -> str:
        value = query.get(name, "")
        return value if value in codes else fallback

    unit = query.get("unit", "")
    return Filters(
        tab=known("tab", TABS, "mine"),
        status=known("status", {s.value: s for s in policy.Status}),
        unit=int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 18 else None,
        category=known("category", rules().categories),
        due=known("due", DUES),
        is_hazard=query.get("hazard") == "1",
        channel=known("channel", {c.value: c for c in CHANNEL_LABELS}),
        text=query.get("q", "").replace("\x00", "").strip()[:60],
        sort=known("sort", SORTS, "due"),
    )


def narrowed(user, filters: Filters, *, at: datetime) -> QuerySet[Case]:
    """Return the cases `user` may see that `filters` ask for, in no order."""
    cases = _of_tab(Case.objects.visible_to(user), filters.tab, user=user, at=at)
    if filters.status:
        cases = cases.filter(status=filters.status)
    if filters.unit is not None:
        cases = cases.filter(unit_ids__contains=[filters.unit])
    if filters.category:
        cases = cases.filter(category__in=_below(filters.category))
    if filters.due:
        cases = cases.filter(_is_due(filters.due, at))
    if filters.is_hazard:
        cases = cases.filter(is_hazard=True)
    if filters.channel:
        cases = cases.filter(channel=filters.channel)
    return cases.filter(_says(filters.text)) if filters.text else cases


def _of_tab(cases: QuerySet[Case], tab: str, *, user, at: datetime) -> QuerySet[Case]:
    if tab == "ended":
        return cases.filter(status__in=sorted(policy.ENDED), ended_at__isnull=False)
    if tab == "approvals":
        return cases.filter(pk__in=Approval.objects.filter(decided_at=None).values("case"))
    if tab == "mine":
        units = [p.unit_id for p in posts_of(user) if p.role in CASE_ROLES]
        cases = cases.filter(Q(holder__in=units) | Q(holder_person=user))
    return cases.open().filter(_is_due(tab, at)) if tab in DUES else cases.open()


def _is_due(due: str, at: datetime) -> Q:
    return {
        "late": Q(due_at__lte=at),
        "near": Q(due_at__gt=at, due_at__lte=at + NEAR),
        "ok": Q(due_at__gt=at + NEAR),
    }[due]


def _below(code: str) -> list[str]:
    """Return a category's code and those of the categories under it."""
    book = rules()
    return [other for other in book.categories if code in book.lineage(other)]


def _says(text: str) -> Q:
    """Return what finds a case by words, by its number, by its serial or by a report's number."""
    found = Q(number=text)
    if text.isascii() and text.isdigit():
        found |= Q(pk__in=CaseReport.objects.filter(report__number=text).values("case"))
        if len(text) <= 9:
            found |= Q(pk=int(text))
    if terms := query_terms(text):
        found |= Q(search=AllOf(terms))
    return found


# What a row shows and is sorted by.
_SHOWN = (
    *("number", "title", "status", "category", "is_hazard", "n_reports", "lon", "lat", "area"),
    *("holder", "holder_person", "due_at", "received_at", "ended_at"),
)


@dataclass(frozen=True)
class Row:
    """A case of the queue, with when its nearest clock warns."""

    case: Case
    warn_at: datetime | None


def page_of(user, filters: Filters, *, at: datetime, after: str | None) -> Page:
    """Return a page of the queue, each case with what a row shows, in a fixed number of queries."""
    order = _ORDERS["ended" if filters.tab == "ended" and filters.sort == "due" else filters.sort]
    # Open cases have a deadline and ended ones an end: constraints of the table.
    cases = narrowed(user, filters, at=at).only(*_SHOWN)
    found = keyset(cases, order=order, after=after, size=PAGE, has_nulls=False)
    complete(found.rows, units=["area", "holder"], people=["holder_person"])
    warns = _warnings(found.rows)
    rows = [Row(case, warns.get((case.pk, case.due_at))) for case in found.rows]
    return Page(rows=rows, next=found.next, previous=found.previous)


def _warnings(cases: list[Case]) -> dict[tuple[int, datetime], datetime]:
    running = Clock.objects.running().filter(case__in=[case.pk for case in cases])
    return {
        (case_id, due_at): warn_at
        for case_id, due_at, warn_at in running.values_list("case", "due_at", "warn_at")
    }


@dataclass(frozen=True)
class Tab:
    """A tab of the desk and how many cases stand in it, counted no further than MOST_COUNTED."""

    name: str
    label: str
    n: int | None

    @property
    def shown(self) -> str:
        """The count as people read it."""
        if self.n is None:
            return ""
        return f"{MOST_COUNTED}+" if self.n > MOST_COUNTED else str(self.n)


def tabs_of(user, *, at: datetime) -> list[Tab]:
    """Return the tabs with their counts; what has ended is not counted."""

    def count(name: str) -> int | None:
        if name == "ended":
            return None
        cases = _of_tab(Case.objects.visible_to(user), name, user=user, at=at)
        return cases.order_by()[: MOST_COUNTED + 1].count()

    return [Tab(name, label, count(name)) for name, label in TABS.items()]


def units_to_choose(user) -> list[Unit]:
    """Return the areas and offices under `user`'s posts that a queue can be narrowed to."""
    tops = tuple(post.unit.path for post in posts_of(user) if post.role in CASE_ROLES)
    kinds = {Kind.AREA, Kind.DEPARTMENT, Kind.COMPANY, Kind.INSTITUTION}
    units = [
        unit
        for unit in units_by_id().values()
        if unit.level in _LISTED and unit.kind in kinds and unit.path.startswith(tops)
    ]
    return sorted(units, key=lambda unit: (unit.kind != Kind.AREA, unit.code or "", unit.pk))


def box_of(user) -> str:
    """Return the box around the grids under `user`'s posts as 'west,south,east,north', or ''."""
    under = (number_of("units"), *sorted({post.unit.path for post in posts_of(user)}))
    boxes = _boxes.get()
    if under not in boxes:
        if len(boxes) >= MOST_BOXES:
            boxes.clear()
        found = Grid.objects.visible_to(user).aggregate(
            w=Min("west"), s=Min("south"), e=Max("east"), n=Max("north")
        )
        boxes[under] = ",".join(str(found[k]) for k in "wsen") if found["w"] is not None else ""
    return boxes[under]


_boxes: Versioned[dict[tuple[int | str, ...], str]] = Versioned("grids", dict)
