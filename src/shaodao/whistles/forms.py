"""What people type about whistles, turned into values; the rules stand in policy."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shaodao.cases import policy as case_policy
from shaodao.cases.forms import MoveForm, PicturesField, PositionField
from shaodao.cases.forms import fields_of as case_fields
from shaodao.cores.worktime import TimeUnit
from shaodao.people.models import Unit
from shaodao.people.queries import units_by_id
from shaodao.places.models import Compound
from shaodao.supervision.policy import KIND_LABELS as SUPERVISION_LABELS

from . import policy
from .models import Summons, Whistle
from .queries import CALLED, units_to_call, usual_units

MOST_COMPOUNDS = 60


def _words(rows: int, **more: object) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": 2000, **more})


def _day(on: date, *, initial: date | None = None, **options) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "min": on.isoformat()}, format="%Y-%m-%d")
    return forms.DateField(
        widget=widget, initial=initial, validators=[MinValueValidator(on)], **options
    )


class UnitNameField(forms.CharField):
    """A unit of any tier that can be called, by its name or code; a list on the page suggests."""

    def __init__(self, **options: Any):
        super().__init__(max_length=80, **options)
        self.widget.attrs |= {"list": "units-to-call", "autocomplete": "off"}

    def clean(self, value) -> Unit | None:
        """Return the unit.

        :raises ValidationError: if there is none of that name, or several.
        """
        text = (super().clean(value) or "").strip()
        if not text:
            return None
        named = [
            unit
            for unit in units_by_id().values()
            if unit.kind in CALLED and text in {unit.name, unit.short_name, unit.code}
        ]
        if len(named) != 1:
            raise ValidationError(
                _("有同名单位，请填全称") if named else _("没有找到这个单位，请从列表里选")
            )
        return named[0]


# ---- drafting --------------------------------------------------------------------------------


class DraftForm(forms.Form):
    """Whom to call, for what, and why."""

    use_required_attribute = False
    kind = forms.ChoiceField(
        label=gettext_lazy("哪一种哨"), widget=forms.RadioSelect, initial=policy.Kind.ROUTINE
    )
    origin = forms.ChoiceField(label=gettext_lazy("以谁的名义"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("为什么吹哨，要各单位做什么"), max_length=1000, widget=_words(4)
    )
    q = forms.CharField(label=gettext_lazy("找别的单位"), required=False, max_length=40)
    units = forms.TypedMultipleChoiceField(
        label=gettext_lazy("报到单位"), coerce=int, required=False
    )
    lead = forms.TypedChoiceField(
        label=gettext_lazy("主办"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, *args, origins: Sequence[tuple[policy.Origin, Unit]], area: Unit, **options):
        super().__init__(*args, **options)
        self.area = area
        self.fields["kind"].choices = [
            (kind.value, f"{_(label)}：{_(policy.KIND_MEANT[kind])}")
            for kind, label in policy.KIND_LABELS.items()
        ]
        self.fields["origin"].choices = [
            (origin.value, f"{_(policy.ORIGIN_LABELS[origin])}（{unit.short_name}）")
            for origin, unit in origins
        ]
        self.fields["origin"].initial = origins[0][0].value if origins else ""
        ids = [(u.pk, u.pk) for u in units_by_id().values() if u.kind in CALLED]
        self.fields["units"].choices = ids
        self.fields["lead"].choices = [("", ""), *ids]

    @property
    def chosen(self) -> list[int]:
        """The ids ticked so far, before or after a refusal."""
        values = self["units"].value() or ()
        return [int(value) for value in values if str(value).isdigit()]

    @property
    def chosen_lead(self) -> int | None:
        value = self["lead"].value()
        return int(value) if str(value or "").isdigit() else None

    @property
    def groups(self) -> list[tuple[str, list[Unit]]]:
        """The units to choose from: those ticked, those found, then the usual ones by tier."""
        units, text = units_by_id(), str(self["q"].value() or "").strip()
        ticked = [units[pk] for pk in self.chosen if pk in units]
        found = units_to_call(text, area=self.area) if text else []
        usual = [
            (_("%(tier)s单位") % {"tier": _(policy.TIER_LABELS[level])}, rows)
            for level, rows in usual_units(self.area)
        ]
        label = _("找到的单位") if found else _("没有找到名称里有“%(text)s”的单位") % {"text": text}
        groups = [(_("已选"), ticked), (label, found if text else []), *usual]
        seen: set[int] = set()
        shown = []
        for label, rows in groups:
            fresh = [unit for unit in rows if unit.pk not in seen]
            seen |= {unit.pk for unit in fresh}
            if fresh:
                shown.append((label, fresh))
        return shown


# ---- moves -----------------------------------------------------------------------------------


def fields_of(
    move: policy.Move, whistle: Whistle, rows: Sequence[Summons], *, on: date
) -> dict[str, forms.Field]:
    """Return the fields that ask for what a move of a whistle needs."""
    live = [row for row in rows if row.state not in policy.OUT]
    fields: dict[str, forms.Field] = {}
    if move.name == "confer":
        fields["lead"] = _lead(
            [row for row in live if row.state in {"REPORTED", "HANDLING"}], is_required=False
        )
        fields["measures"] = forms.CharField(label=_("会商措施，各家做什么"), widget=_words(5))
        fields["due_on"] = _day(on, label=_("处置期限（到当天 18 点）"))
        for row in live:
            label = _("%(unit)s的期限（不同时才填）") % {"unit": row.unit.short_name}
            fields[f"due_{row.unit_id}"] = _day(on, label=label, required=False)
    if move.name == "name_lead":
        able = [r for r in live if not r.is_lead and policy.may_lead(policy.State(r.state))]
        fields["lead"] = _lead(able, is_required=True)
    if "unit" in move.needs:
        fields["unit"] = UnitNameField(label=_("加派哪个单位"))
    if move.name == "close":
        fields |= _score_fields(rows)
    if "note" in move.needs:
        fields["note"] = forms.CharField(label=_NOTES.get(move.name, _("说明")), widget=_words(3))
    return fields


def _lead(rows: Sequence[Summons], *, is_required: bool) -> forms.Field:
    units = {str(row.unit_id): row.unit for row in rows}
    first = next((str(row.unit_id) for row in rows if row.is_lead), None)
    return forms.TypedChoiceField(
        label=_("主办单位"),
        choices=[("", _("请选择")), *((pk, unit.short_name) for pk, unit in units.items())],
        coerce=lambda pk: units[pk],
        initial=first,
        required=is_required,
        empty_value=None,
    )


def _score_fields(rows: Sequence[Summons]) -> dict[str, forms.Field]:
    choices = [("", _("打分")), *((n, _SCORES[n]) for n in range(5, 0, -1))]
    return {
        f"score_{row.pk}_{aspect.value}": forms.TypedChoiceField(
            label=f"{row.unit.short_name} · {_(label)}", choices=choices, coerce=int
        )
        for row in rows
        if row.state == policy.State.HANDED_IN
        for aspect, label in policy.ASPECT_LABELS.items()
    }


_SCORES = {5: "5 分", 4: "4 分", 3: "3 分", 2: "2 分", 1: "1 分"}
_NOTES = {
    "close": gettext_lazy("验收情况"),
    "send_back": gettext_lazy("要改哪里"),
    "decline": gettext_lazy("不予发哨的理由"),
    "call_off": gettext_lazy("撤哨的理由"),
    "refuse": gettext_lazy("拒签的理由（会送共同上级裁定）"),
    "uphold": gettext_lazy("裁定理由"),
    "overrule": gettext_lazy("裁定理由"),
    "vouch": gettext_lazy("怎么证明他们到了现场"),
    "hand_in": gettext_lazy("做了什么"),
    "rework": gettext_lazy("哪里没做好"),
    "supervise": gettext_lazy("督办事由"),
    "mark_absent": gettext_lazy("缺席情况"),
}


def summons_fields_of(
    move: policy.Move, row: Summons, *, user, on: date, solver: str
) -> dict[str, forms.Field]:
    """Return the fields that ask for what a move of a summons needs."""
    fields: dict[str, forms.Field] = {}
    if move.name == "report_in":
        fields["position"] = PositionField(required=False)
        fields["code"] = forms.CharField(widget=forms.HiddenInput, required=False)
        fields["photo"] = PicturesField(on=on, label=_("现场照片"))
    if move.name == "hand_in" and row.is_lead:
        fields |= _handing_in(row.whistle.case, user=user, on=on, solver=solver)
    if move.name == "hand_in" and not row.is_lead:
        fields["photo"] = PicturesField(on=on, label=_("处置后照片"), required=False)
    if move.name in {"reassign", "uphold"}:
        label = _("改派给哪个单位") if move.name == "reassign" else _("改由哪个单位报到")
        is_needed = "unit" in policy.needs_of(move, is_lead=row.is_lead)
        fields["unit"] = UnitNameField(label=label, required=is_needed)
    if move.name == "shelve":
        fields["review_on"] = _day(on, label=_("复核日期"))
    if move.name == "supervise":
        fields["supervision"] = forms.ChoiceField(
            label=_("督办方式"),
            choices=[(kind.value, _(label)) for kind, label in SUPERVISION_LABELS.items()],
            widget=forms.RadioSelect,
            initial="YELLOW",
        )
    if "note" in move.needs:
        fields["note"] = forms.CharField(label=_NOTES.get(move.name, _("说明")), widget=_words(3))
    return fields


def _handing_in(case, *, user, on: date, solver: str) -> dict[str, forms.Field]:
    """Return what the lead brings for all: the case's own handling, and who benefits."""
    step = case_policy.MOVES["handle"]
    needs = case_policy.needs_of(step, needs_after_photo=case.category.needs_after_photo)
    found = case_fields(step, case, needs=needs, user=user, on=on, routed=[], solver=solver)
    del found["note"]
    compounds = {str(one.pk): one for one in compounds_near(case)}
    found["compounds"] = forms.TypedMultipleChoiceField(
        label=_("受益小区"),
        choices=[(pk, one.name) for pk, one in compounds.items()],
        coerce=lambda pk: compounds[pk],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("销哨要有受益的小区或户数"),
    )
    return found


