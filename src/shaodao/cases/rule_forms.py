"""Strings from the configuration pages turned into rows to be; nothing is decided here."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shaodao.cores.worktime import TimeUnit
from shaodao.people.forms import UnitField, WhyForm, day_field
from shaodao.people.models import posts_of
from shaodao.people.policy import LEVEL_LABELS, Role
from shaodao.reports.models import Category

from . import policy
from .rules import rules

TIME_UNITS = {
    TimeUnit.NATURAL_MINUTES: _("分钟（自然时，昼夜连续）"),
    TimeUnit.NATURAL_HOURS: _("小时（自然时，昼夜连续）"),
    TimeUnit.WORKING_HOURS: _("工作时（上班时间内）"),
    TimeUnit.WORKING_DAYS: _("工作日（从次日起算）"),
}


def _labels(table):
    return lambda: [(code.value, gettext(label)) for code, label in table.items()]


def _categories():
    rows = Category.objects.order_by("rank", "code").values_list("code", "name", "parent__name")
    shown = [(code, f"{parent} · {name}" if parent else name) for code, name, parent in rows]
    return [("", gettext("所有类别")), *shown]


class RuleForm(forms.Form):
    """What every dated rule has: for what and where, from when, on whose word, and why."""

    category = forms.ChoiceField(label=_("事项类别"), choices=_categories, required=False)
    unit = UnitField(
        label=_("适用地区"), required=False, help_text=_("填单位名称或代码；留空表示全部地区")
    )
    valid_from = day_field(label=_("生效日期"), help_text=_("今天或以后；已经在办的案件不受影响"))
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

    def clean_category(self):
        return rules().categories.get(self.cleaned_data["category"])

    def values(self) -> dict[str, object]:
        """Return what makes up the row: everything but the reason."""
        return {name: value for name, value in self.cleaned_data.items() if name != "why"}


class LimitForm(RuleForm):
    step = forms.ChoiceField(label=_("环节"), choices=_labels(policy.STEP_LABELS))
    amount = forms.IntegerField(label=_("时限"), min_value=1)
    time_unit = forms.ChoiceField(label=_("单位"), choices=_labels(TIME_UNITS))
    is_hazard = forms.BooleanField(label=_("只用于存在安全隐患的案件"), required=False)
    level = forms.ChoiceField(
        label=_("哪一级"),
        choices=lambda: [("", "—"), *((r.value, gettext(LEVEL_LABELS[r])) for r in policy.RUNGS)],
        required=False,
        help_text=_("只在环节是“本级解决”时填"),
    )

    field_order = ["step", "level", "category", "unit", "amount", "time_unit", "is_hazard"]

    def clean_step(self):
        return policy.Step(self.cleaned_data["step"])

    def clean_time_unit(self):
        return TimeUnit(self.cleaned_data["time_unit"])


class RouteForm(RuleForm):
    target = forms.ChoiceField(label=_("派给"), choices=_labels(policy.TARGET_LABELS))
    to = UnitField(label=_("指定单位"), required=False, help_text=_("只在派给指定单位时填"))
    is_direct = forms.BooleanField(
        label=_("直接派单"), help_text=_("不经受理派遣，收到就派"), required=False
    )
    rank = forms.IntegerField(
        label=_("次序"), min_value=0, max_value=99, initial=0, help_text=_("小的在前")
    )

    field_order = ["category", "unit", "target", "to", "is_direct", "rank"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, user=user, **options)
        self.fields["to"].user = user

    def clean_target(self):
        return policy.Target(self.cleaned_data["target"])


class DutyForm(RuleForm):
    text = forms.CharField(
        label=_("职责内容"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ["unit", "category", "text"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, user=user, **options)
        self.fields["unit"].required = True
        self.fields["unit"].label = gettext("街道或乡镇")
        self.fields["unit"].initial = None
        self.fields["unit"].help_text = gettext("填街道、乡镇的名称或代码")
        self.fields["category"].help_text = gettext(
            "按类别判断能不能职责外退回；选“所有类别”的只是文字，不参与判断"
        )
        self.fields["source"].label = gettext("法律依据或文号")


class SectorForm(RuleForm):
    code = forms.RegexField(
        r"^[A-Z][A-Z0-9_]{1,15}$",
        label=_("代码"),
        help_text=_("大写字母开头，例如 ENVIRONMENT；用已有的代码就是改那一条"),
    )
    name = forms.CharField(label=_("条线名称"), max_length=20)
    office = UnitField(label=_("牵头单位"), help_text=_("这个单位看得到这条线的案件"))
    categories = forms.MultipleChoiceField(
        label=_("自动归口的类别"),
        choices=lambda: _categories()[1:],
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("按住 Ctrl 可以选多个；选大类就包括它下面的全部类别"),
    )

    field_order = ["code", "name", "unit", "office", "categories"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, user=user, **options)
        del self.fields["category"]
        self.fields["office"].user = user

    def clean_categories(self):
        return tuple(self.cleaned_data["categories"])


class EndForm(forms.Form):
    until = day_field(label=_("从哪天起停用"))
    why = WhyForm.base_fields["why"]


class NumberForm(RuleForm):
    value = forms.CharField(label=_("新的值"), max_length=120)

    field_order = ["value", "unit"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, user=user, **options)
        del self.fields["category"]


class CategoryForm(forms.Form):
    keep_days = forms.IntegerField(label=_("结案后保存天数"), help_text=_("到期后清除个人信息"))
    needs_after_photo = forms.BooleanField(label=_("处置反馈必须有处置后照片"), required=False)
    is_hazard = forms.BooleanField(label=_("默认存在安全隐患"), required=False)
    is_offered = forms.BooleanField(label=_("居民上报时可选"), required=False)
    why = WhyForm.base_fields["why"]


class SmallMatterForm(RuleForm):
    is_small = forms.BooleanField(label=_("算作小事（计入不出格率）"), required=False)

    field_order = ["is_small", "unit"]

    def __init__(self, *args, user, **options):
        super().__init__(*args, user=user, **options)
        del self.fields["category"]
