"""Logging in and one's own account; accounts, posts and units for administrators; their journal."""

from collections.abc import Mapping

import segno
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as show_device
from django_otp import user_has_device
from django_otp.oath import totp

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say

from . import actions, forms, policy
from .models import AccountEntry, Post, Unit, User, posts_of, roles_of
from .policy import Duty, Role
from .queries import names_of_subjects, units_by_id

PAGE = 40
# Where a person's day begins: the first of these roles they hold decides.
_FIRST_PAGES = (
    ({Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.VERIFIER, Role.HANDLER}, "desk"),
    ({Role.GRID_WORKER}, "today"),
    ({Role.LEADER, Role.SECRETARY}, "figures"),
    ({Role.ADMIN, Role.SECURITY}, "people"),
    ({Role.AUDITOR}, "audit"),
)
# What an administrator does to one account: its form, the action, whether it shows a password.
_DOINGS = {
    Duty.CHANGE: (forms.PersonForm, actions.change_user),
    Duty.RESET_PASSWORD: (forms.WhyForm, actions.reset_password),
    Duty.DEACTIVATE: (forms.WhyForm, actions.deactivate),
    Duty.REACTIVATE: (forms.WhyForm, actions.reactivate),
    Duty.UNLOCK: (forms.WhyForm, actions.unlock),
    Duty.FORGET_SECOND_FACTOR: (forms.WhyForm, actions.forget_second_factor),
}
_ADMINISTRATORS = frozenset({Role.ADMIN, Role.SECURITY})
_DANGEROUS = frozenset({Duty.DEACTIVATE, Duty.RESET_PASSWORD, Duty.FORGET_SECOND_FACTOR})


# ---- in and out ----------------------------------------------------------------------------


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
            return redirect(_next(request))
        form.add_error(None, _("用户名或密码不对，或者账号已停用、已锁定"))
    context = {
        "form": form,
        "next": _next(request, default=""),
        "accounts": _demo_accounts(),
        "has_oidc": bool(settings.OIDC_RP_CLIENT_ID),
    }
    return render(request, "people/login.html", context, status=403 if form.errors else 200)


def _next(request: HttpRequest, default: str = "/accounts/start/") -> str:
    url = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else default


def _demo_accounts() -> list:
    """Return the sample town's accounts, where this is the sample town."""
    path = getattr(settings, "DEMO_ACCOUNTS", "")
    return import_string(path)() if settings.DEMO and path else []


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
            try:
                return redirect(name)
            except NoReverseMatch:  # a page that is not installed here
                continue
    return redirect("account")


