"""Registers out and in: a file brought in, its rows looked at, written, taken back."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cores.topology import Flaw
from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.places import actions, forms
from shaodao.places.actions.importing import SHAPES, SHEETS
from shaodao.places.models import Import
from shaodao.places.policy import AT_WORK, FATE_LABELS, IMPORT_LABELS, Fate, ImportStatus
from shaodao.places.registers.boundaries import BOUNDARIES, FLAW_LABELS
from shaodao.places.registers.columns import REGISTERS, Register
from shaodao.places.registers.exporting import (
    rows_of,
    template_rows,
    write_csv,
    write_workbook,
)
from shaodao.places.registers.showing import labels_of, shown_rows

from .parts import KEEPERS, PAGE, only

_HAS_PLACES = frozenset({"compounds", "buildings", BOUNDARIES})
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@login_required
@require_GET
def registers(request: HttpRequest) -> HttpResponse:
    """GET: the registers the reader keeps, and what was brought into them."""
    only(request, KEEPERS)
    kept = [row for row in REGISTERS.values() if actions.keeps(request.user, row.code)]
    rows = Import.objects.visible_to(request.user).select_related("uploaded_by", "unit")
    page = keyset(rows, order=[("pk", "desc")], after=request.GET.get("after"), size=PAGE)
    context = {
        "registers": kept,
        "draws": actions.keeps(request.user, BOUNDARIES) is not None,
        "page": page,
        "imports": [(batch, *_named(batch)) for batch in page],
    }
    return render(request, "places/registers.html", context)


def _named(batch: Import) -> tuple[str, str, str]:
    """Return what an import is of, its status in words and that one's tone."""
    label, tone = IMPORT_LABELS[ImportStatus(batch.status)]
    return _register_label(batch.register), _(label), tone


def _register_label(code: str) -> str:
    return _("网格边界") if code == BOUNDARIES else _(REGISTERS[code].label)


def _register(request: HttpRequest, code: str) -> Register:
    """Return a register its reader keeps; there is no other."""
    only(request, KEEPERS)
    if code not in REGISTERS or actions.keeps(request.user, code) is None:
        raise Http404
    return REGISTERS[code]


@login_required
@require_GET
def register_template(request: HttpRequest, code: str) -> HttpResponse:
    """GET: an empty workbook with the register's columns, an example and what each is for."""
    register = _register(request, code)
    needed, free = _("必填。"), ""
    notes = [
        (needed if column.is_needed else free) + (_(column.hint) if column.hint else "")
        for column in register.columns
    ]
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the response closes it
    write_workbook(Path(file.name), register, template_rows(register), notes=notes)
    return _sent(file, f"{_(register.label)}{_('模板')}.xlsx", "xlsx")


@login_required
@require_GET
def register_export(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """GET: a register under the reader's posts as a workbook or CSV, as it may be brought in."""
    register = _register(request, code)
    file = NamedTemporaryFile(suffix=f".{kind}")  # noqa: SIM115 - the response closes it
    write = write_csv if kind == "csv" else write_workbook
    write(Path(file.name), register, rows_of(register, request.user))
    return _sent(file, f"{_(register.label)}.{kind}", kind)


def _sent(file, name: str, kind: str) -> FileResponse:
    return FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[kind])


@login_required
@require_http_methods(["GET", "POST"])
def register_upload(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks for a file of a register; POST takes it, to be read and looked at."""
    if code != BOUNDARIES:
        _register(request, code)
    only(request, KEEPERS)
    if actions.keeps(request.user, code) is None:
        raise Http404
    accept = ",".join(SHAPES if code == BOUNDARIES else SHEETS)
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = forms.UploadForm(*given, has_places=code in _HAS_PLACES, accept=accept)
    if form.is_valid() and (batch := _bring_in(request, code, form)) is not None:
        return redirect("import", pk=batch.pk)
    context = {"form": form, "code": code, "label": _register_label(code), "accept": accept}
    context["register"] = REGISTERS.get(code)
    status = 422 if request.method == "POST" else 200
    return render(request, "places/register_upload.html", context, status=status)


def _bring_in(request: HttpRequest, code: str, form: forms.UploadForm) -> Import | None:
    file = form.cleaned_data["file"]
    try:
        return actions.bring_in(
            register=code,
            file_name=file.name,
            content=file.chunks(),
            datum=form.datum_said,
            actor=request.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error("file", say(refusal))
        return None


@login_required
@require_GET
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: how far an import is; every row's fate before it is written; how it ended."""
    only(request, KEEPERS)
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    context = _import_context(request, batch)
    part = "#progress" if request.htmx and batch.status in AT_WORK else ""
    if request.htmx and not part:  # it has come to an end: the whole page is another one
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, f"places/import.html{part}", context)


