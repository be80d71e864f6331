"""What becomes of one unit's summons: signing, reporting in, refusing, working, being passed up."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from shaodao.cases import policy as case_policy
from shaodao.cases.actions.moving import carry_out
from shaodao.cases.models import Evidence
from shaodao.cores.geodesy import metres_between
from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User
from shaodao.people.queries import number
from shaodao.supervision.actions import supervise
from shaodao.supervision.policy import Kind as SupervisionKind
from shaodao.whistles import policy
from shaodao.whistles.models import Summons
from shaodao.whistles.queries import arbiter_of, is_summoned, seats_of

from .blowing import check_new
from .telling import arbiters, called, superiors, tell, whistlers
from .whistlefile import WhistleFile, open_whistle

R, State = policy.WhistleRefused, policy.State
_HANDLE = ("reply", "solved_by", "outcome", "quantity", "n_households", "cost_yuan", "compounds",
           "after_photo")  # fmt: skip


@transaction.atomic
def answer(
    *, summons: Summons, name: str, actor: User, at: datetime, **evidence: object
) -> Summons:
    """Make the move `name` on a summons and return it as it now stands.

    evidence : note, photo (pictures), position (lon, lat), has_code, unit, review_on, supervision
               (a kind), and of a lead that hands in what cases take for 处置反馈

    :raises policy.WhistleRefused: if the policy does not allow it; nothing is changed then.
    :raises shaodao.cores.wording.Refusal: if the case or the supervision does not.
    """
    book = open_whistle(summons.whistle_id, actor=actor, at=at)
    place = book.place_of(summons)
    row, step = book.summonses[place], policy.SUMMONS_MOVES[name]
    if name in policy.MADE_BY_OTHERS:
        raise R(N_("{move}随别的动作一起办，不能单独办"), move=step.label)
    given = {key for key, value in evidence.items() if value not in (None, "", [], False)}
    policy.check_summons(
        step,
        place,
        book.ones,
        stage=book.stage,
        seats=seats_of(actor, book.whistle, row),
        given=given,
        is_late=book.is_late(row),
        is_named=row.person_id in (None, actor.pk),
        is_summoned=is_summoned(actor, book.summonses),
    )
    if name == "supervise":
        return _supervise(book, row, actor=actor, evidence=evidence)
    return make(book, row, step, actor=actor, evidence=evidence)


def make(
    book: WhistleFile, row: Summons, step: policy.Move, *, actor, evidence: Mapping
) -> Summons:
    """Carry out a move of a summons that has been checked; the caller holds the locks."""
    facts: dict[str, object] = {"unit": row.unit_id}
    words = None
    if text := evidence.get("note"):
        words, said = book.remark(str(text))
        facts |= said
    if pictures := evidence.get("photo"):
        facts["pictures"] = _pictures(book, row, pictures, actor=actor)
    place, instead = book.place_of(row), evidence.get("unit")
    if step.name in _BESIDES:
        facts |= _BESIDES[step.name](book, row, actor=actor, evidence=evidence, words=words) or {}
    book.turn(step.name, place, instead=instead if step.name in _REPLACES else None)
    entry = book.record(f"summons_{step.name}", facts)
    book.settle()
    if row.state == State.HANDLING and step.name in {"report_in", "vouch"}:
        book.record("summons_begin", {"unit": row.unit_id})
        book.file.save()
    _tell(book, row, entry, step.name)
    return row


_REPLACES = frozenset({"reassign", "uphold"})


def _pictures(book: WhistleFile, row: Summons, pictures, *, actor) -> list[int]:
    rows = [
        Evidence.objects.create(
            case=book.file.case, kind="ARRIVE" if row.reported_at is None else "AFTER",
            file=picture.file, width=picture.width, height=picture.height, at=book.at, by=actor,
        )
        for picture in pictures
    ]  # fmt: skip
    if row.reported_at is None and rows:
        row.photo = rows[0]
    return [picture.pk for picture in rows]


# ---- what single moves do beyond their row -------------------------------------------------------


def _sign(book, row, *, actor, evidence, words):
    row.signed_at, row.signed_by = book.at, actor


def _report_in(book, row, *, actor, evidence, words):
    case, position = book.file.case, evidence.get("position")
    distance = None
    if position is not None and case.lon is not None:
        distance = metres_between(*position, case.lon, case.lat)
    most = number(
        "report_in_metres", on=book.at.date(), unit_ids=book.whistle.whistler.ancestor_ids
    )
    presence = policy.check_presence(
        distance_m=distance, has_code=bool(evidence.get("has_code")), most_m=most
    )
    row.presence = presence.value
    # How far off is kept, where they stood is not.
    row.distance_m = round(distance) if distance is not None else None
    _came(book, row, actor=actor)
    return {"presence": row.presence, "distance_m": row.distance_m}


def _vouch(book, row, *, actor, evidence, words):
    row.presence = policy.Presence.VOUCHED.value
    _came(book, row, actor=actor)
    return {"presence": row.presence}


def _came(book: WhistleFile, row: Summons, *, actor) -> None:
    row.signed_at = row.signed_at or book.at  # whoever stands there has signed
    row.signed_by = row.signed_by or actor
    row.reported_at, row.reported_by = book.at, actor


def _refuse(book, row, *, actor, evidence, words):
    row.refusal, row.arbiter = words, arbiter_of(book.whistle.whistler, row.unit)
    return {"arbiter": row.arbiter.pk if row.arbiter else None}


def _overrule(book, row, *, actor, evidence, words):
    row.ruling, row.signed_at = words, book.at
    if instead := evidence.get("unit"):
        raise R(N_("裁定必须报到时不用另派{unit}"), unit=instead.short_name)


def _uphold(book, row, *, actor, evidence, words):
    row.ruling = words
    return _replace(book, row, evidence.get("unit"))


def _reassign(book, row, *, actor, evidence, words):
    return _replace(book, row, evidence["unit"])


def _replace(book: WhistleFile, row: Summons, unit: Unit | None) -> dict[str, object]:
    if unit is None:
        return {}
    check_new(book, unit)
    return {"units": [unit.pk]}


def _pass_up(book, row, *, actor, evidence, words):
    row.passed_up_at = book.at
    above = arbiter_of(book.whistle.whistler, row.unit)
    return {"to": above.pk if above else None}


def _shelve(book, row, *, actor, evidence, words):
    row.review_on = evidence["review_on"]
    return {"review_on": row.review_on.isoformat()}


def _hand_in(book, row, *, actor, evidence, words):
    row.result, row.handed_in_at = words, book.at
    if row.is_lead:
        given = {key: evidence[key] for key in _HANDLE if evidence.get(key) not in (None, "", [])}
        carry_out(
            book.file, case_policy.MOVES["handle"], actor=actor, at=book.at, evidence=given
        )  # fmt: skip
        return {}
    helping = book.file.case.co_handlers.filter(unit=row.unit, contributed_at=None)
    helping.update(contributed_at=book.at)
    return {}


def _rework(book, row, *, actor, evidence, words):
    row.n_reworked += 1


_BESIDES = {
    "sign": _sign,
    "report_in": _report_in,
    "vouch": _vouch,
    "refuse": _refuse,
    "overrule": _overrule,
    "uphold": _uphold,
    "reassign": _reassign,
    "pass_up": _pass_up,
    "shelve": _shelve,
    "hand_in": _hand_in,
    "rework": _rework,
}


def _supervise(book: WhistleFile, row: Summons, *, actor: User, evidence: Mapping) -> Summons:
    """Let the whistler supervise a unit; the case is locked, and its record written there."""
    supervise(
        case=book.file.case,
        unit=row.unit,
        kind=evidence.get("supervision") or SupervisionKind.YELLOW,
        reason=str(evidence["note"]),
        actor=actor,
        at=book.at,
    )
    return row


def _tell(book: WhistleFile, row: Summons, entry, name: str) -> None:
    people = list(_TOLD[name](book, row))
    if name in _REPLACES and entry.facts.get("units"):
        people += called(book.summonses[-1])
    tell(book, entry, people, more=f"（{row.unit.short_name}）")


def _to_whistler(book: WhistleFile, row: Summons) -> list[int]:
    return whistlers(book)


def _to_unit(book: WhistleFile, row: Summons) -> list[int]:
    return called(row)


def _to_both(book: WhistleFile, row: Summons) -> list[int]:
    return [*called(row), *whistlers(book)]


_TOLD = {
    "sign": _to_whistler,
    "report_in": _to_whistler,
    "vouch": _to_unit,
    "refuse": lambda book, row: [*arbiters(book, row), *whistlers(book)],
    "overrule": _to_both,
    "uphold": _to_both,
    "reassign": _to_unit,
    "stand_down": _to_unit,
    "mark_absent": lambda book, row: [*called(row), *superiors(book, row.unit)],
    "pass_up": lambda book, row: [*called(row), *superiors(book, row.unit)],
    "shelve": _to_both,
    "resume": _to_both,
    "hand_in": _to_whistler,
    "rework": _to_unit,
}
