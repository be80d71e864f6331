"""Strings from the people pages turned into values; nothing is decided here."""

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .models import Unit
from .policy import HELD_AT, ROLE_LABELS


def day_field(**options):
    """Return a field for a day, with the browser's own calendar."""
    # A date input understands no other format than this one, whatever the reader's language.
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(widget=widget, **options)


class LoginForm(forms.Form):
    username = forms.CharField(
        label=_("用户名或手机号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    old = forms.CharField(
        label=_("原密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("新密码"),
        help_text=_("至少 10 个字符，不能全是数字，不能是常见密码，也不要与姓名、手机号相近"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次新密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self):
        if self.cleaned_data["again"] != self.cleaned_data.get("new"):
            raise forms.ValidationError(_("两次输入的新密码不一样"))
        return self.cleaned_data["again"]


class TokenForm(forms.Form):
    token = forms.RegexField(
        r"^\d{6}$",
        label=_("六位动态口令"),
        error_messages={"invalid": _("请输入六位数字")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class WhyForm(forms.Form):
    why = forms.CharField(
        label=_("原因"), max_length=200, help_text=_("写进日志，不能更改；不要写个人信息")
    )


class UnitField(forms.CharField):
    """A unit by its code or its name, among those the person filling the form may see."""

    def __init__(self, *, user=None, **options):
        super().__init__(max_length=80, **options)
        self.user = user
        self.widget.attrs |= {"list": "units", "autocomplete": "off"}

    def clean(self, value):
        """Return the unit, or None for an empty optional field."""
        text = super().clean(value)
        if not text:
            return None
        found = list(Unit.objects.visible_to(self.user).in_force().named(text)[:2])
        if len(found) != 1:
            missing = _("没有找到这个单位，请从列表里选")
            raise forms.ValidationError(_("有同名单位，请填代码") if found else missing)
        return found[0]


class NewPersonForm(forms.Form):
    username = forms.RegexField(
        r"^[a-z][a-z0-9._-]{2,39}$",
        label=_("用户名"),
        help_text=_("小写字母开头，可用数字、点、横线"),
    )
    name = forms.CharField(label=_("姓名"), max_length=40)
    unit = UnitField(label=_("账号归属单位"), help_text=_("填单位名称或代码"))
    phone = forms.RegexField(
        r"^1\d{10}$", label=_("手机号（可用来登录）"), required=False, empty_value=""
    )
    work_phone = forms.CharField(label=_("工作电话（向居民公开）"), max_length=20, required=False)
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["unit"].user = user


class PersonForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=40)
    phone = NewPersonForm.base_fields["phone"]
    work_phone = NewPersonForm.base_fields["work_phone"]
    is_party_member = forms.BooleanField(label=_("党员"), required=False)
    why = WhyForm.base_fields["why"]


def _roles():
    return [("", "")] + [(role.value, gettext(ROLE_LABELS[role])) for role in HELD_AT]


class PostForm(forms.Form):
    unit = UnitField(label=_("单位"), help_text=_("填单位名称或代码"))
    role = forms.ChoiceField(label=_("岗位"), choices=_roles)
    since = day_field(label=_("任期开始"))
    until = day_field(label=_("任期结束（不含当日）"), required=False)
    is_head = forms.BooleanField(label=_("负责人（网格长、科室负责人）"), required=False)
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["unit"].user = user


class PostOfficerForm(forms.Form):
    street = UnitField(label=_("派驻到哪个街道乡镇"), help_text=_("填单位名称或代码"))
    since = day_field(label=_("派驻开始"))
    until = day_field(label=_("派驻结束（不含当日）"), required=False)
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["street"].user = user


class RecallForm(forms.Form):
    until = day_field(label=_("从哪天起不再派驻"))
    why = WhyForm.base_fields["why"]


class EndPostForm(forms.Form):
    until = day_field(label=_("从哪天起不再担任"))
    why = WhyForm.base_fields["why"]


class UnitForm(forms.Form):
    short_name = forms.CharField(label=_("页面上的名称"), max_length=40)
    phone = forms.CharField(label=_("电话"), max_length=40, required=False)
    office_hours = forms.RegexField(
        r"^(\d\d:\d\d-\d\d:\d\d)(,\d\d:\d\d-\d\d:\d\d)*$",
        label=_("办公时间"),
        required=False,
        empty_value="",
        help_text=lazystr("08:30-12:00,14:00-17:30"),
    )
    why = WhyForm.base_fields["why"]