def _import_context(request: HttpRequest, batch: Import) -> dict[str, object]:
    fate = request.GET.get("fate", "")
    rows = batch.rows.all()
    if fate in set(Fate):
        rows = rows.filter(fate=fate)
    page = keyset(rows, order=[("n", "asc")], after=request.GET.get("after"), size=PAGE)
    label, status, tone = _named(batch)
    labels = labels_of(batch.register)
    columns = [(letter, labels[key]) for key, letter in batch.columns.items()]
    columns.sort(key=lambda pair: (len(pair[0]), pair[0]))
    return {
        "batch": batch,
        "label": label,
        "status": status,
        "tone": tone,
        "is_at_work": batch.status in AT_WORK,
        "is_ready": batch.status == ImportStatus.READY,
        "is_done": batch.status == ImportStatus.DONE,
        "may_cancel": batch.status in (ImportStatus.READY, ImportStatus.FAILED),
        "is_own": batch.uploaded_by_id == request.user.pk,
        "share": batch.n_done / batch.n_rows if batch.n_rows else 0,
        "n_to_write": sum(batch.counts.get(one, 0) for one in (Fate.NEW, Fate.CHANGED)),
        "n_all": sum(batch.counts.values()),
        "tabs": [
            (one.value, _(text), tint, batch.counts.get(one, 0))
            for one, (text, tint) in FATE_LABELS.items()
        ],
        "fate": fate,
        "page": page,
        "rows": shown_rows(batch, page.rows, request.user),
        "columns": columns,
        "used": [(n, name, _(why)) for n, name, why in batch.used],
        "why_form": forms.ConfirmForm(),
        **_flaws(batch),
    }


def _flaws(batch: Import) -> dict[str, object]:
    """Return what is wrong between boundaries, for the list and for the map."""
    if batch.register != BOUNDARIES:
        return {}
    found = batch.facts.get("flaws", [])
    features = [
        {
            "type": "Feature",
            "properties": {"tone": "late" if one["flaw"] != Flaw.GAP else "warn"},
            "geometry": {"type": "Point", "coordinates": one["line"][0]}
            if len(one["line"]) == 1
            else {"type": "LineString", "coordinates": one["line"]},
        }
        for one in found
    ]
    places = [place for one in found for place in one["line"]]
    bounds = ",".join(
        str(value)
        for value in (
            min(x for x, _y in places) - 0.001,
            min(y for _x, y in places) - 0.001,
            max(x for x, _y in places) + 0.001,
            max(y for _x, y in places) + 0.001,
        )
    ) if places else ""  # fmt: skip
    return {
        "is_boundaries": True,
        "flaws": [{**one, "label": _(FLAW_LABELS[Flaw(one["flaw"])])} for one in found],
        "points": {"type": "FeatureCollection", "features": features},
        "bounds": bounds,
        "mend_form": forms.MendForm(initial={"flaws": sorted({one["flaw"] for one in found})}),
    }


@login_required
@require_POST
def import_do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """POST: confirm an import, put it aside, take it back, or mend its boundaries."""
    only(request, KEEPERS)
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    if verb not in _VERBS:
        raise Http404
    try:
        _VERBS[verb](request, batch)
    except Refusal as refusal:
        messages.error(request, say(refusal))
    return redirect("import", pk=batch.pk)


def _confirm(request: HttpRequest, batch: Import) -> None:
    why = request.POST.get("why", "")[:200]
    actions.confirm(batch=batch, actor=request.user, at=timezone.now(), why=why)


def _undo(request: HttpRequest, batch: Import) -> None:
    why = request.POST.get("why", "")[:200]
    actions.undo(batch=batch, actor=request.user, at=timezone.now(), why=why)


def _cancel(request: HttpRequest, batch: Import) -> None:
    actions.cancel(batch=batch, actor=request.user, at=timezone.now())


def _mend(request: HttpRequest, batch: Import) -> None:
    form = forms.MendForm(request.POST)
    if form.is_valid():
        flaws = [Flaw(one) for one in form.cleaned_data["flaws"]]
        actions.mend_boundaries(batch=batch, flaws=flaws, actor=request.user)


_VERBS = {"confirm": _confirm, "undo": _undo, "cancel": _cancel, "mend": _mend}
