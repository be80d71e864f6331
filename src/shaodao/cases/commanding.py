"""What was passed up to the county's command desk and is open there: counted, filtered, paged."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Case as When
from django.db.models import CharField, Count, QuerySet, Value
from django.db.models import When as Then
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.kit.paging import Page, keyset
from shaodao.people.policy import LEVEL_LABELS, Kind, Level
from shaodao.people.queries import at_level, units_by_id

from . import policy
from .models import Case, CaseSector, Clock
from .rules import rules, sector_names

PAGE = 50
# Age since the matter was first reported: band, days up to which, label.
AGES: dict[str, tuple[int | None, str]] = {
    "3": (3, N_("3 天以内")),
    "7": (7, N_("3 到 7 天")),
    "15": (15, N_("7 到 15 天")),
    "30": (30, N_("15 到 30 天")),
    "more": (None, N_("30 天以上")),
}
SORTS = {"waits": N_("先到的在前"), "due": N_("先到期的在前"), "old": N_("先反映的在前")}
_ORDERS = {"waits": "passed_at", "due": "due_at", "old": "received_at"}


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; whatever makes no sense in a URL is left out."""

    category: str = ""  # one of the pictures
    sector: str = ""
    rung: str = ""  # where it came from
    why: str = ""
    age: str = ""
    place: int | None = None  # a street or township
    sort: str = "waits"

    def url_with(self, **changed: object) -> str:
        """Return the query string with some filters changed."""
        known = vars(self) | changed
        return "?" + urlencode({key: value for key, value in known.items() if value})

    @property
    def n_set(self) -> int:
        return sum(bool(value) for key, value in vars(self).items() if key != "sort")


def read_filters(query: Mapping[str, str]) -> Filters:
    """Read what the queue is to show from a query string."""

    def known(name: str, codes: object, fallback: str = "") -> str:
        value = query.get(name, "")
        return value if value in codes else fallback  # type: ignore[operator]

    place = query.get("place", "")
    return Filters(
        category=known("category", {c.pk for c in rules().categories.values() if not c.parent_id}),
        sector=known("sector", sector_names()),
        rung=known("rung", {rung.value for rung in policy.RUNGS}),
        why=known("why", {why.value for why in policy.PASSED_UP}),
        age=known("age", AGES),
        place=int(place) if place.isascii() and place.isdigit() and len(place) < 18 else None,
        sort=known("sort", SORTS, "waits"),
    )


def passed_up(user) -> QuerySet[Case]:
    """Return the open cases that `user` may see and that were passed up to a county's desk."""
    desks = [u.pk for u in units_by_id().values() if (u.level, u.kind) == ("COUNTY", "AREA")]
    up = sorted(why.value for why in policy.PASSED_UP)
    cases = Case.objects.visible_to(user).open().filter(passed_at__isnull=False)
    return cases.filter(desk__in=desks, passed_why__in=up)


def narrowed(cases: QuerySet[Case], filters: Filters, *, at: datetime) -> QuerySet[Case]:
    """Return those of `cases` that `filters` ask for."""
    if filters.category:
        book = rules()
        below = [code for code in book.categories if filters.category in book.lineage(code)]
        cases = cases.filter(category__in=below)
    if filters.sector:
        tags = CaseSector.objects.filter(code=filters.sector, ended_at=None)
        cases = cases.filter(pk__in=tags.values("case"))
    if filters.rung:
        cases = cases.filter(passed_from=filters.rung)
    if filters.why:
        cases = cases.filter(passed_why=filters.why)
    if filters.place is not None:
        cases = cases.filter(unit_ids__contains=[filters.place])
    return _of_age(cases, filters.age, at) if filters.age else cases


def _of_age(cases: QuerySet[Case], age: str, at: datetime) -> QuerySet[Case]:
    bands = list(AGES)
    days = AGES[age][0]
    if days is not None:
        cases = cases.filter(received_at__gt=at - timedelta(days=days))
    if place := bands.index(age):
        least = AGES[bands[place - 1]][0]
        cases = cases.filter(received_at__lte=at - timedelta(days=least or 0))
    return cases


@dataclass(frozen=True)
class Bar:
    """One bar of a summary."""

    label: str
    value: int
    share: float
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Summary:
    """What was passed up: by class, line of work, age, place, and how it came."""

    n: int
    n_late: int
    by_class: list[Bar]
    by_sector: list[Bar]
    by_age: list[Bar]
    by_place: list[Bar]
    by_origin: list[Bar]


def summary(cases: QuerySet[Case], filters: Filters, *, at: datetime) -> Summary:
    """Count what was passed up in four queries, however much it is."""
    band = When(
        *[
            Then(received_at__gt=at - timedelta(days=days), then=Value(code))
            for code, (days, _label) in AGES.items()
            if days is not None
        ],
        default=Value("more"),
        output_field=CharField(),
    )
    rows = list(
        cases.annotate(band=band)
        .values_list("category", "passed_from", "passed_why", "band")
        .annotate(n=Count("pk"))
        .order_by()
    )
    areas = list(cases.values_list("area").annotate(n=Count("pk")).order_by())
    tags = CaseSector.objects.filter(ended_at=None, case__in=cases.values("pk"))
    tagged = list(tags.values_list("code").annotate(n=Count("pk")).order_by())
    classes, ages, origins, places = Counter(), Counter(), Counter(), Counter()
    for category, start, why, age, n in rows:
        classes[rules().lineage(category)[-1]] += n
        ages[age] += n
        origins[start, why] += n
    for area, n in areas:
        street = at_level(units_by_id()[area], Level.TOWNSHIP)
        places[street.pk if street else 0] += n
    return Summary(
        n=sum(classes.values()),
        n_late=cases.filter(due_at__lte=at).count(),
        by_class=_bars(
            [(rules().categories[c].name, n, "category", c) for c, n in classes.most_common()],
            filters,
        ),
        by_sector=_bars(
            [
                (sector_names().get(code, code), n, "sector", code)
                for code, n in sorted(tagged, key=lambda each: -each[1])
            ],
            filters,
        ),
        by_age=_bars([(_(AGES[a][1]), ages[a], "age", a) for a in AGES if ages[a]], filters),
        by_place=_bars(
            [
                (units_by_id()[p].short_name if p else _("不在街道乡镇"), n, "place", p)
                for p, n in places.most_common()
            ],
            filters,
        ),
        by_origin=_origins(origins, filters),
    )


