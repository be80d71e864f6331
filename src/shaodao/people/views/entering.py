"""Logging in and out, and where the day begins."""

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.people import actions, forms
from shaodao.people.models import roles_of
from shaodao.people.policy import Role

from .parts import next_page

# Where a person's day begins: the first of these roles they hold decides.
_FIRST_PAGES = (
    ({Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.VERIFIER, Role.HANDLER}, "desk"),
    ({Role.GRID_WORKER}, "today"),
    ({Role.LEADER, Role.SECRETARY}, "figures"),
    ({Role.ADMIN, Role.SECURITY}, "people"),
    ({Role.AUDITOR}, "audit"),
)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """GET shows the log-in page; POST lets a member of staff in."""
    if request.user.is_authenticated:
        return redirect("start")
    form = forms.LoginForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = auth.authenticate(request, **form.cleaned_data)
        if user is not None:
            auth.login(request, user)
            return redirect(next_page(request))
        form.add_error(None, _("用户名或密码不对，或者账号已停用、已锁定"))
    context = {
        "form": form,
        "next": next_page(request, default=""),
        "accounts": _demo_accounts(),
        "has_oidc": bool(settings.OIDC_RP_CLIENT_ID),
    }
    return render(request, "people/login.html", context, status=403 if form.errors else 200)


def _demo_accounts() -> list:
    """Return the sample town's accounts, where this is the sample town."""
    return import_string(settings.DEMO_ACCOUNTS)() if settings.DEMO else []


@require_POST
@login_required
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    actions.log_out(user=request.user, at=timezone.now())
    auth.logout(request)
    return redirect("login")


@require_GET
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Lead a person to the page their work begins on."""
    roles = roles_of(request.user)
    for held, name in _FIRST_PAGES:
        if held & roles:
            return redirect(name)
    return redirect("account")
