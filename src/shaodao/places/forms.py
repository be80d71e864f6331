"""Strings from the places pages turned into values; nothing is decided here."""

import json

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _
from shapely import LineString
from shapely.errors import GEOSException

from shaodao.people.forms import WhyForm, day_field

from .policy import DATUM_LABELS, Datum
from .registers.boundaries import FLAW_LABELS


class UploadForm(forms.Form):
    """A workbook. Where it may hold coordinates, whoever uploads it says in which datum."""

    file = forms.FileField(label=_("文件"), max_length=200)
    datum = forms.ChoiceField(
        label=_("坐标系"),
        widget=forms.RadioSelect,
        help_text=_("从坐标本身看不出来，选错会偏几百米"),
        choices=[(datum.value, lazystr(label)) for datum, label in DATUM_LABELS.items()],
    )

    def __init__(self, *args, has_places: bool, accept: str, **options):
        super().__init__(*args, **options)
        self.fields["file"].widget.attrs["accept"] = accept
        if not has_places:
            del self.fields["datum"]

    @property
    def datum_said(self) -> Datum:
        return Datum(self.cleaned_data.get("datum", Datum.WGS84))


class ConfirmForm(WhyForm):
    """Why an import is written, or taken back."""


class MendForm(forms.Form):
    flaws = forms.MultipleChoiceField(
        label=_("修补哪几种"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(flaw.value, lazystr(label)) for flaw, label in FLAW_LABELS.items()],
    )


class ChangeForm(WhyForm):
    """What every change of a grid needs: from when and why."""

    since = day_field(label=_("从哪一天起"))
    field_order = ["since", "why"]


class SplitForm(ChangeForm):
    line = forms.CharField(max_length=4000, widget=forms.HiddenInput, required=False)
    first_name = forms.CharField(label=_("第一块的名称"), max_length=40, required=False)
    second_name = forms.CharField(label=_("第二块的名称"), max_length=40, required=False)
    field_order = ["first_name", "second_name", "since", "why", "line"]

    def clean_line(self) -> LineString:
        """Turn the line that was drawn ([[lon, lat], …]) into a shape."""
        try:
            places = json.loads(self.cleaned_data["line"])
            return LineString([(float(lon), float(lat)) for lon, lat in places])
        except (ValueError, TypeError, GEOSException) as error:
            raise forms.ValidationError(_("请在地图上画一条线，从网格外画到网格外")) from error


class MergeForm(ChangeForm):
    grids = forms.MultipleChoiceField(
        label=_("与哪些网格合并"), widget=forms.CheckboxSelectMultiple
    )
    name = forms.CharField(
        label=_("合并后的名称"), max_length=40, required=False, help_text=_("空着就按顺序号起名")
    )
    field_order = ["grids", "name", "since", "why"]

    def __init__(self, *args, neighbours=(), **options):
        super().__init__(*args, **options)
        self.fields["grids"].choices = [(row.code, row.unit.short_name) for row in neighbours]


class RenameForm(ChangeForm):
    name = forms.CharField(label=_("新的名称"), max_length=40)
    field_order = ["name", "since", "why"]


class ChiefForm(WhyForm):
    name = forms.CharField(
        label=_("楼栋长姓名"), max_length=40, required=False, help_text=_("空着表示没有楼栋长")
    )
    phone = forms.CharField(label=_("电话"), max_length=20, required=False)
    field_order = ["name", "phone", "why"]
