"""Writing an announcement, and sending it to the doors it is for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.notices.actions import post
from shaodao.outreach import policy
from shaodao.outreach.models import Announcement, Call, Target, Visit
from shaodao.outreach.queries import contact_workers, needing, targeted
from shaodao.people.actions import record
from shaodao.people.models import Unit, User, seats_over
from shaodao.people.queries import number
from shaodao.places.models import Compound, Household


@dataclass(frozen=True)
class Words:
    """What an announcement says; times with a zone, `papers` is what to bring."""

    title: str
    text: str
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    papers: str = ""
    visit_needs: Sequence[str] = ()
    visit_service: str = ""


@transaction.atomic
def announce(
    *,
    key: UUID,
    words: Words,
    unit: Unit,
    areas: Iterable[Unit],
    compounds: Iterable[Compound],
    actor: User,
    at: datetime,
) -> Announcement:
    """Write down an announcement of `unit` and where it is to go; nobody is told yet.

    The same key again returns what the first time wrote.

    :raises OutreachRefused: if the actor may not, nothing is chosen, or it lies outside the unit.
    """
    Unit.objects.select_for_update().get(pk=unit.pk)  # two taps wait for one another here
    standing = Announcement.objects.filter(key=key).first()
    if standing is not None:
        return standing
    policy.check_author({seat.role for seat in seats_over(actor, unit)})
    areas, compounds = list(areas), list(compounds)
    chosen = [*areas, *(compound.community for compound in compounds)]
    if not chosen:
        raise policy.OutreachRefused(N_("请选择通知哪些网格、社区或小区"))
    if any(not area.path.startswith(unit.path) for area in chosen):
        raise policy.OutreachRefused(N_("只能通知{unit}范围内的住户"), unit=unit.short_name)
    if words.ends_at and (words.begins_at is None or words.ends_at <= words.begins_at):
        raise policy.OutreachRefused(N_("结束时间要在开始时间之后"))
    seen_by = {pk for one in (unit, *chosen) for pk in one.ancestor_ids}
    made = Announcement.objects.create(
        key=key,
        unit=unit,
        author=actor,
        title=words.title,
        text=words.text,
        begins_at=words.begins_at,
        ends_at=words.ends_at,
        place=words.place,
        papers=words.papers,
        visit_needs=list(words.visit_needs),
        visit_service=words.visit_service,
        created_at=at,
        unit_ids=sorted(seen_by),
    )
    targets = [Target(announcement=made, unit=area) for area in dict.fromkeys(areas)]
    targets += [Target(announcement=made, compound=one) for one in dict.fromkeys(compounds)]
    Target.objects.bulk_create(targets)
    return made


@transaction.atomic
def move(*, announcement: Announcement, name: str, actor: User, at: datetime) -> Announcement:
    """Send, close, withdraw or discard an announcement, and return it as it now stands.

    Sending makes a call for every household, and a visit where a need was named. Withdrawing
    cancels the visits that were not made yet.

    :raises OutreachRefused: its state or the actor's posts do not allow it, or nobody lives there.
    """
    row = Announcement.objects.select_for_update(of=["self"]).select_related("unit").get(
        pk=announcement.pk
    )  # fmt: skip
    roles = {seat.role for seat in seats_over(actor, row.unit)}
    row.state = policy.check_move(name, state=row.state, roles=roles).target
    facts: dict[str, object] = {"to": row.state}
    if name == "send":
        row.sent_at = at
        facts |= _send(row, at=at)
    else:
        row.ended_at = at
        if name == "withdraw":
            facts["visits"] = row.visits.open().update(state=policy.Visit.CANCELLED, at=at)
    row.save()
    subject = f"announcement:{row.pk}"
    record(
        subject=subject, name=f"{name}_announcement", actor=actor, at=at, facts=facts, unit=row.unit
    )
    return row


def _send(row: Announcement, *, at: datetime) -> dict[str, object]:
    """Make the calls and the visits, tell every worker how many, and return the numbers."""
    homes = list(targeted(row))
    if not homes:
        raise policy.OutreachRefused(N_("选的地方没有登记住户，没有人可以通知"))
    workers = contact_workers(homes)
    calls = [
        Call(announcement=row, household=home, grid=home.building.grid,
             worker_id=workers.get(home.pk))
        for home in homes
    ]  # fmt: skip
    visits = _visits(row, homes, workers, at=at)
    Call.objects.bulk_create(calls, batch_size=2000)
    Visit.objects.bulk_create(visits, batch_size=2000)
    grids = {home.building.grid.unit_id for home in homes}
    row.unit_ids = sorted({*row.unit_ids, *grids})
    _tell_workers(row, calls, visits, at=at)
    return {"calls": len(calls), "visits": len(visits)}


def _visits(
    row: Announcement, homes: Sequence[Household], workers: dict[int, int], *, at: datetime
) -> list[Visit]:
    in_need = needing(homes, row.visit_needs)
    stay = number("visit_minutes", on=timezone.localdate(at), unit_ids=row.unit.ancestor_ids)
    return [
        Visit(household=home, grid=home.building.grid, worker_id=workers.get(home.pk),
              announcement=row, reason=row.visit_service or row.title, stay=stay, created_at=at)
        for home in homes
        if home.pk in in_need
    ]  # fmt: skip


def _tell_workers(
    row: Announcement, calls: Sequence[Call], visits: Sequence[Visit], *, at: datetime
) -> None:
    n_calls = Counter(call.worker_id for call in calls if call.worker_id)
    n_visits = Counter(one.worker_id for one in visits if one.worker_id)
    link = f"{reverse('calls')}#announcement-{row.pk}"
    about = f"announcement:{row.pk}"
    told = [
        (
            f"{about}:{worker}",
            worker,
            "",
            _("《%(title)s》：您有 %(calls)s 户要通知，其中 %(visits)s 户要上门")
            % {"title": row.title, "calls": n, "visits": n_visits[worker]},
            link,
        )
        for worker, n in n_calls.items()
    ]
    post(told, about=about, at=at)
