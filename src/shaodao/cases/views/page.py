"""The page of one case, and everything that is done from it."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from shaodao.cases import actions, dossier, policy, sheets
from shaodao.cases.duplicates import likely_of
from shaodao.cases.forms import DecideForm, MoveForm, ReleaseForm, UnmaskForm, fields_of
from shaodao.cases.models import Case
from shaodao.cases.panels import panels_of
from shaodao.cases.queries import complete, routing_of
from shaodao.kit.pdf import NoFont
from shaodao.kit.wording import say
from shaodao.people.frames import frame_of

MOST_SAID, MOST_ENTRIES = 20, 200  # shown at first; `?all=1` shows the rest
REFUSED = 422  # a form that comes back: htmx swaps it in


def load(request: HttpRequest, pk: int) -> Case:
    """Return the case, or answer 404 where the reader may not see it."""
    cases = Case.objects.visible_to(request.user).defer("search")
    case = get_object_or_404(cases.select_related("household__building"), pk=pk)
    complete([case], people=["lead_person", "holder_person", "handled_by"])
    return case


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the reader to a page, whether htmx asked or the browser."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def wants_part(request: HttpRequest) -> bool:
    """Tell whether htmx asked for a part of a page; a boosted link or form wants the whole."""
    return bool(request.htmx) and not request.htmx.boosted


def way_back(request: HttpRequest, case: Case) -> str:
    """Return the page a form was opened from, or the case's own."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else reverse("case", args=[case.pk])


@login_required
@require_GET
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case with its whole history and what the reader may do with it."""
    at = timezone.now()
    shown = load(request, pk)
    book = dossier.read(shown, user=request.user, at=at)
    most = None if "all" in request.GET else (MOST_SAID, MOST_ENTRIES)
    page = {"case": shown, "d": book, "at": at, "frame": frame_of(request.user)}
    page["panels"] = panels_of(shown, request.user)
    page["said"] = book.said[: most[0]] if most else book.said
    page["history"] = book.history[: most[1]] if most else book.history
    return render(request, "cases/case.html", page)


@login_required
@require_http_methods(["GET", "POST"])
def case_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for what a move needs (GET); make the move (POST)."""
    case, move, at = load(request, pk), _move(name), timezone.now()
    form = _move_form(request, case, move, at=at)
    if form.is_bound and form.is_valid():
        try:
            actions.move(
                case=case, name=name, actor=request.user, at=at,
                seen=form.cleaned_data["seen"], **form.evidence(),
            )  # fmt: skip
        except policy.MoveRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            return _moved(request, case, move, form)
    return _asked(request, case, move, form, url_name="case_move")


