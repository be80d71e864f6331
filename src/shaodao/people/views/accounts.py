"""Accounts and posts, for administrators."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_otp import user_has_device

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.people import actions, forms, policy
from shaodao.people.models import AccountEntry, Post, User, roles_of
from shaodao.people.policy import Duty, Role

from .parts import ADMINISTRATORS, PAGE, history, in_words, only, told, units_to_name

# What an administrator does to one account: its form and the action.
_DOINGS = {
    Duty.CHANGE: (forms.PersonForm, actions.change_user),
    Duty.RESET_PASSWORD: (forms.WhyForm, actions.reset_password),
    Duty.DEACTIVATE: (forms.WhyForm, actions.deactivate),
    Duty.REACTIVATE: (forms.WhyForm, actions.reactivate),
    Duty.UNLOCK: (forms.WhyForm, actions.unlock),
    Duty.FORGET_SECOND_FACTOR: (forms.WhyForm, actions.forget_second_factor),
}
_DANGEROUS = frozenset({Duty.DEACTIVATE, Duty.RESET_PASSWORD, Duty.FORGET_SECOND_FACTOR})


@require_GET
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """List the accounts of an administrator's area, found by name, user name or phone."""
    only(request, ADMINISTRATORS)
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
        "roles": in_words(policy.ROLE_LABELS),
        "at": timezone.now(),
    }
    return render(request, "people/people.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def person_new(request: HttpRequest) -> HttpResponse:
    """GET asks who the account is for; POST makes it and shows its first password."""
    only(request, frozenset({Role.ADMIN}))
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
    context = {"form": form, "units": units_to_name(request.user)}
    return render(request, "people/form.html", context | {"title": _("新建账号")})


@require_GET
@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account with its posts and everything done to it."""
    only(request, ADMINISTRATORS)
    user = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    entries = AccountEntry.objects.visible_to(request.user).filter(subject=f"user:{user.pk}")
    page = history(entries, request)
    context = {
        "person": user,
        "home": actions.home_of(user),
        "roles": in_words(policy.ROLE_LABELS),
        "posts": user.posts.select_related("unit", "posted_to").order_by("-since", "pk"),
        "doings": _doings_for(request.user, user),
        "may_appoint": Role.SECURITY in roles_of(request.user),
        "has_device": user_has_device(user),
        "page": page,
        "entries": told(page),
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
    only(request, frozenset({policy.DUTIES[duty][1]}))
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
    only(request, frozenset({Role.SECURITY}))
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
    context = {"form": form, "person": user, "units": units_to_name(request.user)}
    return render(request, "people/form.html", context | {"title": _("任命岗位")})


@require_http_methods(["GET", "POST"])
@login_required
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a post is no longer held; POST ends it."""
    only(request, frozenset({Role.SECURITY}))
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


@require_http_methods(["GET", "POST"])
@login_required
def post_officer(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks for the street and the term; POST posts an officer of a department there."""
    only(request, frozenset({Role.SECURITY}))
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("user"), pk=pk)
    given = request.POST if request.method == "POST" else None
    today = {"since": timezone.localdate()}
    form = forms.PostOfficerForm(given, user=request.user, initial=today)
    if form.is_valid():
        try:
            actions.post_officer(
                post=post, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("person", pk=post.user_id)
    context = {"form": form, "person": post.user, "units": units_to_name(request.user)}
    return render(request, "people/form.html", context | {"title": _("派驻街道")})


@require_http_methods(["GET", "POST"])
@login_required
def officer_recall(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when an officer is no longer at a street; POST ends the posting."""
    only(request, frozenset({Role.SECURITY}))
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("user"), pk=pk)
    today = {"until": timezone.localdate()}
    form = forms.RecallForm(request.POST if request.method == "POST" else None, initial=today)
    if form.is_valid():
        try:
            actions.recall_officer(
                post=post, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("person", pk=post.user_id)
    context = {"form": form, "person": post.user, "danger": True}
    return render(request, "people/form.html", context | {"title": _("结束派驻")})
