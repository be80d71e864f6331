"""Turning the query string of a page of figures into values."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ScopeForm(forms.Form):
    """Where, from when to when, and which class of matters."""

    area = forms.IntegerField(label=_("区域"), required=False, max_value=2**63 - 1)
    since = forms.DateField(
        label=_("从"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("到"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    picture = forms.ChoiceField(label=_("大类"), required=False)

    def __init__(self, *args, pictures, areas=(), **kwargs):
        """Take the (value, label) pairs to choose a class and an area from."""
        super().__init__(*args, **kwargs)
        self.fields["picture"].choices = [("", _("全部大类")), *pictures]
        self.fields["area"].widget = forms.Select(choices=areas)
