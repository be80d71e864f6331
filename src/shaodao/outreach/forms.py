"""Strings from the outreach pages turned into values; nothing is decided here."""

from datetime import timedelta
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from .actions import Said
from .policy import BY_WORKER, VISIT_MOVES


def _moment(**options):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(required=False, widget=widget, **options)


def _clock(**options):
    return forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **options
    )


class AnnouncementForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.CharField(label=_("标题"), max_length=60)
    text = forms.CharField(
        label=_("要告诉住户的话"), max_length=600, widget=forms.Textarea(attrs={"rows": 4})
    )
    begins_at = _moment(label=_("时间"))
    ends_at = _moment(label=_("到什么时候"))
    place = forms.CharField(label=_("地点"), max_length=120, required=False)
    papers = forms.CharField(
        label=_("要带什么"), max_length=200, required=False, help_text=_("例如：身份证、户口本")
    )
    unit = forms.TypedChoiceField(label=_("以哪个单位的名义"), coerce=int)
    areas = forms.TypedMultipleChoiceField(
        label=_("通知哪些社区、网格"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("可以多选：按住 Ctrl 或 Shift；手机上直接勾选"),
    )
    compounds = forms.TypedMultipleChoiceField(
        label=_("或者只通知某些小区"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    visit_needs = forms.MultipleChoiceField(
        label=_("这些情况的住户上门服务"), required=False, widget=forms.CheckboxSelectMultiple
    )
    visit_service = forms.CharField(
        label=_("上门做什么"), max_length=120, required=False, help_text=_("例如：上门办理，不用跑")
    )

    def __init__(self, *args, units, areas, compounds, needs, **options):
        options["initial"] = {"key": uuid4(), **options.get("initial", {})}
        super().__init__(*args, **options)
        self.fields["unit"].choices = units
        self.fields["areas"].choices = areas
        self.fields["compounds"].choices = compounds
        self.fields["visit_needs"].choices = needs


class JottingForm(forms.Form):
    """A result from a door. Key, stamp and age come from a page that may have had no network."""

    key = forms.UUIDField(required=False)
    seen = forms.CharField(max_length=60, required=False)
    ago = forms.IntegerField(min_value=0, required=False)  # seconds
    note = forms.CharField(max_length=120, required=False)

    def said(self, name: str) -> Said:
        """Return the result as an action takes it."""
        given = self.cleaned_data
        return Said(
            key=given["key"] or uuid4(),
            name=given[name],
            note=given["note"],
            seen=given["seen"] or None,
            ago=timedelta(seconds=given["ago"] or 0),
        )


class CallForm(JottingForm):
    result = forms.ChoiceField(choices=[(name, name) for name in BY_WORKER])


class PhoneForm(forms.Form):
    phone = forms.RegexField(
        r"^[0-9+\- ]{5,20}$",
        label=_("住户留的电话"),
        required=False,
        help_text=_("只有住户本人同意才登记；留空就是删掉"),
        error_messages={"invalid": _("电话只能有数字、加号、横线和空格，5 到 20 位")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    consent = forms.BooleanField(label=_("住户同意留下这个号码，用于网格联系"), required=False)

    def clean(self):
        values = super().clean()
        if values.get("phone") and not values.get("consent"):
            self.add_error("consent", _("没有住户同意，不能登记电话"))
        return values


class VisitForm(JottingForm):
    name = forms.ChoiceField(choices=[(name, name) for name in VISIT_MOVES])


class NewVisitForm(forms.Form):
    household = forms.TypedChoiceField(label=_("哪一户"), coerce=int)
    reason = forms.CharField(label=_("为什么去"), max_length=120)
    opens = _clock(label=_("几点以后方便"), required=False)
    closes = _clock(label=_("几点以前"), required=False)

    def __init__(self, *args, households, **options):
        super().__init__(*args, **options)
        self.fields["household"].choices = households


class RoundForm(forms.Form):
    day = forms.DateField(label=_("哪一天"), widget=forms.DateInput(attrs={"type": "date"}))
    leaves = _clock(label=_("几点出发"))
