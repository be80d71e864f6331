"""The defects of compounds with the cases they became, for lists and for the renovation list."""

from collections.abc import Iterable
from dataclasses import dataclass

import xlsxwriter
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shaodao.places.models import Building, Compound, Defect
from shaodao.reports.models import Category

from .models import Case, CaseReport
from .rules import rules
from .templatetags.cases import status_label


@dataclass(frozen=True)
class ShownDefect:
    """A defect and what has become of it; the case only where the reader may open it."""

    defect: Defect
    category: str
    case: Case
    may_open: bool


def defects_of(rows: Iterable[Defect], user) -> list[ShownDefect]:
    """Return defects with their cases, as `user` may see them; none whose report is gone."""
    found = list(rows)
    links = CaseReport.objects.filter(report__key__in=[row.key for row in found])
    cases = {link.report.key: link.case for link in links.select_related("case", "report")}
    seen = Case.objects.visible_to(user).filter(pk__in=[case.pk for case in cases.values()])
    open_to = set(seen.values_list("pk", flat=True))
    names = rules().categories
    return [
        ShownDefect(
            row,
            names[row.category].name if row.category in names else row.category,
            cases[row.key],
            cases[row.key].pk in open_to,
        )
        for row in found
        if row.key in cases
    ]


def write_renovation_list(path: str, rows: Iterable[ShownDefect]) -> None:
    """Write defects as the workbook a renovation plan is made from: one row each."""
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet(_("改造清单"))
    bold = book.add_format({"bold": True, "bottom": 1})
    heads = [_("社区村"), _("小区"), _("建成年份"), _("楼栋"), _("类别"), _("问题")]
    heads += [_("登记日期"), _("案件"), _("状态")]
    sheet.write_row(0, 0, heads, bold)
    for n, row in enumerate(rows, start=1):
        defect, compound = row.defect, row.defect.compound
        cells = (
            compound.community.short_name,
            compound.name,
            compound.built_year,
            defect.building.name if defect.building else "",
            row.category,
            defect.text,
            defect.found_at.date().isoformat(),
            row.case.number,
            str(status_label(row.case.status)),
        )
        for index, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(n, index, value)
            elif value is not None:
                sheet.write_number(n, index, value)
    book.close()


def _kinds() -> list[tuple[str, str]]:
    rows = Category.objects.offered().exclude(parent=None).select_related("parent")
    return [(row.pk, f"{row.parent.name} · {row.name}") for row in rows]


class DefectForm(forms.Form):
    """What is broken, where in the compound, and whether somebody could come to harm."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    category = forms.ChoiceField(label=gettext_lazy("哪一类"), choices=_kinds)
    building = forms.ChoiceField(label=gettext_lazy("哪一栋"), required=False)
    text = forms.CharField(
        label=gettext_lazy("什么问题"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写设施和位置，不要写个人信息"),
    )
    is_hazard = forms.BooleanField(label=gettext_lazy("有安全隐患"), required=False)

    def __init__(self, *args, compound: Compound, **options):
        super().__init__(*args, **options)
        self.rows = {str(row.pk): row for row in _houses(compound)}
        houses = [(pk, row.name) for pk, row in self.rows.items()]
        self.fields["building"].choices = [("", _("公共部位")), *houses]

    def clean_building(self) -> Building | None:
        return self.rows.get(self.cleaned_data["building"])

    def clean_category(self) -> Category:
        return rules().categories[self.cleaned_data["category"]]


def _houses(compound: Compound):
    rows = Building.objects.filter(compound=compound).select_related("grid").order_by("pk")
    return rows.defer("search", "grid__boundary")