def compounds_near(case) -> list[Compound]:
    """Return the compounds of the case's community, then of its street, the nearest first."""
    street = case.area.ancestor_ids[:3]
    rows = Compound.objects.filter(community__path__startswith=f"/{'/'.join(map(str, street))}/")

    def far(one: Compound) -> float:
        if case.lon is None:
            return 0.0
        return (one.lon - case.lon) ** 2 + (one.lat - case.lat) ** 2

    near = sorted(rows, key=lambda one: (far(one), one.pk))
    return near[:MOST_COMPOUNDS]


def evidence_of(move: policy.Move, form: MoveForm) -> dict[str, Any]:
    """Return what a form gives, as the action takes it."""
    given = form.evidence()
    if move.name == "confer":
        due = {int(k[4:]): v for k, v in given.items() if k.startswith("due_") and k[4:].isdigit()}
        given = {k: v for k, v in given.items() if not (k.startswith("due_") and k != "due_on")}
        given["due"] = due
    if move.name == "close":
        return {"scores": _scores(given), "note": given.get("note", "")}
    return given


def _scores(given: Mapping[str, Any]) -> dict[int, dict[policy.Aspect, int]]:
    scores: dict[int, dict[policy.Aspect, int]] = {}
    for name, value in given.items():
        if name.startswith("score_"):
            _score, pk, aspect = name.split("_")
            scores.setdefault(int(pk), {})[policy.Aspect(aspect)] = value
    return scores