@login_required
@require_http_methods(["GET", "POST"])
def case_ask(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for the grounds of an application (GET); apply (POST)."""
    case, move, at = load(request, pk), _move(name), timezone.now()
    form = _move_form(request, case, move, at=at)
    if form.is_bound and form.is_valid():
        try:
            actions.ask(case=case, name=name, actor=request.user, at=at, **form.evidence())
        except policy.MoveRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("已提交申请：%(move)s") % {"move": _(move.label)})
            return go(request, way_back(request, case))
    return _asked(request, case, move, form, url_name="case_ask")


def _move(name: str) -> policy.Move:
    if name not in policy.MOVES:
        raise Http404
    return policy.MOVES[name]


def _move_form(request: HttpRequest, case: Case, move: policy.Move, *, at: datetime) -> MoveForm:
    needs = policy.needs_of(move, needs_after_photo=case.category.needs_after_photo)
    visible = Case.objects.visible_to(request.user).defer("search")
    fields = fields_of(
        move,
        case,
        needs=needs,
        user=request.user,
        on=timezone.localdate(at),
        routed=[c.unit_id for c in routing_of(case, at=at).candidates] if "unit" in needs else [],
        solver=dossier.solver_of(request.user, case),
        visible=visible,
        likely=likely_of(case, visible, at=at) if "primary" in needs else [],
    )
    is_sent = request.method == "POST"
    return MoveForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        fields=fields,
        initial={"seen": case.n_entries},
    )


def _moved(request: HttpRequest, case: Case, move: policy.Move, form: MoveForm) -> HttpResponse:
    messages.success(request, _("已完成：%(move)s") % {"move": _(move.label)})
    if form.cleaned_data.get("publish"):
        return go(request, reverse("release", args=[case.pk]))
    return go(request, way_back(request, case))


def _asked(
    request: HttpRequest, case: Case, move: policy.Move, form: MoveForm, *, url_name: str
) -> HttpResponse:
    page = {
        "case": case,
        "move": move,
        "form": form,
        "is_asking": url_name == "case_ask",
        "action": reverse(url_name, args=[case.pk, move.name]),
        "back": (back := way_back(request, case)),
        "is_elsewhere": back != reverse("case", args=[case.pk]),
        "at": timezone.now(),
        "frame": frame_of(request.user),
        "is_part": wants_part(request),
    }
    template = "cases/move.html#panel" if wants_part(request) else "cases/move.html"
    return render(request, template, page, status=REFUSED if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def approval_decide(request: HttpRequest, pk: int, approval: int) -> HttpResponse:
    """Show an application (GET); grant or refuse it (POST, `granted` 1 or 0)."""
    case = load(request, pk)
    row = get_object_or_404(case.approvals.select_related("remark", "asked_by"), pk=approval)
    form = DecideForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.decide(
                approval=row, is_granted=request.POST.get("granted") == "1",
                actor=request.user, at=timezone.now(), note=form.cleaned_data["note"],
            )  # fmt: skip
        except policy.MoveRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("审批已登记"))
            return go(request, reverse("case", args=[case.pk]))
    page = {"case": case, "approval": row, "form": form, "at": timezone.now()}
    return render(request, "cases/decide.html", page, status=REFUSED if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def unmask(request: HttpRequest, pk: int, report: int) -> HttpResponse:
    """Ask why (GET); show who reported, and write down who looked (POST)."""
    case = load(request, pk)
    link = get_object_or_404(case.reports.select_related("report"), report=report)
    sent = request.POST if request.method == "POST" else None
    form, details = UnmaskForm(sent, purposes=actions.PURPOSES), None
    if form.is_bound and form.is_valid():
        try:
            details = actions.unmask(
                case=case, report=link.report, purpose=form.cleaned_data["purpose"],
                actor=request.user, at=timezone.now(),
            )  # fmt: skip
        except policy.MoveRefused as refusal:
            form.add_error(None, say(refusal))
    page = {"case": case, "report": link.report, "form": form, "details": details}
    template = "cases/unmask.html#panel" if wants_part(request) else "cases/unmask.html"
    return render(request, template, page, status=REFUSED if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the public would see, names taken out (GET); release it (POST)."""
    case, at = load(request, pk), timezone.now()
    if not actions.may_release(request.user, case):
        raise Http404
    draft = dossier.release_draft(case)
    sent = request.POST if request.method == "POST" else None
    form = ReleaseForm(sent, before=draft.before, after=draft.after, initial=draft.initial)
    if form.is_bound and form.is_valid():
        try:
            actions.release(case=case, actor=request.user, at=at, **form.cleaned_data)
        except policy.MoveRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("已公开"))
            return go(request, reverse("case", args=[case.pk]))
    page = {"case": case, "form": form, "draft": draft, "at": at}
    return render(request, "cases/release.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def conceal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a case off the public pages."""
    case = load(request, pk)
    try:
        actions.conceal(case=case, actor=request.user, at=timezone.now())
    except policy.MoveRefused as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("已撤下公开"))
    return go(request, reverse("case", args=[case.pk]))


@login_required
@require_GET
def case_photo(request: HttpRequest, pk: int, kind: str, photo: int) -> FileResponse:
    """Send a picture of a case the reader may see; `?small=1` the small one."""
    case = load(request, pk)
    file = dossier.picture_file(case, kind, photo, is_small="small" in request.GET)
    path = settings.MEDIA_ROOT / file if file else None
    if path is None or not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@require_GET
def case_sheet(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Send the filing or the closing sheet of a case as PDF."""
    case = load(request, pk)
    if kind not in sheets.KINDS:
        raise Http404
    try:
        made = sheets.sheet_of(case, kind, at=timezone.now())
    except sheets.SheetMissing as missing:
        raise Http404 from missing
    except NoFont as refusal:
        messages.error(request, say(refusal))
        return redirect("case", pk=pk)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{case.number}-{kind}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
