"""The defects of a compound: what is broken, the case each became, and the renovation list."""

from tempfile import NamedTemporaryFile
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cases import actions
from shaodao.cases.counter import doors_of
from shaodao.cases.defects import DefectForm, defects_of, write_renovation_list
from shaodao.kit.wording import say
from shaodao.places.models import Compound, Defect
from shaodao.reports.policy import Channel, ReportRefused

REFUSED = 422


@login_required
@require_http_methods(["GET", "POST"])
def compound_defects(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: what is broken in a compound, as a part of its page or with the form; POST: one more."""
    rows = Compound.objects.visible_to(request.user).select_related("community")
    compound = get_object_or_404(rows, pk=pk)
    doors = doors_of(request.user)
    sent = request.method == "POST"
    initial = {"key": uuid4()}
    form = DefectForm(request.POST if sent else None, compound=compound, initial=initial)
    if sent and doors and form.is_valid() and _report(request, compound, doors, form):
        return redirect("compound_defects", pk=compound.pk)
    found = Defect.objects.visible_to(request.user).filter(compound=compound)
    found = found.select_related("building", "found_by").order_by("-pk")[:100]
    page = {"compound": compound, "rows": defects_of(found, request.user), "form": form}
    page["may_add"] = bool(doors)
    part = "#panel" if request.htmx and not sent else ""
    template = f"cases/compound_defects.html{part}"
    return render(request, template, page, status=REFUSED if sent else 200)


def _report(
    request: HttpRequest, compound: Compound, doors: list[Channel], form: DefectForm
) -> bool:
    channel = Channel.PATROL if Channel.PATROL in doors else doors[0]
    try:
        _defect, taken = actions.report_defect(
            compound=compound,
            channel=channel,
            actor=request.user,
            at=timezone.now(),
            **form.cleaned_data,
        )
    except ReportRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, say(refusal))
        return False
    messages.success(request, _("已登记并成为案件 %(case)s") % {"case": taken.case.number})
    return True


@login_required
@require_GET
def renovation_list(request: HttpRequest) -> HttpResponse:
    """GET: every defect under the reader's posts as a workbook."""
    rows = Defect.objects.visible_to(request.user).select_related("compound__community", "building")
    ordered = rows.order_by("compound__community__code", "compound", "pk")
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the response closes it
    write_renovation_list(file.name, defects_of(ordered, request.user))
    return FileResponse(file, as_attachment=True, filename=f"{_('改造清单')}.xlsx")