def suggestions(area: Unit) -> Iterable[str]:
    """Return the names a list suggests where a unit is asked for."""
    return [unit.short_name for _level, rows in usual_units(area) for unit in rows]


# ---- rules -----------------------------------------------------------------------------------


class LimitForm(forms.Form):
    """How long a step of a kind of whistle may take."""

    kind = forms.ChoiceField(label=gettext_lazy("哨的种类"))
    step = forms.ChoiceField(label=gettext_lazy("环节"))
    amount = forms.IntegerField(label=gettext_lazy("时限"), min_value=1, max_value=10_000)
    time_unit = forms.ChoiceField(label=gettext_lazy("单位"))
    unit = UnitNameField(label=gettext_lazy("适用地区（不填为全部）"), required=False)
    valid_from = forms.DateField(
        label=gettext_lazy("从哪天起"), widget=forms.DateInput(attrs={"type": "date"})
    )
    source = forms.CharField(label=gettext_lazy("依据"), max_length=200)
    why = forms.CharField(label=gettext_lazy("原因"), max_length=200)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(k.value, _(v)) for k, v in policy.KIND_LABELS.items()]
        self.fields["step"].choices = [(k.value, _(v)) for k, v in policy.STEP_LABELS.items()]
        self.fields["time_unit"].choices = [(k.value, _(v)) for k, v in TIME_UNITS.items()]


TIME_UNITS = {
    TimeUnit.NATURAL_MINUTES: gettext_lazy("分钟（自然时，昼夜连续）"),
    TimeUnit.NATURAL_HOURS: gettext_lazy("小时（自然时，昼夜连续）"),
    TimeUnit.WORKING_HOURS: gettext_lazy("工作时"),
    TimeUnit.WORKING_DAYS: gettext_lazy("工作日"),
}


class ResponderForm(forms.Form):
    """Which post of a grid answers for a class of matters."""

    category = forms.ChoiceField(label=gettext_lazy("事项类别（不选为全部）"), required=False)
    title = forms.CharField(label=gettext_lazy("网格里的岗位"), max_length=20)
    unit = UnitNameField(label=gettext_lazy("适用地区（不填为全部）"), required=False)
    valid_from = forms.DateField(
        label=gettext_lazy("从哪天起"), widget=forms.DateInput(attrs={"type": "date"})
    )
    source = forms.CharField(label=gettext_lazy("依据"), max_length=200)
    why = forms.CharField(label=gettext_lazy("原因"), max_length=200)

    def __init__(self, *args, categories: Sequence[tuple[str, Any]], **options):
        super().__init__(*args, **options)
        self.fields["category"].choices = [("", _("全部")), *categories]
