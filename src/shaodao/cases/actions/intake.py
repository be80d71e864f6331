"""The one path by which every door brings a report in: written down, given a case, sent on."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import F

from shaodao.cases import policy
from shaodao.cases.models import Case, CaseReport
from shaodao.cases.queries import routing_of
from shaodao.cases.rules import rules
from shaodao.cores import morton
from shaodao.cores.redaction import redact
from shaodao.cores.words import terms, words
from shaodao.people.models import Unit
from shaodao.people.policy import Kind, Level
from shaodao.reports.actions import Said, receive
from shaodao.reports.models import Category, Report
from shaodao.reports.policy import PROACTIVE, Channel
from shaodao.reports.tokens import token_of

from .casefile import CaseFile, desk_of, open_file
from .moving import send_on
from .tagging import tag_by_rule
from .telling import tell

TITLE_LENGTH = 24  # characters of the redacted text that make a first title


@dataclass(frozen=True)
class Taken:
    """What the sender is told."""

    report: Report
    case: Case
    token: str
    is_new: bool
    is_outside: bool  # no grid covers the place; the county's desk has it


@transaction.atomic
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

    :raises shaodao.reports.policy.ReportRefused: naming the field and what is wrong with it.
    """
    report, is_new = receive(said=said, actor=actor, at=at, device=device, address=address)
    if not is_new:
        case = report.case_link.case
    elif join is not None and policy.Status(join.status) in policy.OPEN:
        case = _join(join, report, actor=actor, at=at)
    else:
        case = _open(report, is_hazard=said.is_hazard, actor=actor, at=at)
    return Taken(report, case, token_of(report), is_new, report.grid_id is None)


def _join(case: Case, report: Report, *, actor, at: datetime) -> Case:
    """Add a report to a case that answers others already."""
    file = open_file(case.pk)
    CaseReport.objects.create(case=file.case, report=report, joined_at=at)
    file.case.n_reports += 1
    entry = file.record(
        "join",
        at=at,
        actor_id=actor.pk if actor else None,
        facts={"report": report.pk, "channel": report.channel},
    )
    file.save()
    tell(file.case, entry, at=at)
    return file.case


def _open(report: Report, *, is_hazard: bool, actor, at: datetime) -> Case:
    """Open a case for a report and, where a route says so, send it straight to its worker."""
    book = rules()
    category = report.category or guess_category(report.text, book.categories)
    area = report.area or _county()
    case = Case(
        pk=_next_id(),
        title=title_of(report.text, category),
        status=policy.Status.RECEIVED.value,
        category=category,
        is_hazard=is_hazard or category.is_hazard,
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
    file.begin(
        at=at,
        actor_id=actor.pk if actor else None,
        facts={"report": report.pk, "channel": report.channel, "category": category.pk},
    )
    direct = None
    if report.grid_id is not None:
        direct = routing_of(case, at=at, rules=book, asset=report.asset).after(set())
    if direct is not None and direct.is_direct:
        case.desk = desk_of(area, level=Level.COMMUNITY)
        file.make(
            policy.MOVES["file"],
            at=at,
            actor_id=None,
            facts={
                "category": category.pk,
                "hazard": case.is_hazard,
                "route": direct.row.pk,
                "sectors": tag_by_rule(file, at=at),
            },
        )
        send_on(file, at=at, asset=report.asset)
    entry = file.last
    file.save_new(CaseReport(case=case, report=report, joined_at=at))
    tell(case, entry, at=at, reporters=[report] if report.phone else [])
    return case


def title_of(text: str, category: Category) -> str:
    """Return a first title: the beginning of what was said, without personal details."""
    said = redact(text).text.strip().replace("\n", " ")
    if not said:
        return category.name
    return said if len(said) <= TITLE_LENGTH else said[: TITLE_LENGTH - 1] + "…"


def number_of(case: Case) -> str:
    """Return the number of a case: county, year, serial."""
    county = next((pk for pk in [case.area.code or ""] if pk), "000000")[:6]
    return f"{county}-{case.received_at:%Y}-{case.pk:06d}"


def guess_category(text: str, categories: dict[str, Category]) -> Category:
    """Return the category whose name and hint share most words with the text, or the last one."""
    said = set(words(text))
    offered = [c for c in categories.values() if c.is_offered]

    def overlap(category: Category) -> tuple[int, int]:
        return (len(said & _words_of(f"{category.name} {category.hint}")), category.rank)

    return max(offered, key=overlap)


@lru_cache(maxsize=1024)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(words(text))


def _county() -> Unit:
    """Return the county whose desk takes what lies in no grid."""
    counties = Unit.objects.filter(kind=Kind.AREA, level=Level.COUNTY).in_force()
    return counties.order_by("code").first()


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))")
        return cursor.fetchone()[0]


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