def _bars(rows: list[tuple[str, int, str, object]], filters: Filters) -> list[Bar]:
    most = max((n for _label, n, _key, _code in rows), default=1)
    return [
        Bar(
            label=label,
            value=n,
            share=n / most,
            url=filters.url_with(**{key: "" if getattr(filters, key) == code else code}),
            is_chosen=getattr(filters, key) == code,
        )
        for label, n, key, code in rows
    ]


def _origins(counts: Counter[tuple[str, str]], filters: Filters) -> list[Bar]:
    most = max(counts.values(), default=1)
    found = []
    for (start, why), n in counts.most_common():
        level, way = LEVEL_LABELS[Level(start)], policy.PASSED_LABELS[policy.Passed(why)]
        is_chosen = (filters.rung, filters.why) == (start, why)
        change = {"rung": "", "why": ""} if is_chosen else {"rung": start, "why": why}
        label = f"{_(level)} · {_(way)}"
        found.append(Bar(label, n, n / most, filters.url_with(**change), is_chosen))
    return found


@dataclass(frozen=True)
class Row:
    """A case of the queue with its lines of work and the clock of its rung."""

    case: Case
    sectors: list[str]
    rung: Clock | None
    warn_at: datetime | None


def page_of(cases: QuerySet[Case], filters: Filters, *, after: str | None) -> Page:
    """Return a page of the queue in a fixed number of queries."""
    found = keyset(
        cases.for_list().select_related("holder_person").defer("search"),
        order=((_ORDERS[filters.sort], "asc"),),
        after=after,
        size=PAGE,
        has_nulls=False,
    )
    return Page(rows=_rows(found.rows), next=found.next, previous=found.previous)


def _rows(cases: list[Case]) -> list[Row]:
    ids = [case.pk for case in cases]
    tags: dict[int, list[str]] = {}
    held = CaseSector.objects.filter(case__in=ids, ended_at=None).order_by("pk")
    for case_id, code in held.values_list("case", "code"):
        tags.setdefault(case_id, []).append(sector_names().get(code, code))
    clocks: dict[int, list[Clock]] = {}
    for clock in Clock.objects.filter(case__in=ids, stopped_at=None):
        clocks.setdefault(clock.case_id, []).append(clock)
    return [
        Row(
            case=case,
            sectors=tags.get(case.pk, []),
            rung=next((c for c in clocks.get(case.pk, ()) if c.step == policy.Step.RUNG), None),
            warn_at=next(
                (c.warn_at for c in clocks.get(case.pk, ()) if c.due_at == case.due_at), None
            ),
        )
        for case in cases
    ]


def streets() -> list[tuple[int, str]]:
    """Return the streets and townships there are, to narrow the queue to."""
    streets = [u for u in units_by_id().values() if (u.level, u.kind) == ("TOWNSHIP", Kind.AREA)]
    return [(u.pk, u.short_name) for u in sorted(streets, key=lambda u: u.code or "")]


# ---- lines of work -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line of work as a reader sees it: its office and how much is open."""

    code: str
    name: str
    offices: list[str]
    n_open: int
    n_late: int


def lines_of(user, *, at: datetime) -> list[Line]:
    """Return the lines of work with what is open of them in the reader's units."""
    open_cases = Case.objects.visible_to(user).open()
    tags = CaseSector.objects.filter(ended_at=None, case__in=open_cases.values("pk"))
    n_open = dict(tags.values_list("code").annotate(n=Count("pk")).order_by())
    late = tags.filter(case__due_at__lte=at)
    n_late = dict(late.values_list("code").annotate(n=Count("pk")).order_by())
    offices: dict[str, set[int]] = {}
    for row in rules().sectors:
        if row.valid_to is None or row.valid_to > at.date():
            offices.setdefault(row.code, set()).add(row.office_id)
    names, units = sector_names(), units_by_id()
    return [
        Line(
            code=code,
            name=names[code],
            offices=sorted(units[pk].short_name for pk in offices.get(code, ())),
            n_open=n_open.get(code, 0),
            n_late=n_late.get(code, 0),
        )
        for code in sorted(names, key=lambda code: (-n_open.get(code, 0), code))
    ]


def of_line(user, code: str, *, status: str, after: str | None) -> Page:
    """Return a page of the cases of a line of work that `user` may see: open, or ended."""
    tags = CaseSector.objects.filter(code=code, ended_at=None)
    cases = Case.objects.visible_to(user).filter(pk__in=tags.values("case"))
    if status == "ended":
        cases, order = cases.filter(status__in=sorted(policy.ENDED)), ("ended_at", "desc")
    else:
        cases, order = cases.open(), ("due_at", "asc")
    found = keyset(
        cases.for_list().select_related("holder_person").defer("search"),
        order=(order,),
        after=after,
        size=PAGE,
        has_nulls=False,
    )
    return Page(rows=_rows(found.rows), next=found.next, previous=found.previous)
