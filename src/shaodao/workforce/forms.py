"""Strings from the workforce pages turned into values; nothing is decided here."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from shaodao.people.forms import WhyForm, day_field
from shaodao.people.models import User

from . import policy


class MoveForm(forms.Form):
    """The reason of a move; whether one is needed the policy says."""

    why = forms.CharField(label=_("原因"), max_length=200, required=False)


class PersonField(forms.ChoiceField):
    """One of the people a page offers, by id."""

    def __init__(self, *, people: Iterable[User] = (), **options):
        super().__init__(**options)
        self.offer(people)

    def offer(self, people: Iterable[User], said=lambda person: person.name) -> None:
        """Offer these people."""
        self.people = {str(person.pk): person for person in people}
        self.choices = [("", gettext("请选择")), *((k, said(p)) for k, p in self.people.items())]

    def clean(self, value):
        """Return the person, or None for an empty optional field."""
        return self.people.get(super().clean(value))


class ExcuseForm(forms.Form):
    until = day_field(label=_("到哪天为止（不含当日）"), required=False)
    why = WhyForm.base_fields["why"]


class CoverForm(forms.Form):
    by = PersonField(label=_("由谁代管"))
    since = day_field(label=_("从哪天起"))
    until = day_field(label=_("到哪天为止（不含当日）"))
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        self.fields["by"].offer(people)


class RollForm(forms.Form):
    n_members = forms.IntegerField(label=_("正式党员人数"), min_value=0, max_value=10_000)


class ChargeForm(forms.Form):
    name = forms.CharField(label=_("岗位名称"), max_length=20)
    holder_name = forms.CharField(label=_("担任者称呼"), max_length=20)
    what = forms.CharField(label=_("职责"), max_length=120)
    valid_from = day_field(label=_("从哪天起"))
    source = forms.CharField(label=_("依据"), max_length=200)
    why = WhyForm.base_fields["why"]


class WeightsForm(forms.Form):
    """One weight for each row of a set, their day, source and reason."""

    def __init__(self, *args, rows: Iterable[tuple[str, str]], **options):
        super().__init__(*args, **options)
        weights = {
            f"weight_{code}": forms.IntegerField(label=gettext(label), min_value=0, max_value=100)
            for code, label in rows
        }
        self.fields = {**weights, **self.fields}

    valid_from = day_field(label=_("从哪天起"))
    source = forms.CharField(label=_("依据"), max_length=200)
    why = WhyForm.base_fields["why"]

    def weights(self) -> dict[str, int]:
        """Return the weight of each row by its code."""
        found = self.cleaned_data.items()
        return {name.removeprefix("weight_"): n for name, n in found if name.startswith("weight_")}


class SelectionForm(forms.Form):
    is_head = forms.BooleanField(label=_("选配的是网格长"), required=False)


class NominateForm(forms.Form):
    person = forms.CharField(
        label=_("用户名、手机号或姓名"), max_length=40, help_text=_("本级及以下单位的在册人员")
    )


class MarkForm(forms.Form):
    mark = forms.IntegerField(label=_("分数（0 到 10）"), min_value=0, max_value=policy.MOST_MARK)
    said = forms.CharField(label=_("理由"), max_length=120)


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("您的意见"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("公示期内提的意见，每一条都会在任命前答复。不必写别人的电话和身份证号。"),
    )
    phone = forms.RegexField(
        r"^[0-9+\-\s]{5,20}$",
        label=_("联系电话"),
        required=False,
        empty_value="",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"invalid": _("请只写数字，例如 13800001234 或 0797-8000000")},
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("答复（向居民公开）"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class AppointForm(forms.Form):
    person = PersonField(label=_("任命谁"))
    since = day_field(label=_("任期开始"))
    why = WhyForm.base_fields["why"]

    def __init__(self, *args, people, said, **options):
        super().__init__(*args, **options)
        self.fields["person"].offer(people, said)


class DisclosureForm(forms.Form):
    photo = forms.FileField(
        label=_("本人照片"),
        required=False,
        help_text=_("印在连心牌上：正面、免冠、光线好"),
    )
    duties = forms.CharField(
        label=_("我的职责"),
        max_length=120,
        required=False,
        help_text=_("例如：政策宣传、走访联系户、巡查隐患、代办小事"),
    )


class PromiseForm(forms.Form):
    text = forms.CharField(
        label=_("一句承诺"), max_length=60, help_text=_("例如：有事随叫随到，当天回话")
    )


class PromiseMarkForm(forms.Form):
    mark = forms.ChoiceField(
        label=_("兑现情况"),
        choices=[
            (k.value, gettext_lazy(label)) for k, (label, _tone) in policy.PROMISE_LABELS.items()
        ],
    )
    remark = forms.CharField(label=_("说明"), max_length=120, required=False)


class BatchForm(forms.Form):
    paper = forms.ChoiceField(
        label=_("纸张"),
        choices=[(k.value, gettext_lazy(v)) for k, v in policy.PAPER_LABELS.items()],
    )
    only_due = forms.BooleanField(label=_("只印没有牌子和要换的户"), required=False, initial=True)


class PeriodForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=40, help_text=_("例如：2026 年第四季度"))
    since = day_field(label=_("从哪天起"))
    until = day_field(label=_("到哪天为止（不含当日）"))


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("哪一项不对，为什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )


class DecisionForm(forms.Form):
    is_upheld = forms.TypedChoiceField(
        label=_("裁定"),
        choices=[("1", _("申诉成立")), ("0", _("申诉不成立"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    points = forms.FloatField(
        label=_("更正多少分"), min_value=-100, max_value=100, initial=0, required=False
    )
    answer = forms.CharField(
        label=_("裁定理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ConfirmForm(forms.Form):
    why = WhyForm.base_fields["why"]


class HomeForm(forms.Form):
    building = forms.ChoiceField(label=_("住在哪栋楼"))

    def __init__(self, *args, buildings: list[tuple[str, str]], **options):
        super().__init__(*args, **options)
        self.fields["building"].choices = [("", gettext("请选择")), *buildings]
