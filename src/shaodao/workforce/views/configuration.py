"""The rules of the workforce: six posts, criteria, weights. Read by all staff, set by one."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.people.models import Unit, posts_of, roles_of
from shaodao.people.policy import Role
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import configuring
from shaodao.workforce.models import Charge, Criterion, Indicator
from shaodao.workforce.queries.charges import nearest

from .parts import asked, given, made

SETS = {"criteria": Criterion, "indicators": Indicator}


def _place(request: HttpRequest) -> Unit | None:
    """Return the place the reader's rules are for: their county; None at the root of the tree."""
    posts = [post for post in posts_of(request.user) if post.role == Role.SECURITY]
    first = (posts or posts_of(request.user) or [None])[0]
    if first is None:
        raise PermissionDenied
    return first.unit if first.unit.parent_id is not None else None


def _in_force(request: HttpRequest, model) -> list:
    unit = _place(request)
    rows = model.objects.visible_to(request.user).in_force(timezone.localdate())
    return nearest(rows, unit.ancestor_ids if unit else [])


@login_required
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """GET: the six posts, the criteria and the weights in force where the reader works."""
    context = {
        "tab": "rules",
        "charges": _in_force(request, Charge),
        "criteria": [
            (row, policy.BASIS_LABELS[row.basis]) for row in _in_force(request, Criterion)
        ],
        "indicators": [(row, policy.FIGURES[row.code]) for row in _in_force(request, Indicator)],
        "may_set": Role.SECURITY in roles_of(request.user),
        "to_come": Charge.objects.visible_to(request.user).filter(
            valid_from__gt=timezone.localdate()
        ),
    }
    return render(request, "workforce/rules.html", context)


def _setters_only(request: HttpRequest) -> None:
    if Role.SECURITY not in roles_of(request.user):
        raise PermissionDenied


@login_required
@require_http_methods(["GET", "POST"])
def charge(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks what one of the six posts is to be called; POST sets it from its day on."""
    _setters_only(request)
    row = next((row for row in _in_force(request, Charge) if row.code == code), None)
    if row is None:
        raise Http404
    known = {name: getattr(row, name) for name in ("name", "holder_name", "what")}
    form = forms.ChargeForm(given(request), initial=known | {"valid_from": timezone.localdate()})

    def act():
        data = dict(form.cleaned_data)
        names = tuple(data.pop(name) for name in known)
        own = {"unit": _place(request), "actor": request.user, "at": timezone.now()}
        configuring.set_charge(code=code, names=names, **own, **data)

    back = reverse("workforce_rules")
    return made(request, form, act, back, _("已记入日志，从生效日起执行")) or asked(
        request, form, _("修改岗位名称"), back
    )


@login_required
@require_http_methods(["GET", "POST"])
def weights(request: HttpRequest, which: str) -> HttpResponse:
    """GET asks for the weights of the criteria or the indicators; POST sets them from a day on."""
    _setters_only(request)
    if which not in SETS:
        raise Http404
    rows = _in_force(request, SETS[which])
    named = [(r.code, r.label if which == "criteria" else policy.FIGURES[r.code][0]) for r in rows]
    initial = {f"weight_{row.code}": row.weight for row in rows} | {
        "valid_from": timezone.localdate()
    }
    form = forms.WeightsForm(given(request), rows=named, initial=initial)

    def act():
        data = {name: form.cleaned_data[name] for name in ("valid_from", "source", "why")}
        configuring.set_weights(
            of=SETS[which], unit=_place(request), weights=form.weights(), actor=request.user,
            at=timezone.now(), **data,
        )  # fmt: skip

    back, said = reverse("workforce_rules"), _("已记入日志，从生效日起执行")
    done = made(request, form, act, back, said)
    return done or asked(request, form, _("修改权重（合计 100）"), back)
