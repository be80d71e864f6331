"""The configured rules of whistles as one object, kept in the process while they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shaodao.cores.wording import N_
from shaodao.kit.versions import Versioned
from shaodao.people.models import Parameter, Unit
from shaodao.people.queries import number

from . import policy
from .models import ResponderRule, WhistleLimit


@dataclass(frozen=True)
class WhistleRules:
    """What the county has set, as of one version."""

    limits: tuple[policy.LimitRow, ...]
    responders: tuple[policy.ResponderRow, ...]

    def limit(self, kind: str, step: str, *, unit: Unit, on: date) -> policy.LimitRow:
        """Return the limit of a step in force on a day in an area.

        :raises policy.WhistleRefused: if the county has set none.
        """
        row = policy.pick_limit(
            self.limits, kind=kind, step=step, unit_ids=unit.ancestor_ids, on=on
        )
        if row is None:
            raise policy.WhistleRefused(
                N_("还没有设定{kind}的{step}时限"),
                kind=policy.KIND_LABELS[policy.Kind(kind)],
                step=policy.STEP_LABELS[policy.Step(step)],
            )
        return row

    def responder(self, categories: Sequence[str], *, unit: Unit, on: date) -> str:
        """Return the title of the post that answers for a class of matters; '' where none does."""
        row = policy.pick_responder(
            self.responders, categories=categories, unit_ids=unit.ancestor_ids, on=on
        )
        return row.title if row else ""


def _load() -> WhistleRules:
    return WhistleRules(
        limits=tuple(
            policy.LimitRow(
                row.pk, row.kind, row.step, row.unit_id, row.amount, row.time_unit,
                row.valid_from, row.valid_to,
            )
            for row in WhistleLimit.objects.all()
        ),
        responders=tuple(
            policy.ResponderRow(
                row.pk, row.category_id, row.unit_id, row.title, row.valid_from, row.valid_to
            )
            for row in ResponderRule.objects.all()
        ),
    )  # fmt: skip


_rules: Versioned[WhistleRules] = Versioned("rules", _load)


def rules() -> WhistleRules:
    """Return the rules as of their present version."""
    return _rules.get()


def may_whistle(origin: policy.Origin, *, area: Unit, on: date) -> bool:
    """Tell whether this kind of whistler is enabled in an area."""
    return bool(number("may_whistle", on=on, unit_ids=area.ancestor_ids, subjects=[origin.value]))


def residents_may(area: Unit | None, *, on: date) -> bool:
    """Tell whether residents may whistle in an area, or somewhere where it is not known yet."""
    if area is not None:
        return may_whistle(policy.Origin.RESIDENT, area=area, on=on)
    origin = policy.Origin.RESIDENT.value
    rows = Parameter.objects.in_force(on).filter(name="may_whistle", subject=origin, value="1")
    return rows.exists()


def weights(*, area: Unit, on: date) -> dict[policy.Aspect, int]:
    """Return what each aspect of a score counts, in per cent or any other measure."""
    return {
        aspect: number("whistle_weight", on=on, unit_ids=area.ancestor_ids, subjects=[aspect.value])
        for aspect in policy.Aspect
    }
