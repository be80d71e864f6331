"""Excusing people from lists, standing in for those away, homes and wishes."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.notices.actions import post
from shaodao.people.actions import record
from shaodao.people.models import Cover, Post, Unit, User, seats_over
from shaodao.people.policy import Role
from shaodao.people.queries import units_by_id
from shaodao.places.models import Building, Household
from shaodao.workforce import policy
from shaodao.workforce.models import Excuse, Home, KeepWish

MINE = "/workforce/mine/"  # where a notice leads


def check_actor(name: str, *, actor: User, unit: Unit) -> None:
    """Test that `actor` may do `name` in a place.

    :raises WorkforceRefused: if they may not.
    """
    policy.check_may(name, {seat.role for seat in seats_over(actor, unit)})


@transaction.atomic
def excuse(
    *, person: User, community: Unit, until: date | None, actor: User, at: datetime, why: str
) -> Excuse:
    """Excuse somebody on the roster from carrying a list from today on, with a reason.

    :raises WorkforceRefused: the actor may not, no reason, or not on the roster.
    """
    check_actor("excuse", actor=actor, unit=community)
    policy.check_why(why)
    today = timezone.localdate(at)
    User.objects.select_for_update().get(pk=person.pk)
    if not Post.objects.in_force().filter(user=person, unit__in=_around(community)).exists():
        raise policy.WorkforceRefused(N_("{who}不在这个社区（村）的名册上"), who=person.name)
    if until is not None and until <= today:
        raise policy.WorkforceRefused(N_("截止日期须晚于今天"))
    _end_excuses(person, community, today)
    row = Excuse.objects.create(
        person=person, unit=community, why=why.strip(), since=today, until=until, given_by=actor
    )
    _record("excuse", row.person_id, community, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_excuse(*, person: User, community: Unit, actor: User, at: datetime) -> None:
    """Put somebody who was excused back on the list of those to be assigned.

    :raises WorkforceRefused: if the actor may not.
    """
    check_actor("excuse", actor=actor, unit=community)
    _end_excuses(person, community, timezone.localdate(at))
    _record("end_excuse", person.pk, community, actor=actor, at=at)


def _end_excuses(person: User, community: Unit, today: date) -> None:
    rows = Excuse.objects.in_force(today).filter(person=person, unit=community)
    rows.select_for_update().update(until=today)


def _around(community: Unit) -> list[int]:
    units = units_by_id()
    return [
        pk for pk, unit in units.items() if pk == community.pk or unit.parent_id == community.pk
    ]


@transaction.atomic
def cover(
    *, absent: User, by: User, since: date, until: date, actor: User, at: datetime, why: str
) -> Cover:
    """Let somebody stand in for a grid worker from a day to a day (exclusive).

    Cases routed to the one away go to the stand-in, whose lists of the day and of households hold
    both. The stand-in must work in every grid of the one away, or their cases could not be seen.

    :raises WorkforceRefused: the actor may not, no reason, wrong days, or an unfit stand-in.
    """
    posts = list(absent.posts.in_force().filter(role=Role.GRID_WORKER).select_related("unit"))
    if not posts:
        raise policy.WorkforceRefused(N_("{who}现在不是网格员"), who=absent.name)
    for held in posts:
        check_actor("cover", actor=actor, unit=held.unit)
    policy.check_why(why)
    today = timezone.localdate(at)
    if since < today or until <= since:
        raise policy.WorkforceRefused(N_("代管须从今天或以后开始，截止日期须晚于开始日期"))
    _check_stand_in(absent, by, [held.unit for held in posts])
    list(User.objects.select_for_update().filter(pk__in=[absent.pk, by.pk]).order_by("pk"))
    overlapping = Cover.objects.filter(since__lt=until, until__gt=since)
    if overlapping.filter(absent=absent).exists():
        raise policy.WorkforceRefused(N_("这段时间已经安排了代管人"))
    if overlapping.filter(absent=by).exists() or overlapping.filter(by=absent).exists():
        raise policy.WorkforceRefused(N_("不在岗的人不能代管别人"))
    row = Cover.objects.create(absent=absent, by=by, since=since, until=until)
    key, days = f"cover:{row.pk}", f"{since:%m月%d日}到{until:%m月%d日}"
    text = f"{absent.name} {days}（不含当日）不在岗，案件和联系户由您代管"
    post([(key, by.pk, "", text, MINE)], about=key, at=at)
    facts = {"by": by.pk, "since": since.isoformat(), "until": until.isoformat()}
    _record("cover", absent.pk, posts[0].unit, actor=actor, at=at, why=why, **facts)
    return row


def _check_stand_in(absent: User, by: User, units: list[Unit]) -> None:
    if by.pk == absent.pk:
        raise policy.WorkforceRefused(N_("请另选一人代管"))
    for unit in units:
        roles = {seat.role for seat in seats_over(by, unit)}
        if not roles & {Role.GRID_WORKER, Role.HANDLER}:
            raise policy.WorkforceRefused(
                N_("{who}不在{grid}工作，代管后看不到那里的案件"), who=by.name, grid=unit.short_name
            )


@transaction.atomic
def end_cover(*, cover: Cover, actor: User, at: datetime) -> Cover:
    """End a stand-in today: whoever was away is back.

    :raises WorkforceRefused: if the actor may not and is not the one who was away.
    """
    row = Cover.objects.select_for_update(of=["self"]).select_related("absent").get(pk=cover.pk)
    posts = list(row.absent.posts.in_force().filter(role=Role.GRID_WORKER).select_related("unit"))
    if actor.pk != row.absent_id:
        for held in posts:
            check_actor("cover", actor=actor, unit=held.unit)
    row.until = max(row.since, min(row.until, timezone.localdate(at)))
    row.save(update_fields=["until"])
    unit = posts[0].unit if posts else None
    _record("end_cover", row.absent_id, unit, actor=actor, at=at, by=row.by_id)
    return row


@transaction.atomic
def note_wish(*, household: Household, wants: bool, actor: User, at: datetime) -> KeepWish | None:
    """Write down that a household wishes to keep its contact worker, or no longer does.

    :raises WorkforceRefused: if the actor may not.
    """
    homes = Household.objects.select_for_update(of=["self"]).select_related("building__grid__unit")
    row = homes.get(pk=household.pk)
    unit, today = row.building.grid.unit, timezone.localdate(at)
    check_actor("note_wish", actor=actor, unit=unit)
    present = row.keep_wishes.filter(until=None).first()
    if wants and present is None:
        present = KeepWish.objects.create(household=row, since=today, noted_by=actor)
    elif not wants and present is not None:
        present.until = today
        present.save(update_fields=["until"])
    name = "note_wish" if wants else "end_wish"
    record(subject=f"household:{row.pk}", name=name, actor=actor, at=at, facts={}, unit=unit)
    return present if wants else None


@transaction.atomic
def set_home(*, person: User, building: Building, actor: User, at: datetime) -> Home:
    """Write down in which building a grid worker lives; only their desk reads it.

    :raises WorkforceRefused: if the actor may not.
    """
    held = person.posts.in_force().filter(role=Role.GRID_WORKER).select_related("unit").first()
    if held is None:
        raise policy.WorkforceRefused(N_("{who}现在不是网格员"), who=person.name)
    check_actor("propose_lists", actor=actor, unit=held.unit)
    row, _ = Home.objects.update_or_create(person=person, defaults={"building": building})
    _record("set_home", person.pk, held.unit, actor=actor, at=at)
    return row


def _record(
    name: str, person: int, unit: Unit | None, *, actor: User, at: datetime, why: str = "", **facts
) -> None:
    record(subject=f"user:{person}", name=name, actor=actor, at=at, facts=facts, why=why, unit=unit)
