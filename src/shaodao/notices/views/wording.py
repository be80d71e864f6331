"""How a county says its notices: each kind, what it says now, and another text with preview."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cores.wording import Refusal
from shaodao.kit.wording import say
from shaodao.notices import actions, forms, policy, rules
from shaodao.notices.models import NoticeText
from shaodao.people.models import Unit, posts_of, roles_of
from shaodao.people.policy import Role
from shaodao.people.queries import units_by_id


def _setters_only(request: HttpRequest) -> None:
    if Role.SECURITY not in roles_of(request.user):
        raise PermissionDenied


@login_required
@require_GET
def texts(request: HttpRequest) -> HttpResponse:
    """List the kinds of notices: what the product says, and what the county says instead."""
    if not posts_of(request.user):
        raise PermissionDenied
    today = timezone.localdate()
    own: dict[str, list[NoticeText]] = {}
    rows = NoticeText.objects.visible_to(request.user).on_or_after(today)
    for row in rows.order_by("valid_from", "pk"):
        own.setdefault(row.kind, []).append(row)
    kinds = [(n, k, own.get(n, [])) for n, k in policy.KINDS.items() if n not in policy.FIXED]
    context = {
        "kinds": kinds, "today": today, "units": units_by_id(), "here": "notice_texts",
        "may_set": Role.SECURITY in roles_of(request.user),
        "channels": {code.value: _(label) for code, label in policy.CHANNEL_LABELS.items()},
    }  # fmt: skip
    return render(request, "notices/texts.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def text_set(request: HttpRequest, kind: str) -> HttpResponse:
    """GET asks how a kind is to be said; POST shows it with examples, or sets it from a day on."""
    _setters_only(request)
    if kind not in policy.KINDS or kind in policy.FIXED:
        raise Http404
    today = {"valid_from": timezone.localdate(), "text": _now(kind), "language": _language()}
    given = request.POST if request.method == "POST" else None
    form = forms.TextForm(given, user=request.user, initial=today)
    preview = _previewed(form, kind) if form.is_valid() else ""
    if form.is_valid() and "save" in request.POST and _set(request, form, kind):
        return redirect("notice_texts")
    units = Unit.objects.visible_to(request.user).in_force().order_by("path")[:300]
    context = {"form": form, "kind": policy.KINDS[kind], "preview": preview, "units": units}
    return render(request, "notices/text.html", context | {"samples": rules.sample(kind)})


def _language() -> str:
    return translation.get_language() or ""


def _now(kind: str) -> str:
    """Return what a kind says everywhere today."""
    return rules.wording(kind, channel="", unit_id=None, on=timezone.localdate())


def _previewed(form: forms.TextForm, kind: str) -> str:
    """Return a sound text filled with examples in its language; '' with a refusal on the form."""
    text = form.cleaned_data["text"]
    try:
        policy.check_text(kind, text)
    except Refusal as refusal:
        form.add_error("text", say(refusal))
        return ""
    with translation.override(form.cleaned_data["language"]):
        return policy.fill(text, rules.sample(kind))


def _set(request: HttpRequest, form: forms.TextForm, kind: str) -> bool:
    new = actions.NewText(kind=kind, **form.values())
    why = form.cleaned_data["why"]
    try:
        actions.set_text(new=new, actor=request.user, at=timezone.now(), why=why)
    except Refusal as refusal:
        form.add_error(None, say(refusal))
        return False
    messages.success(request, _("已记入日志，从生效日起执行"))
    return True


@login_required
@require_http_methods(["GET", "POST"])
def text_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a county's text no longer holds; POST ends it."""
    _setters_only(request)
    row = get_object_or_404(NoticeText.objects.visible_to(request.user), pk=pk)
    given = request.POST if request.method == "POST" else None
    form = forms.EndTextForm(given, initial={"until": timezone.localdate()})
    if form.is_valid():
        try:
            actions.end_text(row=row, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("notice_texts")
    context = {"form": form, "title": _("停用这条文字"), "lead": row.text, "back": "notice_texts"}
    return render(request, "notices/form.html", context)
