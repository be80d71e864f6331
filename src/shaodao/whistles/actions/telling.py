"""Telling people of a whistle: notice rows in the transaction of what they tell about."""

from collections.abc import Iterable

from shaodao.cases import policy as case_policy
from shaodao.cases.models import JournalEntry
from shaodao.notices.actions import Words, post
from shaodao.people.models import Unit
from shaodao.people.policy import Role
from shaodao.whistles import policy
from shaodao.whistles.models import Summons
from shaodao.whistles.queries import arbiter_of, people_of, reviewer_of

from .whistlefile import WhistleFile

MOST = 20  # people of one unit told of one thing
_CALLED = policy.SUMMONS_MOVES["sign"].by[0].roles
_WHISTLERS = policy.MOVES["submit"].by[0].roles
_CHIEFS = policy.MOVES["blow"].by[0].roles
_ARBITERS = policy.SUMMONS_MOVES["uphold"].by[0].roles


def tell(book: WhistleFile, entry: JournalEntry, people: Iterable[int], *, more: str = "") -> None:
    """Tell people what an entry of the journal says, but not whoever made it."""
    case = book.file.case
    step = case_policy.label_of(entry.name)
    words = Words(
        "whistle", {"number": case.number, "title": case.title, "step": step, "unit": more}
    )
    link = f"/whistles/{book.whistle.pk}/"
    key = f"case:{case.pk}:{entry.seq}:w"
    told = [user for user in dict.fromkeys(people) if user != entry.actor_id][:MOST]
    post(
        [(f"{key}:{user}", user, "", words, link) for user in told],
        about=f"case:{case.pk}:{entry.seq}",
        at=book.at,
        is_urgent=book.whistle.kind == policy.Kind.EMERGENCY,
        unit_id=case.area_id,
    )


def called(summons: Summons) -> list[int]:
    """Return who answers for a unit: the person named, or all who may sign for it."""
    return [summons.person_id] if summons.person_id else people_of(summons.unit, _CALLED)


def whistlers(book: WhistleFile) -> list[int]:
    """Return who of the whistler's side is told: whoever drafted it, and the desk."""
    drafter = [book.whistle.drafted_by_id] if book.whistle.drafted_by_id else []
    return [*drafter, *people_of(book.whistle.whistler, _WHISTLERS)]


def reviewers(book: WhistleFile) -> list[int]:
    """Return whose approval it waits for."""
    return people_of(reviewer_of(book.whistle.whistler), _CHIEFS)


def arbiters(book: WhistleFile, summons: Summons) -> list[int]:
    """Return who stands above the whistler and a unit."""
    above = summons.arbiter or arbiter_of(book.whistle.whistler, summons.unit)
    return people_of(above, _ARBITERS) if above else []


def superiors(book: WhistleFile, unit: Unit) -> list[int]:
    """Return the chiefs above the whistler and a unit."""
    above = arbiter_of(book.whistle.whistler, unit)
    return people_of(above, (Role.DUTY_CHIEF, Role.LEADER)) if above else []
