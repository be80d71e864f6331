"""Turning what people type, draw and paste into a site: values only, the rules stand in policy."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from shaodao.cases.models import OutcomeKind
from shaodao.places.models import Compound

from . import policy
from .actions import Known

LONGEST = 60_000  # characters of a boundary
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class BoundaryField(forms.CharField):
    """Corners drawn on the map, as a list of [lon, lat], or pasted as GeoJSON."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"})

    def to_python(self, value: Any) -> list[tuple[float, float]]:
        """Return the corners (lon, lat), the first not repeated.

        :raises ValidationError: if it is not one ring of corners.
        """
        text = super().to_python(value)
        if not text:
            return []
        if len(text) > LONGEST:
            raise ValidationError(_("范围太长，请简化后再贴"))
        try:
            ring = _ring_of(json.loads(text))
            corners = [(float(lon), float(lat)) for lon, lat, *_rest in ring]
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise ValidationError(
                _("看不懂这个范围：请在地图上画，或者粘贴一个 GeoJSON 多边形")
            ) from error
        return corners[:-1] if len(corners) > 1 and corners[0] == corners[-1] else corners

    def prepare_value(self, value: Any) -> Any:
        """Show corners as the list the map writes."""
        return json.dumps(value) if isinstance(value, list) else value


def _ring_of(given: Any) -> Sequence[Any]:
    if isinstance(given, list):
        return given
    if given["type"] == "FeatureCollection":
        (given,) = given["features"]
    shape = given["geometry"] if given["type"] == "Feature" else given
    if shape["type"] != "Polygon":
        raise ValueError(shape["type"])
    (ring,) = shape["coordinates"]  # one ring: no holes
    return ring


class SiteForm(forms.Form):
    """What is known of a site."""

    name = forms.CharField(label=_("点位名称"), max_length=60)
    kind = forms.ChoiceField(label=_("点位类型"))
    since = forms.DateField(label=_("自何时起"), widget=_DAY, help_text=_("问题最早出现的日子"))
    declared_m2 = forms.FloatField(
        label=_("登记面积（平方米）"),
        required=False,
        min_value=1,
        help_text=_("资料上的面积和图上量得的不一样时填写"),
    )
    boundary = BoundaryField(
        label=_("范围"),
        help_text=_("在上面的地图上依次点各个角，或者粘贴 GeoJSON 多边形（WGS 84）"),
    )
    note = forms.CharField(
        label=_("情况"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, has_reason: bool = False, today: date, **options):
        super().__init__(*args, **options)
        self.fields["kind"].choices = [
            (kind.value, _(label)) for kind, label in policy.KIND_LABELS.items()
        ]
        self.fields["since"].widget.attrs["max"] = today.isoformat()
        if has_reason:
            self.fields["why"] = forms.CharField(label=_("为什么修改"), max_length=200)

    def known(self) -> Known:
        """Return what the actions take."""
        given = {key: value for key, value in self.cleaned_data.items() if key != "why"}
        return Known(corners=given.pop("boundary"), **given)


class SolveForm(forms.Form):
    """What a site became, and whom it benefits."""

    became = forms.CharField(
        label=_("变成了什么"), max_length=120, help_text=_("例如：临时停车场，120 个车位")
    )
    outcome = forms.ModelChoiceField(label=_("成果类型"), queryset=OutcomeKind.objects.none())
    quantity = forms.IntegerField(label=_("数量"), required=False, min_value=1)
    n_households = forms.IntegerField(
        label=_("受益户数"), required=False, min_value=0, max_value=1_000_000
    )
    compounds = forms.MultipleChoiceField(
        label=_("受益小区"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, compounds: Sequence[Compound], **options):
        super().__init__(*args, **options)
        self.fields["outcome"].queryset = OutcomeKind.objects.order_by("rank")
        self.fields["outcome"].label_from_instance = lambda one: f"{one.name}（{one.measure}）"
        self.offered = {str(one.pk): one for one in compounds}
        self.fields["compounds"].choices = [(pk, one.name) for pk, one in self.offered.items()]

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        given = dict(self.cleaned_data)
        chosen = [self.offered[pk] for pk in given["compounds"]]
        return given | {"compounds": chosen, "n_households": given["n_households"] or 0}


class ReasonForm(forms.Form):
    """Why."""

    why = forms.CharField(label=_("说明"), max_length=200)


class LinkForm(forms.Form):
    """A case by its number."""

    number = forms.CharField(label=_("案件号"), max_length=20)
