"""The one path by which every door brings a report in: written down, given a case, sent on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Model

from shaodao.cases import policy
from shaodao.cases.models import Case, CaseReport
from shaodao.cases.queries import routing_of
from shaodao.cases.rules import Rules, rules
from shaodao.cores import morton
from shaodao.cores.redaction import redact
from shaodao.cores.words import terms, words
from shaodao.kit import rows
from shaodao.kit.gathering import Gathering
from shaodao.people.holders import Holders
from shaodao.people.models import Unit
from shaodao.people.policy import Kind, Level
from shaodao.people.queries import at_level
from shaodao.reports.actions import Arrival, Received, Said, is_repeat, receive
from shaodao.reports.models import Category, Report
from shaodao.reports.policy import PROACTIVE, Channel, ReportRefused
from shaodao.reports.tokens import token_of

from .casefile import CaseFile, desk_of, open_file
from .moving import send_on
from .tagging import tag_by_rule
from .telling import tell, told_of

TITLE_LENGTH = 24  # characters of the redacted text that make a first title
MOST_TOGETHER = 50  # reports of one transaction
T = TypeVar("T")


@dataclass(frozen=True)
class Taken:
    """What the sender is told."""

    report: Report
    case: Case
    token: str
    is_new: bool
    is_outside: bool  # no grid covers the place; the county's desk has it


def take_in(
    *,
    said: Said,
    actor,
    at: datetime,
    join: Case | None = None,
    device: str = "",
    address: str = "",
) -> Taken:
    """Write a report down and open its case, or join it to one; a repeat of a key changes nothing.

    join : should it have ended, the report has a case of its own

    :raises shaodao.reports.policy.ReportRefused: naming the field and what is wrong with it.
    """
    arrival = Arrival(said, at=at, by=actor, device=device, address=address)
    if join is not None and policy.Status(join.status) in policy.OPEN:
        return _once_more(lambda: _take_in_for(arrival, join))
    (taken,) = take_all_in([arrival])
    if isinstance(taken, ReportRefused):
        raise taken
    return taken


def take_all_in(arrivals: Sequence[Arrival]) -> list[Taken | ReportRefused]:
    """Write down what arrived and open a case for each, all in one transaction.

    What one report is refused for does not touch the others.
    """
    return _once_more(lambda: _take_all_in(arrivals))


# Who comes while others are written down is written down with all who come meanwhile. For callers
# without a transaction of their own: another's thread may write it, on another connection.
take_in_together: Callable[[Arrival], Taken] = Gathering(take_all_in, most=MOST_TOGETHER).ask


def _once_more(take: Callable[[], T]) -> T:
    """Do it, and again if somebody wrote one of the keys at the same moment: then it is known."""
    try:
        with transaction.atomic():
            return take()
    except IntegrityError as error:
        if not is_repeat(error):
            raise
    with transaction.atomic():
        return take()


def _take_all_in(arrivals: Sequence[Arrival]) -> list[Taken | ReportRefused]:
    received = receive(arrivals)
    new = [one for one in received if isinstance(one, Received) and one.is_new]
    cases = {one.report.key: case for one, case in zip(new, _open_all(new), strict=True)}
    return [
        one if isinstance(one, ReportRefused) else _taken(one, cases.get(one.report.key))
        for one in received
    ]


def _taken(one: Received, case: Case | None) -> Taken:
    report = one.report
    case = case or report.case_link.case
    return Taken(report, case, token_of(report), one.is_new, report.grid_id is None)


def _take_in_for(arrival: Arrival, case: Case) -> Taken:
    """Write a report down and add it to a case that answers others already.

    :raises ReportRefused: as `take_in`.
    """
    (received,) = receive([arrival])
    if isinstance(received, ReportRefused):
        raise received
    if not received.is_new:
        return _taken(received, None)
    at, report = arrival.at, received.report
    file = open_file(case.pk)
    rows.insert([report, *received.photos, CaseReport(case=file.case, report=report, joined_at=at)])
    file.case.n_reports += 1
    facts = {"report": report.pk, "channel": report.channel}
    entry = file.record("join", at=at, actor_id=_id_of(arrival.by), facts=facts)
    file.save()
    tell(file.case, entry, at=at)
    return _taken(received, file.case)


def _open_all(new: Sequence[Received]) -> list[Case]:
    """Open a case for each new report and write all of it in one statement; return the cases."""
    if not new:
        return []
    book = rules()
    files = [
        _begun(one, pk, book) for one, pk in zip(new, rows.next_ids(Case, len(new)), strict=True)
    ]
    # Whoever may be asked to work on them, or is told of them, is looked up for all at once.
    holders = Holders(unit.pk for file in files for unit in _near(file.case.area))
    written: list[Model] = []
    for one, file in zip(new, files, strict=True):
        report, at = one.report, one.arrival.at
        _send_directly(file, report, at=at, holders=holders)
        link = CaseReport(case=file.case, report=report, joined_at=at)
        told = told_of(
            file.case,
            file.last,
            reporters=[report] if report.phone else [],
            holders=holders,
            at=at,
        )
        written += [report, *one.photos, *file.new_rows(), link, *told]
    rows.insert(written)
    return [file.case for file in files]


def _near(area: Unit) -> set[Unit]:
    """Return the units at whose posts a new case of an area may arrive."""
    desks = [desk_of(area, level=level) for level in (Level.TOWNSHIP, Level.COMMUNITY)]
    return {unit for unit in (*desks, at_level(area, Level.GRID)) if unit is not None}


def _begun(one: Received, pk: int, book: Rules) -> CaseFile:
    """Return the case of a new report as it is received, not written yet."""
    report, arrival = one.report, one.arrival
    category = report.category or guess_category(report.text, book)
    area = report.area or _county()
    case = Case(
        pk=pk,
        title=title_of(report.text, category),
        status=policy.Status.RECEIVED.value,
        category=category,
        is_hazard=arrival.said.is_hazard or category.is_hazard,
        channel=report.channel,
        received_at=report.received_at,
        lon=report.lon,
        lat=report.lat,
        zkey=morton.key(report.lon, report.lat) if report.lon is not None else None,
        line=report.line,
        length_m=report.length_m,
        address=report.address,
        area=area,
        grid_id=report.grid_id,
        household_id=report.household_id,
    )
    case.number = number_of(case)
    case.search = terms(f"{case.title} {report.text} {case.address} {category.name}")
    case.desk = desk_of(area, level=Level.TOWNSHIP)
    file = CaseFile(case=case, running=[], rules=book)
    facts = {"report": report.pk, "channel": report.channel, "category": category.pk}
    file.begin(at=arrival.at, actor_id=_id_of(arrival.by), facts=facts)
    return file


def _send_directly(file: CaseFile, report: Report, *, at: datetime, holders: Holders) -> None:
    """File a new case and dispatch it where a route sends its like straight to a worker."""
    case = file.case
    if report.grid_id is None:
        return
    routing = routing_of(case, at=at, rules=file.rules, asset=report.asset, holders=holders)
    direct = routing.after(set())
    if direct is None or not direct.is_direct:
        return
    case.desk = desk_of(case.area, level=Level.COMMUNITY)
    facts = {
        "category": case.category_id,
        "hazard": case.is_hazard,
        "route": direct.row.pk,
        "sectors": tag_by_rule(file, at=at),
    }
    file.make(policy.MOVES["file"], at=at, actor_id=None, facts=facts)
    send_on(file, at=at, asset=report.asset, holders=holders)


def _id_of(user) -> int | None:
    return user.pk if user is not None else None


def title_of(text: str, category: Category) -> str:
    """Return a first title: the beginning of what was said, without personal details."""
    said = redact(text[: 5 * TITLE_LENGTH]).text.strip().replace("\n", " ")
    if not said:
        return category.name
    return said if len(said) <= TITLE_LENGTH else said[: TITLE_LENGTH - 1] + "…"


def number_of(case: Case) -> str:
    """Return the number of a case: county, year, serial."""
    county = next((pk for pk in [case.area.code or ""] if pk), "000000")[:6]
    return f"{county}-{case.received_at:%Y}-{case.pk:06d}"


def guess_category(text: str, book: Rules) -> Category:
    """Return the category whose name and hint share most words with the text, or the last one."""
    said = set(words(text))

    def overlap(category: Category) -> tuple[int, int]:
        return (len(said & _words_of(f"{category.name} {category.hint}")), category.rank)

    return max(book.offered, key=overlap)


@lru_cache(maxsize=1024)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(words(text))


def _county() -> Unit:
    """Return the county whose desk takes what lies in no grid."""
    counties = Unit.objects.filter(kind=Kind.AREA, level=Level.COUNTY).in_force()
    return counties.order_by("code").first()


def is_proactive(channel: str) -> bool:
    """Tell whether a case was found before anybody complained (X32)."""
    return Channel(channel) in PROACTIVE


@transaction.atomic
def leave(*, case: Case, report: Report, at: datetime) -> bool:
    """Let a reporter drop out of a case; tell whether that was the last one, so it may end."""
    file = open_file(case.pk)
    CaseReport.objects.filter(case=case, report=report, withdrawn_at=None).update(withdrawn_at=at)
    others = CaseReport.objects.filter(case=case, withdrawn_at=None)
    if not others.exists() and not Case.objects.filter(primary=case).exists():
        return True
    file.case.n_reports -= 1
    file.record("leave", at=at, actor_id=None, facts={"report": report.pk})
    file.save()
    primary = file.case.primary_id
    while primary is not None:  # whoever was merged into counts the reporters of both
        Case.objects.filter(pk=primary).update(n_reports=F("n_reports") - 1)
        primary = Case.objects.values_list("primary", flat=True).get(pk=primary)
    return False
