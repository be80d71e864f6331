"""Results that workers write down at a door, perhaps without a network, and send later.

Each comes with a key of its own and counts once, however often it is sent. One that somebody
else has overtaken meanwhile is kept beside what stands, and never overwrites it unseen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.kit.wording import say
from shaodao.outreach import policy
from shaodao.outreach.models import Call, Jotting, Visit
from shaodao.people.models import User

from .calling import check_worker, mark
from .visiting import check_visitor, visit

LONGEST_KEPT = timedelta(days=14)  # a phone's clock that says more is not believed


@dataclass(frozen=True)
class Said:
    """A result as it was written down; `seen` is the stamp of the row the page showed."""

    key: UUID
    name: str
    note: str = ""
    seen: str | None = None
    ago: timedelta = timedelta()  # between writing it down and sending it, by the phone's clock


@transaction.atomic
def take(*, row: Call | Visit, said: Said, actor: User, at: datetime) -> Jotting:
    """Take a result of a call or a visit, and return what became of it; the same key counts once.

    :raises OutreachRefused: if the household is not the actor's, or the result is none.
    """
    locked = type(row).objects.select_for_update(of=["self"]).select_related("grid__unit")
    present = locked.get(pk=row.pk)
    standing = Jotting.objects.filter(key=said.key).first()
    if standing is not None:
        if standing.actor_id != actor.pk or row.pk not in (standing.call_id, standing.visit_id):
            raise policy.OutreachRefused(N_("这条结果已经收下，请刷新页面再记"))
        return standing
    _check(present, said.name, actor)
    said_at = at - min(max(said.ago, timedelta()), LONGEST_KEPT)
    fate, why = _fate(present, said, actor, said_at)
    if fate == policy.Fate.TAKEN:
        try:
            _write(present, said, actor, said_at)
        except policy.OutreachRefused as refusal:
            fate, why = policy.Fate.ASIDE, say(refusal)
    field = "call" if isinstance(present, Call) else "visit"
    return Jotting.objects.create(
        **{field: present}, key=said.key, actor=actor, name=said.name, note=said.note,
        said_at=said_at, at=at, fate=fate.value, why=why[:200],
    )  # fmt: skip


def _check(row: Call | Visit, name: str, actor: User) -> None:
    if isinstance(row, Call):
        check_worker(row, actor)
        known = name in policy.BY_WORKER
    else:
        check_visitor(row, actor)
        known = name in policy.VISIT_MOVES
    if not known:
        raise policy.OutreachRefused(N_("请选择联系的结果"))


def _fate(row: Call | Visit, said: Said, actor: User, said_at: datetime) -> tuple[policy.Fate, str]:
    last = Jotting.objects.of(row).filter(fate=policy.Fate.TAKEN).select_related("actor").first()
    target = _target(row, said.name)
    fate = policy.fate_of(
        seen=said.seen,
        stands=row.stamp,
        is_own=last is not None and last.actor_id == actor.pk and last.said_at <= said_at,
        is_same=row.state == target,
    )
    if fate != policy.Fate.ASIDE:
        return fate, ""
    labels = policy.CALL_LABELS if isinstance(row, Call) else policy.VISIT_LABELS
    stands = _(labels[type(target)(row.state)])
    if last is None:
        return fate, _("这一户已经记为“%(state)s”") % {"state": stands}
    values = {"who": last.actor.name, "state": stands}
    values["when"] = timezone.localtime(last.said_at).strftime("%m-%d %H:%M")
    return fate, _("%(who)s在 %(when)s 已记为“%(state)s”") % values


def _target(row: Call | Visit, name: str) -> policy.Call | policy.Visit:
    return policy.RESULTS[name].state if isinstance(row, Call) else policy.VISIT_MOVES[name][2]


def _write(row: Call | Visit, said: Said, actor: User, at: datetime) -> None:
    if isinstance(row, Call):
        mark(call=row, result=said.name, actor=actor, at=at, note=said.note)
    else:
        visit(visit=row, name=said.name, actor=actor, at=at, note=said.note)