# ---- one's own account ---------------------------------------------------------------------


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show a person their own account, posts and what was done to it."""
    page = keyset(
        AccountEntry.objects.about(request.user).select_related("actor"),
        order=[("seq", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    context = {
        "posts": posts_of(request.user),
        "roles": _in_words(policy.ROLE_LABELS),
        "entries": _told(page),
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
            return redirect(_next(request))
    context = {"form": form, "next": _next(request, default=""), "code": _demo_code(request.user)}
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


def _in_words(labels: Mapping) -> dict[str, str]:
    """Return a table's labels in the reader's language."""
    return {code: _(label) for code, label in labels.items()}


def _told(page) -> list[dict[str, object]]:
    """Return entries of the journal as a history shows them."""
    return [
        {
            "label": _(policy.entry_label(entry.name)),
            "at": entry.at,
            "who": entry.actor.name if entry.actor_id else "",
            "text": _facts(entry),
            "note": entry.why,
            "tone": _TONES.get(entry.name, "plain"),
        }
        for entry in page
    ]


_TONES = {"lock_out": "late", "log_in_refused": "warn", "deactivate": "void", "appoint": "done"}


def _facts(entry: AccountEntry) -> str:
    """Return what an entry says beside its name, in words where there are words for it."""
    facts = entry.facts
    said = [_(policy.ROLE_LABELS[Role(facts["role"])])] if "role" in facts else []
    if (pk := facts.get("unit")) in (known := units_by_id()):
        said.append(known[pk].short_name)
    said += [str(facts[key]) for key in ("since", "from", "until", "value", "by") if key in facts]
    return " ".join(said)


# ---- accounts ------------------------------------------------------------------------------


def _only(request: HttpRequest, roles: frozenset[Role]) -> None:
    """Let nobody in without one of `roles`."""
    if not roles & roles_of(request.user):
        raise PermissionDenied


@require_GET
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """List the accounts of an administrator's area, found by name, user name or phone."""
    _only(request, _ADMINISTRATORS)
    words = request.GET.get("q", "").strip()
    page = keyset(
        User.objects.visible_to(request.user).found_by(words).with_posts(),
        order=[("username", "asc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    context = {
        "page": page,
        "q": words,
        "roles": _in_words(policy.ROLE_LABELS),
        "at": timezone.now(),
    }
    return render(request, "people/people.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def person_new(request: HttpRequest) -> HttpResponse:
    """GET asks who the account is for; POST makes it and shows its first password."""
    _only(request, frozenset({Role.ADMIN}))
    form = forms.NewPersonForm(
        request.POST if request.method == "POST" else None, user=request.user
    )
    if form.is_valid():
        try:
            user, secret = actions.create_user(
                actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return render(request, "people/secret.html", {"person": user, "secret": secret})
    context = {"form": form, "units": _units_to_name(request.user)}
    return render(request, "people/form.html", context | {"title": _("新建账号")})


@require_GET
@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account with its posts and everything done to it."""
    _only(request, _ADMINISTRATORS)
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    entries = AccountEntry.objects.visible_to(request.user).filter(subject=f"user:{user.pk}")
    page = keyset(
        entries.select_related("actor"),
        order=[("seq", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    context = {
        "person": user,
        "roles": _in_words(policy.ROLE_LABELS),
        "posts": user.posts.select_related("unit").order_by("-since", "pk"),
        "doings": _doings_for(request.user, user),
        "may_appoint": Role.SECURITY in roles_of(request.user),
        "has_device": user_has_device(user),
        "page": page,
        "entries": _told(page),
        "at": timezone.now(),
    }
    return render(request, "people/person.html", context)


def _doings_for(actor: User, user: User) -> list[tuple[Duty, str, bool]]:
    """Return what `actor` may do to the account now: the duty, its label, whether it is grave."""
    is_now = {
        Duty.DEACTIVATE: user.is_active,
        Duty.REACTIVATE: not user.is_active,
        Duty.UNLOCK: user.locked_until is not None,
    }
    held = roles_of(actor) if actor.pk != user.pk else frozenset()
    return [
        (duty, policy.DUTIES[duty][0], duty in _DANGEROUS)
        for duty in _DOINGS
        if policy.DUTIES[duty][1] in held and is_now.get(duty, True)
    ]


@require_http_methods(["GET", "POST"])
@login_required
def person_do(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET asks why something is done to an account; POST does it."""
    if name not in _DOINGS:
        raise Http404
    duty = Duty(name)
    _only(request, frozenset({policy.DUTIES[duty][1]}))
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    form_class, act = _DOINGS[duty]
    form = form_class(request.POST if request.method == "POST" else None, initial=vars(user))
    if form.is_valid():
        try:
            done = act(user=user, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return _done(request, user, duty, done)
    context = {"form": form, "person": user, "danger": duty in _DANGEROUS}
    return render(request, "people/form.html", context | {"title": _(policy.DUTIES[duty][0])})


def _done(request: HttpRequest, user: User, duty: Duty, done: object) -> HttpResponse:
    if duty == Duty.RESET_PASSWORD:
        return render(request, "people/secret.html", {"person": user, "secret": done})
    messages.success(request, _("已办理：%(what)s") % {"what": _(policy.DUTIES[duty][0])})
    return redirect("person", pk=user.pk)


@require_http_methods(["GET", "POST"])
@login_required
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks for role, unit and term; POST gives the post."""
    _only(request, frozenset({Role.SECURITY}))
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    today = {"since": timezone.localdate()}
    given = request.POST if request.method == "POST" else None
    form = forms.PostForm(given, user=request.user, initial=today)
    if form.is_valid():
        values = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        try:
            actions.appoint(user=user, actor=request.user, at=timezone.now(), **values)
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("person", pk=user.pk)
    context = {"form": form, "person": user, "units": _units_to_name(request.user)}
    return render(request, "people/form.html", context | {"title": _("任命岗位")})


@require_http_methods(["GET", "POST"])
@login_required
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a post is no longer held; POST ends it."""
    _only(request, frozenset({Role.SECURITY}))
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("user"), pk=pk)
    today = {"until": timezone.localdate()}
    form = forms.EndPostForm(request.POST if request.method == "POST" else None, initial=today)
    if form.is_valid():
        try:
            actions.end_post(post=post, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("person", pk=post.user_id)
    context = {"form": form, "person": post.user, "danger": True}
    return render(request, "people/form.html", context | {"title": _("免去岗位")})


# ---- units ---------------------------------------------------------------------------------


def _units_to_name(user: User) -> list[Unit]:
    """Return units to offer while a unit is typed; whoever knows another one types its code."""
    return list(Unit.objects.visible_to(user).in_force().order_by("path")[:300])


@require_GET
@login_required
def units(request: HttpRequest) -> HttpResponse:
    """List the units an administrator is posted to."""
    _only(request, _ADMINISTRATORS)
    posts = [post for post in posts_of(request.user) if post.role in _ADMINISTRATORS]
    tops = {post.unit_id: post.unit for post in posts}
    if len(tops) == 1:
        return redirect("unit", pk=next(iter(tops)))
    return render(request, "people/units.html", {"units": tops.values()})


@require_http_methods(["GET", "POST"])
@login_required
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows a unit, its people and the units below; POST changes its name, phone or hours."""
    _only(request, _ADMINISTRATORS)
    here = get_object_or_404(Unit.objects.visible_to(request.user).select_related("parent"), pk=pk)
    form = forms.UnitForm(request.POST if request.method == "POST" else None, initial=vars(here))
    if form.is_valid():
        try:
            here = actions.change_unit(
                unit=here, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("单位信息已修改"))
            return redirect("unit", pk=here.pk)
        except Refusal as refusal:
            form.add_error(None, say(refusal))
    return render(request, "people/unit.html", _unit_context(request, here) | {"form": form})


def _unit_context(request: HttpRequest, here: Unit) -> dict[str, object]:
    below = Unit.objects.visible_to(request.user).filter(parent=here)
    posts = Post.objects.visible_to(request.user).in_force().filter(unit=here)
    return {
        "unit": here,
        "is_top": here.pk in {post.unit_id for post in posts_of(request.user)},
        "may_change": Role.ADMIN in roles_of(request.user),
        "posts": posts.select_related("user").order_by("role", "pk")[:200],
        "page": keyset(below, order=[("path", "asc")], after=request.GET.get("after"), size=PAGE),
        "roles": _in_words(policy.ROLE_LABELS),
        "kinds": _in_words(policy.KIND_LABELS),
        "levels": _in_words(policy.LEVEL_LABELS),
    }


# ---- the journal ---------------------------------------------------------------------------


@require_GET
@login_required
def audit(request: HttpRequest) -> HttpResponse:
    """Show an auditor everything done to accounts, posts and rules."""
    _only(request, frozenset({Role.AUDITOR}))
    entries = AccountEntry.objects.visible_to(request.user)
    if (name := request.GET.get("name", "")) in _ENTRY_NAMES:
        entries = entries.filter(name=name)
    page = keyset(
        entries.select_related("actor", "unit"),
        order=[("seq", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    rows = list(zip(page, _told(page), strict=True))
    labels = names_of_subjects(entry.subject for entry in page)
    context = {"page": page, "rows": rows, "labels": labels, "name": name, "names": _ENTRY_NAMES}
    return render(request, "people/audit.html", context | {"at": timezone.now()})


_ENTRY_NAMES = {
    **policy.OWN_ENTRIES,
    **{duty.value: label for duty, (label, _role) in policy.DUTIES.items()},
}
