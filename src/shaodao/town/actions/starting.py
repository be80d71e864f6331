"""Writing what every county starts with, where it is missing."""

from django.db import transaction

from shaodao.cases.models import Limit, OutcomeKind, Route
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter
from shaodao.reports.models import Category
from shaodao.reports.policy import Kind
from shaodao.town import defaults
from shaodao.whistles.models import ResponderRule, WhistleLimit
from shaodao.workforce.models import Charge, Criterion, Indicator

VERSIONS = ("rules", "parameters", "units", "grids", "basemap", "sites")


@transaction.atomic
def load_defaults() -> dict[str, int]:
    """Write the defaults that are not there yet and return how many rows of each are new.

    What a county changed stays as it is: a row is missing only if none stands for its place in
    the table, in force or not.
    """
    written = {
        "categories": _load_categories(),
        "limits": _load_limits(),
        "routes": _load_routes(),
        "outcomes": len(_new(OutcomeKind, "code", _outcomes())),
        "parameters": _load_parameters(),
        "charges": len(_new(Charge, "code", _charges())),
        "criteria": len(_new(Criterion, "code", _criteria())),
        "indicators": len(_new(Indicator, "code", _indicators())),
        "whistle_limits": _load_whistle_limits(),
        "responders": _load_responders(),
    }
    if any(written.values()):
        for name in VERSIONS:
            bump(name)
    return written


def _new(model, key: str, rows: list) -> list:
    """Write the rows whose `key` is not there yet and return them."""
    known = set(model.objects.values_list(key, flat=True))
    return model.objects.bulk_create(row for row in rows if getattr(row, key) not in known)


def _load_categories() -> int:
    pictures = [
        Category(code=code, name=name, icon=icon, hint=hint, kind=Kind.EVENT.value, rank=10 * place)
        for place, (code, name, icon, hint) in enumerate(defaults.PICTURES, start=1)
    ]
    # What fits nothing else goes to the last picture: the highest rank wins (cases.intake).
    pictures[-1].rank = 99
    classes = [
        Category(
            code=row.code,
            name=row.name,
            parent_id=picture.code,
            kind=row.kind.value,
            icon=picture.icon,
            hint=row.hint,
            asset_kind=row.asset_kind,
            needs_after_photo="*" in row.marks,
            is_hazard="!" in row.marks,
            sector=row.sector,
            rank=10 * place + number,
        )
        for place, picture in enumerate(pictures, start=1)
        for number, row in enumerate(defaults.CHILDREN[picture.code], start=1)
    ]
    return len(_new(Category, "code", pictures)) + len(_new(Category, "code", classes))


def _load_limits() -> int:
    known = set(Limit.objects.values_list("step", "category", "is_hazard", "level"))
    rows = [
        Limit(
            step=row.step.value,
            level=row.level,
            category_id=row.category,
            is_hazard=row.is_hazard,
            amount=row.amount,
            time_unit=row.time_unit.value,
            valid_from=defaults.FROM,
            source=row.source,
            is_default=True,
        )
        for row in defaults.limits()
        if (row.step.value, row.category, row.is_hazard, row.level) not in known
    ]
    return len(Limit.objects.bulk_create(rows))


def _load_routes() -> int:
    known = set(Route.objects.values_list("category", "target"))
    rows = [
        Route(
            category_id=row.category,
            target=row.target.value,
            is_direct=row.is_direct,
            rank=row.rank,
            valid_from=defaults.FROM,
            source=row.source,
            is_default=True,
        )
        for row in defaults.routes()
        if (row.category, row.target.value) not in known
    ]
    return len(Route.objects.bulk_create(rows))


def _outcomes() -> list[OutcomeKind]:
    return [
        OutcomeKind(code=code, name=name, measure=measure, rank=rank)
        for rank, (code, name, measure) in enumerate(defaults.OUTCOMES)
    ]


def _default(rank: int, code: str, source: str) -> dict:
    return {
        "code": code,
        "rank": rank,
        "valid_from": defaults.FROM,
        "source": source,
        "is_default": source.startswith("默认值"),
    }


def _charges() -> list[Charge]:
    return [
        Charge(holder_name=holder, name=name, what=what, **_default(rank, code, source))
        for rank, (code, holder, name, what, source) in enumerate(defaults.CHARGES)
    ]


def _criteria() -> list[Criterion]:
    return [
        Criterion(label=label, weight=weight, basis=basis, **_default(rank, code, source))
        for rank, (code, label, weight, basis, source) in enumerate(defaults.CRITERIA)
    ]


def _indicators() -> list[Indicator]:
    return [
        Indicator(weight=weight, **_default(rank, code, source))
        for rank, (code, weight, source) in enumerate(defaults.INDICATORS)
    ]


def _load_whistle_limits() -> int:
    known = set(WhistleLimit.objects.values_list("kind", "step"))
    rows = [
        WhistleLimit(
            kind=kind,
            step=step,
            amount=amount,
            time_unit=time_unit,
            valid_from=defaults.FROM,
            source=source,
            is_default=True,
        )
        for kind, step, amount, time_unit, source in defaults.whistle_limits()
        if (kind, step) not in known
    ]
    return len(WhistleLimit.objects.bulk_create(rows))


def _load_responders() -> int:
    known = set(ResponderRule.objects.values_list("category", flat=True))
    rows = [
        ResponderRule(
            category_id=category,
            title=title,
            valid_from=defaults.FROM,
            source=defaults.OWN,
            is_default=True,
        )
        for category, title in defaults.RESPONDERS
        if category not in known
    ]
    return len(ResponderRule.objects.bulk_create(rows))


def _load_parameters() -> int:
    known = set(Parameter.objects.values_list("name", "subject"))
    rows = [
        Parameter(
            name=name,
            subject=subject,
            value=value,
            valid_from=defaults.FROM,
            source=source,
            is_default=True,
        )
        for name, subject, value, source in defaults.PARAMETERS
        if (name, subject) not in known
    ]
    return len(Parameter.objects.bulk_create(rows))
