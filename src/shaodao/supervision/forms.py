"""Turning what people type into a supervision: values only, the rules stand in policy."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from shaodao.people.models import Unit

from . import policy

MOST = 1000  # characters
_WORDS = {"rows": 4, "maxlength": MOST}


class SuperviseForm(forms.Form):
    """Whom, how severely, why, until when."""

    unit = forms.TypedChoiceField(label=_("督办哪个单位"), coerce=int)
    kind = forms.ChoiceField(label=_("督办方式"), widget=forms.RadioSelect, initial="URGE")
    reason = forms.CharField(
        label=_("督办事由"), max_length=MOST, widget=forms.Textarea(attrs=_WORDS)
    )
    reply_by = forms.DateTimeField(
        label=_("答复时限"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("不填就按参数表规定的时限"),
    )

    def __init__(self, *args, units: Sequence[Unit], **options):
        super().__init__(*args, **options)
        self.fields["unit"].choices = [(unit.pk, unit.short_name) for unit in units]
        self.fields["kind"].choices = [
            (kind.value, _(label)) for kind, label in policy.KIND_LABELS.items()
        ]


class WordsForm(forms.Form):
    """The words one move needs, and a note where it needs none."""

    def __init__(self, *args, needs: Sequence[str], **options):
        super().__init__(*args, **options)
        for name in needs or ("note",):
            self.fields[name] = forms.CharField(
                label=_(policy.FIELD_LABELS[name]),
                required=bool(needs),
                max_length=MOST,
                widget=forms.Textarea(attrs=_WORDS),
            )
