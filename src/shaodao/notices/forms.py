"""Strings from the notices pages turned into values; nothing is decided here."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shaodao.people.forms import UnitField, WhyForm, day_field
from shaodao.people.models import posts_of
from shaodao.people.policy import Role

from . import channels, policy
from .policy import Channel
from .rules import usual_channels


class PreferenceForm(forms.Form):
    """For each topic the channels that are open, as the person or the county has them now."""

    email = forms.EmailField(label=_("我的邮箱"), required=False, max_length=254)
    language = forms.ChoiceField(label=_("外发消息的语言"), choices=settings.LANGUAGES)

    def __init__(self, *args, user, at, **options):
        preference = getattr(user, "notice_preference", None)
        language = (preference.language if preference else "") or settings.LANGUAGE_CODE
        super().__init__(*args, initial={"email": user.email, "language": language}, **options)
        usual = usual_channels(user.kept_by_id, at=at)
        open_ones = [one for one in policy.OUTSIDE if channels.is_open(one)]
        shown = [(one.value, gettext(policy.CHANNEL_LABELS[one])) for one in open_ones]
        choices = preference.choices if preference else {}
        for topic in policy.CHOSEN if shown else ():
            self.fields[topic.value] = forms.MultipleChoiceField(
                label=gettext(policy.TOPIC_LABELS[topic]),
                choices=shown,
                required=False,
                initial=[c.value for c in policy.chosen(topic, choices=choices, usual=usual)],
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self):
        data = super().clean()
        wants_mail = any(Channel.EMAIL in data.get(topic.value, ()) for topic in policy.CHOSEN)
        if wants_mail and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("选了电子邮件，请填写邮箱"))
        return data

    def preference(self) -> dict[str, object]:
        """Return what is to be kept: channels by topic, and the language."""
        data = self.cleaned_data
        choices = {t.value: data[t.value] for t in policy.CHOSEN if t.value in data}
        return {"choices": choices, "language": data["language"]}


class SwitchForm(forms.Form):
    """Why a channel is stopped or started."""

    why = WhyForm.base_fields["why"]


def _channels():
    shown = [(one.value, gettext(label)) for one, label in policy.CHANNEL_LABELS.items()]
    return [("", gettext("所有渠道")), *shown]


class TextForm(forms.Form):
    """How a kind of notice is to be said."""

    text = forms.CharField(
        label=_("消息文字"),
        max_length=policy.MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    channel = forms.ChoiceField(label=_("渠道"), choices=_channels, required=False)
    language = forms.ChoiceField(label=_("语言"), choices=settings.LANGUAGES)
    unit = UnitField(
        label=_("适用地区"), required=False, help_text=_("填单位名称或代码；留空表示全部地区")
    )
    valid_from = day_field(label=_("生效日期"), help_text=_("今天或以后；已经发出的消息不变"))
    source = forms.CharField(label=_("依据（文号或出处）"), max_length=200)
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["unit"].user = user
        posts = [post.unit for post in posts_of(user) if post.role == Role.SECURITY]
        if posts and all(unit.parent_id is not None for unit in posts):
            # Only the root of the tree sets what holds everywhere.
            self.fields["unit"].required = True
            self.fields["unit"].help_text = _("填单位名称或代码")
            self.fields["unit"].initial = posts[0].short_name

    def values(self) -> dict[str, object]:
        """Return what makes up the row: everything but the reason."""
        return {name: value for name, value in self.cleaned_data.items() if name != "why"}


class EndTextForm(forms.Form):
    until = day_field(label=_("从哪天起停用"))
    why = WhyForm.base_fields["why"]
