"""Strings from the drawing pages turned into values; nothing is decided here."""

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from shaodao.people.forms import WhyForm

from . import policy


class BeginForm(forms.Form):
    """How a draft is to be drawn."""

    kind = forms.ChoiceField(
        label=_("怎样划"),
        widget=forms.RadioSelect,
        choices=[(kind.value, lazystr(label)) for kind, label in policy.KIND_LABELS.items()],
    )
    within = forms.ChoiceField(
        label=_("名单的边界"),
        widget=forms.RadioSelect,
        choices=[(one.value, lazystr(label)) for one, label in policy.WITHIN_LABELS.items()],
    )
    setting = forms.ChoiceField(
        label=_("算多细"),
        choices=[(name, lazystr(label)) for name, label in policy.SETTING_LABELS.items()],
    )
    barriers = forms.MultipleChoiceField(
        label=_("隔开两边的线"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, lazystr(row[0])) for name, row in policy.BARRIERS.items()],
    )
    seed = forms.IntegerField(
        label=_("种子"),
        min_value=0,
        max_value=999_999,
        help_text=_("同样的户、同样的种子，划出来的名单一样"),
    )


class Indices(forms.Field):
    """Indices of households: several inputs, or one with commas."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value):
        words = [word for text in value or [] for word in str(text).split(",") if word.strip()]
        try:
            return sorted({int(word) for word in words})
        except ValueError as error:
            raise forms.ValidationError(_("没有这一户")) from error


class HomesForm(forms.Form):
    homes = Indices(required=False)


class MoveForm(HomesForm):
    to = forms.IntegerField(label=_("划到哪份名单"))  # from 0


class ListForm(forms.Form):
    list = forms.IntegerField(label=_("名单"))


class GiveForm(ListForm):
    worker = forms.IntegerField(label=_("网格员"), required=False)


class EvenForm(forms.Form):
    n = forms.IntegerField(label=_("档"))


class GroupForm(forms.Form):
    households = forms.IntegerField(label=_("一个网格约多少户"), min_value=20, max_value=2000)


class AdoptForm(forms.Form):
    cards = forms.BooleanField(label=_("同时重排要换的连心牌（A6）"), required=False, initial=True)
    why = WhyForm.base_fields["why"]
