"""What residents' forms send, turned into values. Rules stand in policy, not here."""

import json
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from math import isfinite

from django import forms
from django.utils.translation import gettext_lazy as _

DATUMS = (("WGS84", "WGS 84"), ("GCJ02", "GCJ-02"))
LINE_POINTS = 500  # a road of many kilometres has fewer bends


class PhotosInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files in one field."""

    widget = PhotosInput

    def clean(self, data, initial=None):
        rows = data if isinstance(data, list | tuple) else [data]
        return [super(PhotosField, self).clean(row, initial) for row in rows if row]


class LineField(forms.CharField):
    """A drawn line as JSON: [[lon, lat], …] or [lon, lat, lon, lat, …]; flat once cleaned."""

    def to_python(self, value):
        text = super().to_python(value)
        if not text:
            return None
        try:
            found = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("这条线没有读出来，请重新画一次")) from error
        if isinstance(found, dict):  # GeoJSON
            found = found.get("coordinates", [])
        numbers = _flat(found)
        if not numbers:
            return None
        if len(numbers) > 2 * LINE_POINTS or len(numbers) % 2 or not all(map(isfinite, numbers)):
            raise forms.ValidationError(_("这条线没有读出来，请重新画一次"))
        return numbers


def _flat(found: object) -> list[float]:
    if isinstance(found, list):
        return [number for part in found for number in _flat(part)]
    if isinstance(found, int | float) and not isinstance(found, bool):
        return [float(found)]
    raise forms.ValidationError(_("这条线没有读出来，请重新画一次"))


class InstantField(forms.CharField):
    """An instant as JavaScript writes it."""

    def to_python(self, value):
        text = super().to_python(value)
        try:
            instant = datetime.fromisoformat(text) if text else None
        except ValueError:
            return None  # a courtesy of the sender's clock, never a reason to refuse
        return instant if instant and instant.tzinfo else None


class ReportForm(forms.Form):
    """Everything a report may say. Which of it is needed, reports.actions decides."""

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    photos = PhotosField(label=_("照片"), required=False)
    text = forms.CharField(
        label=_("出了什么事"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("用平常的话说就行：是什么、有多久了。不必写别人的姓名和电话。"),
    )
    category = forms.ChoiceField(label=_("是哪一类"), required=False)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-90, max_value=90)
    datum = forms.ChoiceField(choices=DATUMS, required=False, widget=forms.HiddenInput)
    by = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    line = LineField(required=False, widget=forms.HiddenInput)
    address = forms.CharField(
        label=_("地址或附近的楼栋"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("例如：翠竹小区 2 栋，或“菜市场后门的巷子”。"),
    )
    building = forms.IntegerField(required=False, min_value=0)
    name = forms.CharField(
        label=_("怎么称呼您"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.RegexField(
        r"^[0-9+\-\s]{5,20}$",
        label=_("联系电话"),
        required=False,
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "maxlength": "20"}
        ),
        error_messages={"invalid": _("请只写数字，例如 13800001234 或 0797-8000000")},
    )
    is_hazard = forms.BooleanField(
        label=_("有危险，可能伤到人"),
        required=False,
        help_text=_("例如路面塌陷、井盖不见了、电线掉下来。会更快安排人去看。"),
    )
    whistle = forms.BooleanField(
        label=_("吹哨：请网格里管这件事的人来"),
        required=False,
        help_text=_("马上通知到人，谁来了、几点到的，查询页上都看得到。"),
    )
    join = forms.IntegerField(required=False, min_value=0)
    happened_at = InstantField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, files=None, *, categories: Sequence[tuple[str, str]], **given):
        super().__init__(data, files, **given)
        category = deepcopy(self.fields["category"])
        category.choices = [("", ""), *categories]
        self.fields["category"] = category


class _Shared(dict):
    """Fields that all forms of a class share: copying each for every report takes long."""

    def __deepcopy__(self, memo: object) -> dict[str, forms.Field]:
        return dict(self)


ReportForm.base_fields = _Shared(ReportForm.base_fields)


class FactsForm(forms.Form):
    reply = forms.CharField(
        label=_("补充情况"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("办理的人会看到，其他反映人看不到。"),
    )


class RejectForm(forms.Form):
    note = forms.CharField(
        label=_("哪里没有办好"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写清楚现在是什么样子，会重新派人办理。"),
    )


class RateForm(forms.Form):
    score = forms.IntegerField(
        label=_("满意吗"),
        min_value=1,
        max_value=5,
        error_messages={"required": _("请选一到五颗星")},
    )
    is_solved = forms.TypedChoiceField(
        label=_("问题解决了吗"),
        choices=(("1", _("解决了")), ("0", _("没有解决"))),
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一下：解决了，还是没有解决")},
    )
    text = forms.CharField(
        label=_("还想说的话"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class FindForm(forms.Form):
    number = forms.CharField(
        label=_("编号"),
        max_length=16,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("提交后页面上和短信里的那一串数字。"),
    )
    phone_end = forms.RegexField(
        r"^\d{4}$",
        label=_("联系电话的后四位"),
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "4"}
        ),
        error_messages={"invalid": _("请写四位数字")},
    )
