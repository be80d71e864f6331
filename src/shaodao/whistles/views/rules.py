"""What whistles work by: limits by kind and step, and which post of a grid answers for what."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cases.rules import rules as case_rules
from shaodao.cores.worktime import TimeUnit
from shaodao.kit.wording import say
from shaodao.people.models import Unit, roles_of
from shaodao.people.policy import AccountRefused, Role
from shaodao.people.queries import units_by_id
from shaodao.whistles import actions, policy
from shaodao.whistles.forms import LimitForm, ResponderForm
from shaodao.whistles.models import ResponderRule, WhistleLimit


@require_GET
@login_required
def whistle_rules(request: HttpRequest) -> HttpResponse:
    """List the limits and responders in force and to come."""
    today = timezone.localdate()
    limits = WhistleLimit.objects.visible_to(request.user).on_or_after(today)
    responders = ResponderRule.objects.visible_to(request.user).on_or_after(today)
    steps = list(policy.Step)
    page = {
        "limits": sorted(limits, key=lambda row: (steps.index(policy.Step(row.step)), row.kind)),
        "responders": responders.order_by("category", "valid_from"),
        "categories": case_rules().categories,
        "units": units_by_id(),
        "may_set": Role.SECURITY in roles_of(request.user),
        "today": today,
    }
    return render(request, "whistles/rules.html", page)


@require_http_methods(["GET", "POST"])
@login_required
def limit_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a limit; POST sets it from its day on."""
    _setters_only(request)
    form = LimitForm(_given(request), initial={"valid_from": timezone.localdate()})

    def act(values, why):
        values |= {
            "kind": policy.Kind(values["kind"]),
            "step": policy.Step(values["step"]),
            "time_unit": TimeUnit(values["time_unit"]),
        }
        new = actions.NewLimit(**values)
        actions.set_limit(new=new, actor=request.user, at=timezone.now(), why=why)

    return _made(request, form, act) or _asked(request, form, _("设定吹哨时限"))


@require_http_methods(["GET", "POST"])
@login_required
def responder_new(request: HttpRequest) -> HttpResponse:
    """GET asks which post answers for a class; POST sets it from its day on."""
    _setters_only(request)
    book = case_rules().categories
    choices = [(code, book[code].name) for code in sorted(book)]
    form = ResponderForm(
        _given(request), categories=choices, initial={"valid_from": timezone.localdate()}
    )

    def act(values, why):
        values["category"] = book.get(values["category"])
        new = actions.NewResponder(**values)
        actions.set_responder(new=new, actor=request.user, at=timezone.now(), why=why)

    return _made(request, form, act) or _asked(request, form, _("设定响应岗位"))


def _setters_only(request: HttpRequest) -> None:
    if Role.SECURITY not in roles_of(request.user):
        raise PermissionDenied


def _given(request: HttpRequest):
    return request.POST if request.method == "POST" else None


def _made(request: HttpRequest, form, act) -> HttpResponse | None:
    if not form.is_bound or not form.is_valid():
        return None
    values = dict(form.cleaned_data)
    try:
        act(values, values.pop("why"))
    except AccountRefused as refusal:
        form.add_error(None, say(refusal))
        return None
    messages.success(request, _("已记入并执行"))
    return redirect("whistle_rules")


def _asked(request: HttpRequest, form, title: str) -> HttpResponse:
    units = Unit.objects.visible_to(request.user).in_force().order_by("path")[:300]
    page = {"form": form, "title": title, "units": [unit.short_name for unit in units]}
    status = 422 if form.errors else 200
    return render(request, "whistles/rule_form.html", page, status=status)
