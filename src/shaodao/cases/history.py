"""A case's journal as people read it: each entry a sentence made from its facts.

The facts are ids, codes and digests; the names and words they point at are looked up here, and
what has been erased since is said to be erased.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.kit.templatetags.kit import metres, yuan
from shaodao.people.models import Unit, User
from shaodao.people.policy import LEVEL_LABELS, Level
from shaodao.people.queries import units_by_id
from shaodao.reports.models import Category, Report
from shaodao.reports.policy import CHANNEL_LABELS, Channel

from . import policy
from .actions import PURPOSES
from .models import Case, Evidence, JournalEntry, Remark
from .rules import rules, sector_names

_ICONS = {
    "receive": "inbox",
    "join": "people",
    "file": "seal",
    "dispatch": "send",
    "accept": "check",
    "arrive": "pin",
    "handle": "check",
    "verify": "check",
    "close": "flag",
    "transfer": "route",
    "escalate": "up",
    "return": "return",
    "pass_back": "return",
    "time_out": "late",
    "escalate_urgent": "urgent",
    "climb": "up",
    "climb_unfiled": "up",
    "hand_down": "down",
    "refuse_duty": "return",
    "tag": "flag",
    "untag": "flag",
    "hand_over": "send",
    "extend": "calendar",
    "shelve": "pause",
    "keep_shelved": "pause",
    "resume": "play",
    "rework": "refresh",
    "reopen": "refresh",
    "merge": "merge",
    "separate": "split",
    "raise_funds": "money",
    "add_helper": "people",
    "contribute": "people",
    "rate": "star",
    "confirm": "check",
    "unmask": "eye",
    "revoke": "lock",
    "erase": "shield",
    "release": "external",
    "conceal": "eye",
    "warn": "warn",
    "late": "late",
    "ask": "help",
    "grant": "check",
    "deny": "cross",
    "answer": "message",
    "remark": "lock",
    "add_facts": "message",
    "send_check": "eye",
    "report_check": "eye",
    "urge": "bell",
    "yellow_card": "warn",
    "red_card": "urgent",
    "supervision_reply": "message",
    "supervision_return": "return",
    "supervision_sign_off": "check",
    "supervision_withdraw": "cross",
    "supervision_raise": "up",
    "supervision_late": "late",
    "site_link": "layers",
    "site_unlink": "layers",
}
_TONES = {
    "late": "late",
    "time_out": "late",
    "climb": "late",
    "climb_unfiled": "late",
    "escalate_urgent": "warn",
    "hand_down": "warn",
    "refuse_duty": "warn",
    "warn": "warn",
    "return": "warn",
    "pass_back": "warn",
    "rework": "warn",
    "reopen": "warn",
    "deny": "warn",
    "shelve": "wait",
    "keep_shelved": "wait",
    "ask": "wait",
    "remark": "wait",
    "unmask": "wait",
    "close": "done",
    "verify": "done",
    "grant": "done",
    "confirm": "done",
    "rate": "done",
    "void": "void",
    "urge": "warn",
    "yellow_card": "warn",
    "red_card": "late",
    "supervision_raise": "late",
    "supervision_late": "late",
    "supervision_sign_off": "done",
    "supervision_withdraw": "void",
    "withdraw": "void",
}


@dataclass(frozen=True)
class Words:
    """What somebody said with an entry, and whose words they are."""

    kind: str
    text: str
    is_erased: bool


@dataclass(frozen=True)
class Line:
    """One entry of the history."""

    seq: int
    name: str
    label: str
    at: datetime
    who: str
    text: str
    tone: str
    icon: str
    words: tuple[Words, ...] = ()
    pictures: tuple[Evidence, ...] = ()
    dues: tuple[tuple[str, datetime], ...] = ()  # clocks that began with it


@dataclass
class Book:
    """What the facts of some entries point at."""

    units: dict[int, Unit] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    reports: dict[int, str] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, Remark] = field(default_factory=dict)
    pictures: dict[int, Evidence] = field(default_factory=dict)

    def unit(self, pk: object) -> str:
        unit = self.units.get(pk) if isinstance(pk, int) else None
        return unit.short_name if unit else _("（单位已撤销）")


def lines(
    entries: Sequence[JournalEntry],
    *,
    remarks: Iterable[Remark],
    reports: Iterable[Report],
    pictures: Iterable[Evidence],
) -> list[Line]:
    """Return the entries as people read them, newest first; two queries whatever their number."""
    facts = [entry.facts for entry in entries]
    people = {f["person"] for f in facts if f.get("person")}
    cases = {f[key] for f in facts for key in ("primary", "case") if f.get(key)}
    book = Book(
        units=units_by_id(),
        categories=rules().categories,
        people=dict(User.objects.filter(pk__in=people).values_list("pk", "name")),
        reports={report.pk: report.number for report in reports},
        cases=dict(Case.objects.filter(pk__in=cases).values_list("pk", "number")),
        remarks={remark.pk: remark for remark in remarks},
        pictures={picture.pk: picture for picture in pictures},
    )
    return [_line(entry, book) for entry in sorted(entries, key=lambda e: -e.seq)]


def _line(entry: JournalEntry, book: Book) -> Line:
    facts = entry.facts
    remarks = [book.remarks[pk] for key in _REMARKS if (pk := facts.get(key)) in book.remarks]
    return Line(
        seq=entry.seq,
        name=entry.name,
        label=_(policy.label_of(entry.name)),
        at=entry.at,
        who=_who(entry),
        text=_SENTENCES.get(entry.name, _nothing)(facts, book),
        tone=_TONES.get(entry.name, "plain"),
        icon=_ICONS.get(entry.name, ""),
        words=tuple(Words(r.kind, r.text, r.erased_at is not None) for r in remarks),
        pictures=tuple(
            book.pictures[pk] for pk in facts.get("pictures", ()) if pk in book.pictures
        ),
        dues=tuple(
            (_(policy.STEP_LABELS[policy.Step(step)]), datetime.fromisoformat(due))
            for step, due in (facts.get("due") or {}).items()
        )
        if isinstance(facts.get("due"), dict)
        else (),
    )


_REMARKS = ("remark", "reply_remark", "note_remark")
_BY_LINK = frozenset({"rate", "confirm", "withdraw", "add_facts", "leave"})


def _who(entry: JournalEntry) -> str:
    if entry.actor_id is not None:
        return entry.actor.name
    by_reporter = entry.name in _BY_LINK or (
        entry.name in {"receive", "join", "reopen", "revoke"} and "report" in entry.facts
    )
    return _("反映人") if by_reporter else _("系统")


def _nothing(facts: dict, book: Book) -> str:
    """Say which units an entry of a mechanism is about, and which limit."""
    named = [facts["unit"]] if facts.get("unit") else []
    names = [book.unit(pk) for pk in (*named, *(facts.get("units") or ()))]
    if "distance_m" in facts:
        names.append(_arrived(facts, book))
    return _("、").join(dict.fromkeys(names))


def _said(facts: dict, book: Book) -> str:
    parts = []
    if channel := facts.get("channel"):
        parts.append(_(CHANNEL_LABELS[Channel(channel)]))
    if (number := book.reports.get(facts.get("report", 0))) is not None:
        parts.append(_("诉求 %(number)s") % {"number": number})
    if (number := book.cases.get(facts.get("case", 0))) is not None:
        parts.append(_("%(number)s 并入本案") % {"number": number})
    if category := book.categories.get(facts.get("category", "")):
        parts.append(_("类别：%(name)s") % {"name": category.name})
    return _("，").join(parts)


def _filed(facts: dict, book: Book) -> str:
    category = book.categories.get(facts.get("category", ""))
    parts = [category.name] if category else []
    if facts.get("hazard"):
        parts.append(_("存在安全隐患"))
    if facts.get("route"):
        parts.append(_("按派遣规则自动立案"))
    if codes := facts.get("sectors"):
        names = sector_names()
        said = _("、").join(names.get(code, code) for code in codes)
        parts.append(_("归口%(sectors)s") % {"sectors": said})
    return _("，").join(parts)


def _sent(facts: dict, book: Book) -> str:
    parts = [_("派给%(unit)s") % {"unit": book.unit(facts.get("unit"))}]
    if person := book.people.get(facts.get("person", 0)):
        parts = [
            _("派给%(unit)s %(person)s") % {"unit": book.unit(facts["unit"]), "person": person}
        ]
    if helpers := facts.get("helpers"):
        names = _("、").join(book.unit(pk) for pk in helpers)
        parts.append(_("协办：%(units)s") % {"units": names})
    if facts.get("route"):
        parts.append(_("按派遣规则自动派出"))
    return _("，").join(parts)


def _to_check(facts: dict, book: Book) -> str:
    return _("请%(unit)s到现场核实") % {"unit": book.unit(facts.get("grid_unit"))}


def _handled(facts: dict, book: Book) -> str:
    parts = []
    if solver := facts.get("solved_by"):
        label = _(policy.SOLVED_BY_LABELS[policy.SolvedBy(solver)])
        parts.append(_("由%(who)s解决") % {"who": label})
    if quantity := facts.get("quantity"):
        parts.append(_("数量 %(n)s") % {"n": quantity})
    if households := facts.get("n_households"):
        parts.append(_("受益 %(n)s 户") % {"n": households})
    return _("，").join(parts)


def _arrived(facts: dict, book: Book) -> str:
    if "distance_m" not in facts:
        return ""
    return _("手机定位离现场 %(distance)s") % {"distance": metres(facts["distance_m"])}


def _merged(facts: dict, book: Book) -> str:
    return _("并入 %(number)s") % {"number": book.cases.get(facts.get("primary", 0), "?")}


def _helped(facts: dict, book: Book) -> str:
    return book.unit(facts.get("unit"))


def _funded(facts: dict, book: Book) -> str:
    source = facts.get("source")
    said = _(policy.FUND_LABELS[policy.FundSource(source)]) if source else ""
    return f"{said} {yuan(facts['fen'])}" if "fen" in facts else said


def _passed_up(facts: dict, book: Book) -> str:
    if "desk" not in facts:
        return ""
    parts = [_("到%(unit)s") % {"unit": book.unit(facts["desk"])}]
    if ground := facts.get("ground"):
        parts.append(_(policy.GROUND_LABELS[policy.Ground(ground)]))
    if skipped := facts.get("skipped"):
        names = _("、").join(_(LEVEL_LABELS[Level(level)]) for level in skipped)
        parts.append(_("越过%(levels)s") % {"levels": names})
    return _("，").join(parts)


def _climbed(facts: dict, book: Book) -> str:
    said = [_("到%(unit)s") % {"unit": book.unit(facts.get("desk"))}]
    if lapsed := facts.get("lapsed"):
        due = timezone.localtime(datetime.fromisoformat(lapsed))
        level = _(LEVEL_LABELS[Level(facts["rung"])])
        words = {"level": level, "due": f"{due:%Y-%m-%d %H:%M}"}
        said.append(_("%(level)s一级的时限 %(due)s 已过") % words)
    return _("，").join(said)


def _off_list(facts: dict, book: Book) -> str:
    category = book.categories.get(facts.get("category", ""))
    words = {
        "unit": book.unit(facts.get("unit")),
        "day": facts.get("on", ""),
        "n": len(facts.get("listed", ())),
        "name": category.name if category else "",
    }
    return _("%(unit)s %(day)s 的职责清单共 %(n)s 项，没有“%(name)s”") % words


def _tagged(facts: dict, book: Book) -> str:
    names = sector_names()
    said = names.get(facts.get("sector", ""), facts.get("sector", ""))
    if start := facts.get("tagged"):
        said = f"{names.get(start, start)} → {said}"
    office = facts.get("office")
    return f"{said}（{book.unit(office)}）" if office else said


def _asked(facts: dict, book: Book) -> str:
    return _(policy.label_of(facts["move"])) if facts.get("move") else ""


def _review(facts: dict, book: Book) -> str:
    return _("复核日期 %(day)s") % {"day": facts["review_on"]} if facts.get("review_on") else ""


def _limit(facts: dict, book: Book) -> str:
    step = facts.get("step")
    said = _(policy.STEP_LABELS[policy.Step(step)]) if step else ""
    if isinstance(facts.get("due"), str):
        due = timezone.localtime(datetime.fromisoformat(facts["due"]))
        return _("%(step)s时限 %(due)s") % {"step": said, "due": f"{due:%Y-%m-%d %H:%M}"}
    return said


def _looked(facts: dict, book: Book) -> str:
    number = book.reports.get(facts.get("report", 0), "?")
    why = PURPOSES.get(facts.get("purpose", ""), "")
    return _("诉求 %(number)s，事由：%(why)s") % {"number": number, "why": _(why) if why else "—"}


def _rated(facts: dict, book: Book) -> str:
    solved = _("问题已解决") if facts.get("solved") else _("问题没有解决")
    return _("%(n)s 星，%(solved)s") % {"n": facts.get("score", "?"), "solved": solved}


def _of_report(facts: dict, book: Book) -> str:
    number = book.reports.get(facts.get("report", 0))
    return _("诉求 %(number)s") % {"number": number} if number else ""


def _named(facts: dict, book: Book) -> str:
    return str(facts.get("name", ""))


_SENTENCES = {
    "urge": _helped,
    "yellow_card": _helped,
    "red_card": _helped,
    "supervision_reply": _helped,
    "supervision_return": _helped,
    "supervision_sign_off": _helped,
    "supervision_withdraw": _helped,
    "supervision_raise": _helped,
    "supervision_late": _helped,
    "site_link": _named,
    "site_unlink": _named,
    "receive": _said,
    "join": _said,
    "file": _filed,
    "dispatch": _sent,
    "transfer": _sent,
    "send_check": _to_check,
    "arrive": _arrived,
    "handle": _handled,
    "merge": _merged,
    "add_helper": _helped,
    "raise_funds": _funded,
    "escalate": _passed_up,
    "escalate_urgent": _passed_up,
    "climb": _climbed,
    "climb_unfiled": _climbed,
    "hand_down": _passed_up,
    "refuse_duty": _off_list,
    "tag": _tagged,
    "untag": _tagged,
    "hand_over": _tagged,
    "ask": _asked,
    "grant": _asked,
    "deny": _asked,
    "shelve": _review,
    "keep_shelved": _review,
    "warn": _limit,
    "late": _limit,
    "unmask": _looked,
    "rate": _rated,
    "leave": _of_report,
    "revoke": _of_report,
    "reopen": _of_report,
}
