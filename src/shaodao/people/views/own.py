"""One's own account: posts, password, second factor."""

import segno
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods
from django_otp import login as show_device
from django_otp import user_has_device
from django_otp.oath import totp

from shaodao.cores.wording import Refusal
from shaodao.kit.wording import say
from shaodao.people import actions, forms, policy
from shaodao.people.models import AccountEntry, User, posts_of

from .parts import history, in_words, next_page, told


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show a person their own account, posts and what was done to it."""
    page = history(AccountEntry.objects.about(request.user), request)
    context = {
        "posts": posts_of(request.user),
        "roles": in_words(policy.ROLE_LABELS),
        "entries": told(page),
        "page": page,
        "has_device": user_has_device(request.user),
        "wants_device": actions.needs_second_factor(request.user),
        "at": timezone.now(),
    }
    return render(request, "people/account.html", context)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@login_required
def password(request: HttpRequest) -> HttpResponse:
    """GET asks for a new password; POST sets it and ends the account's other sessions."""
    form = forms.PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        try:
            user = actions.change_password(user=request.user, old=old, new=new, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            auth.update_session_auth_hash(request, user)
            messages.success(request, _("密码已修改"))
            return redirect("start")
    return render(request, "people/password.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """GET asks for the code of the authenticator; POST checks it."""
    if not user_has_device(request.user):
        return redirect("second_factor_setup")
    form = forms.TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            token = form.cleaned_data["token"]
            device = actions.show_second_factor(user=request.user, token=token, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            show_device(request, device)
            return redirect(next_page(request))
    context = {
        "form": form,
        "next": next_page(request, default=""),
        "code": _demo_code(request.user),
    }
    return render(request, "people/second_factor.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def second_factor_setup(request: HttpRequest) -> HttpResponse:
    """GET shows the code to scan; POST makes its secret, or puts it in force with a first token."""
    if user_has_device(request.user):
        return redirect("account" if request.user.is_verified() else "second_factor")
    form = forms.TokenForm(request.POST if "token" in request.POST else None)
    if request.method == "POST" and "token" not in request.POST:
        actions.begin_second_factor(user=request.user)
        return redirect("second_factor_setup")
    if form.is_valid():
        try:
            token = form.cleaned_data["token"]
            device = actions.confirm_second_factor(
                user=request.user, token=token, at=timezone.now()
            )
        except Refusal as refusal:
            form.add_error("token", say(refusal))
        else:
            show_device(request, device)
            messages.success(request, _("动态口令已启用"))
            return redirect("start")
    return render(request, "people/second_factor_setup.html", _setup(request.user) | {"form": form})


def _setup(user: User) -> dict[str, object]:
    """Return what the set-up page shows of the authenticator being set up."""
    device = user.totpdevice_set.filter(confirmed=False).first()
    if device is None:
        return {"device": None}
    secret = device.config_url.partition("secret=")[2].partition("&")[0]
    return {"device": device, "qr": _qr(device), "secret": secret, "code": _demo_code(user)}


def _qr(device) -> SafeString:
    """Return the authenticator's address as an inline SVG."""
    code = segno.make(device.config_url, error="m")
    return mark_safe(code.svg_inline(scale=5, border=2, light="#ffffff"))


def _demo_code(user: User) -> str:
    """Return the code of the moment in the sample town, where nobody has the telephone."""
    device = user.totpdevice_set.first() if settings.DEMO else None
    return f"{totp(device.bin_key):06d}" if device is not None else ""
