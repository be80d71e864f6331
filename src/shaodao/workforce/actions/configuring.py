"""What a county sets: the names of the six posts, the criteria and the weights. Dated rows."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.actions import check_actor as check_duty_actor
from shaodao.people.actions import check_why, close, record
from shaodao.people.models import Unit, User
from shaodao.people.policy import Duty, check_start
from shaodao.workforce import policy
from shaodao.workforce.models import Charge, Criterion, Indicator


@transaction.atomic
def set_charge(
    *,
    code: str,
    unit: Unit | None,
    names: tuple[str, str, str],
    valid_from: date,
    source: str,
    actor: User,
    at: datetime,
    why: str,
) -> Charge:
    """Call one of the six posts something else from a day on; whoever holds it keeps it.

    names : the post, its holder, what it is there for; unit : None: everywhere

    :raises AccountRefused: the actor may not, no reason, or the day is past.
    :raises WorkforceRefused: if there is no such post: there are always the same six.
    """
    _check(unit, actor=actor, at=at, valid_from=valid_from, why=why)
    last = Charge.objects.filter(code=code).order_by("-valid_from").first()
    if last is None:
        raise policy.WorkforceRefused(N_("没有这个岗"))
    close(Charge.objects.filter(code=code, unit=unit), on=valid_from)
    name, holder_name, what = names
    row = Charge.objects.create(
        code=code, unit=unit, rank=last.rank, name=name, holder_name=holder_name, what=what,
        valid_from=valid_from, source=source,
    )  # fmt: skip
    facts = {"row": row.pk, "from": valid_from.isoformat()}
    record(
        subject=f"charge:{code}",
        name="set_charge",
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=unit,
    )
    return row


@transaction.atomic
def set_weights(
    *,
    of: type[Criterion] | type[Indicator],
    unit: Unit | None,
    weights: dict[str, int],
    valid_from: date,
    source: str,
    actor: User,
    at: datetime,
    why: str,
) -> None:
    """Weigh the criteria or the indicators anew from a day on; together they come to 100.

    :raises AccountRefused: the actor may not, no reason, or the day is past.
    :raises WorkforceRefused: if the weights do not come to 100, or one of them is unknown.
    """
    _check(unit, actor=actor, at=at, valid_from=valid_from, why=why)
    policy.check_weights(list(weights.values()))
    rows: QuerySet = of.objects.filter(unit=None).order_by("valid_from")
    known = {row.code: row for row in rows}
    if set(weights) - set(known):
        raise policy.WorkforceRefused(N_("没有这一项"))
    close(of.objects.filter(code__in=list(weights), unit=unit), on=valid_from)
    shared = {"unit": unit, "valid_from": valid_from, "source": source}
    for code, weight in weights.items():
        row = known[code]
        own = {"label": row.label, "basis": row.basis} if isinstance(row, Criterion) else {}
        of.objects.create(code=code, rank=row.rank, weight=weight, **own, **shared)
    name = "set_criteria" if of is Criterion else "set_indicators"
    facts = {"from": valid_from.isoformat(), **weights}
    record(
        subject=f"workforce:{name}", name=name, actor=actor, at=at, facts=facts, why=why, unit=unit
    )


def _check(unit: Unit | None, *, actor: User, at: datetime, valid_from: date, why: str) -> None:
    check_duty_actor(Duty.SET_PARAMETER, actor=actor, unit=unit)
    check_why(why)
    check_start(valid_from=valid_from, today=timezone.localdate(at))
