"""What a county works by: limits, routes, numbers, categories; and who looked at personal details.

Everybody with a post may read the rules; the security administrator changes them.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cases import linkage, policy, rule_forms
from shaodao.cases.actions import PURPOSES, configuring
from shaodao.cases.models import DutyItem, JournalEntry, Limit, Route, Sector
from shaodao.cases.rules import rules
from shaodao.kit.paging import keyset
from shaodao.kit.wording import carried_out
from shaodao.people.actions import set_parameter
from shaodao.people.models import Parameter, Unit, posts_of, roles_of
from shaodao.people.policy import LEVEL_LABELS, MEASURES, Role
from shaodao.people.queries import units_by_id
from shaodao.reports.models import Category

PAGE = 60
_OTHER_NUMBERS = {"patrol_subjects": policy.N_("每周巡查的内容，用顿号隔开")}


def _readers_only(request: HttpRequest) -> None:
    if not posts_of(request.user):
        raise PermissionDenied


def _may_set(request: HttpRequest) -> bool:
    return Role.SECURITY in roles_of(request.user)


def _setters_only(request: HttpRequest) -> None:
    if not _may_set(request):
        raise PermissionDenied


def _given(request: HttpRequest):
    return request.POST if request.method == "POST" else None


def _made(request: HttpRequest, form, act, to: str) -> HttpResponse | None:
    """Carry out a change; None, with the refusal on the form, where it is refused."""
    if not carried_out(form, act):
        return None
    messages.success(request, _("已记入日志，从生效日起执行"))
    return redirect(to)


def _asked(request: HttpRequest, form, title: str, back: str) -> HttpResponse:
    units = Unit.objects.visible_to(request.user).in_force().order_by("path")[:300]
    context = {"form": form, "title": title, "back": back, "units": units}
    return render(request, "cases/rule_form.html", context)


def _rule_list(request: HttpRequest, template: str, rows, **context) -> HttpResponse:
    today = timezone.localdate()
    if not (with_past := "past" in request.GET):
        rows = rows.on_or_after(today)
    rows = rows.of_category(code := request.GET.get("category", ""))
    page = keyset(rows, order=context.pop("order"), after=request.GET.get("after"), size=PAGE)
    shared = {
        "page": page, "today": today, "may_set": _may_set(request), "with_past": with_past,
        "code": code, "categories": rules().categories, "units": units_by_id(),
    }  # fmt: skip
    return render(request, template, shared | context)


# ---- limits --------------------------------------------------------------------------------


@require_GET
@login_required
def limits(request: HttpRequest) -> HttpResponse:
    """List the limits in force and to come; with ?past also those that have ended."""
    _readers_only(request)
    steps = {code.value: _(label) for code, label in policy.STEP_LABELS.items()}
    rows = Limit.objects.visible_to(request.user)
    if (step := request.GET.get("step", "")) in steps:
        rows = rows.filter(step=step)
    order = [("step", "asc"), ("category", "asc"), ("valid_from", "asc")]
    return _rule_list(
        request, "cases/limits.html", rows, order=order, steps=steps, step=step, here="limits",
        levels={level.value: _(label) for level, label in LEVEL_LABELS.items()},
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def limit_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a limit; POST sets it from its day on."""
    _setters_only(request)
    form = rule_forms.LimitForm(_given(request), user=request.user, initial=_copied(request))

    def act():
        configuring.set_limit(
            new=configuring.NewLimit(**form.values()),
            actor=request.user, at=timezone.now(), why=form.cleaned_data["why"],
        )  # fmt: skip

    return _made(request, form, act, "limits") or _asked(request, form, _("设定时限"), "limits")


def _copied(request: HttpRequest) -> dict[str, object]:
    """Return what a form begins with: the row a new one is to replace, and today."""
    today = {"valid_from": timezone.localdate()}
    given = request.GET.get("like", "")
    like = Limit.objects.visible_to(request.user).filter(pk=given if given.isdigit() else 0).first()
    if like is None:
        return today
    return {
        **today, "step": like.step, "category": like.category_id, "amount": like.amount,
        "time_unit": like.time_unit, "is_hazard": like.is_hazard, "level": like.level,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def limit_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a limit no longer holds; POST ends it."""
    _setters_only(request)
    limit = get_object_or_404(Limit.objects.visible_to(request.user).select_related("unit"), pk=pk)
    form = rule_forms.EndForm(_given(request), initial={"until": timezone.localdate()})

    def act():
        configuring.end_limit(
            limit=limit, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    return _made(request, form, act, "limits") or _asked(request, form, _("停用时限"), "limits")


# ---- routes --------------------------------------------------------------------------------


@require_GET
@login_required
def routes(request: HttpRequest) -> HttpResponse:
    """List where cases go, by category and place."""
    _readers_only(request)
    rows = Route.objects.visible_to(request.user)
    targets = {code.value: _(label) for code, label in policy.TARGET_LABELS.items()}
    order = [("category", "asc"), ("rank", "asc"), ("valid_from", "asc")]
    return _rule_list(
        request, "cases/routes.html", rows, order=order, targets=targets, here="routes"
    )


@require_http_methods(["GET", "POST"])
@login_required
def route_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a route; POST sets it from its day on."""
    _setters_only(request)
    today = {"valid_from": timezone.localdate()}
    form = rule_forms.RouteForm(_given(request), user=request.user, initial=today)

    def act():
        configuring.set_route(
            new=configuring.NewRoute(**form.values()),
            actor=request.user, at=timezone.now(), why=form.cleaned_data["why"],
        )  # fmt: skip

    return _made(request, form, act, "routes") or _asked(request, form, _("设定派遣规则"), "routes")


@require_http_methods(["GET", "POST"])
@login_required
def route_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a route no longer holds; POST ends it."""
    _setters_only(request)
    route = get_object_or_404(Route.objects.visible_to(request.user).select_related("unit"), pk=pk)
    form = rule_forms.EndForm(_given(request), initial={"until": timezone.localdate()})

    def act():
        configuring.end_route(
            route=route, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    return _made(request, form, act, "routes") or _asked(request, form, _("停用派遣规则"), "routes")


# ---- duty lists of streets, lines of work ------------------------------------------------------


@require_GET
@login_required
def duty_lists(request: HttpRequest) -> HttpResponse:
    """List what each street answers for, and the officers posted to it."""
    _readers_only(request)
    streets = linkage.streets_in_force()
    rows, given = DutyItem.objects.visible_to(request.user), request.GET.get("unit", "")
    officers = linkage.officers_at(streets)
    if given.isdigit() and len(given) < 18:
        rows, officers = rows.filter(unit=given), officers.filter(posted_to=given)
    order = [("unit", "asc"), ("category", "asc"), ("valid_from", "asc")]
    return _rule_list(
        request, "cases/duty_lists.html", rows, order=order, here="duty_lists", streets=streets,
        unit=given, officers=officers.order_by("posted_to", "unit", "pk"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def duty_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a duty of a street; POST puts it on the list from its day on."""
    _setters_only(request)
    today = {"valid_from": timezone.localdate()}
    form = rule_forms.DutyForm(_given(request), user=request.user, initial=today)

    def act():
        configuring.set_duty(
            new=configuring.NewDuty(**form.values()),
            actor=request.user, at=timezone.now(), why=form.cleaned_data["why"],
        )  # fmt: skip

    title = _("加一项职责")
    return _made(request, form, act, "duty_lists") or _asked(request, form, title, "duty_lists")


@require_http_methods(["GET", "POST"])
@login_required
def duty_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a duty is off the list; POST takes it off."""
    _setters_only(request)
    duty = get_object_or_404(DutyItem.objects.visible_to(request.user), pk=pk)
    form = rule_forms.EndForm(_given(request), initial={"until": timezone.localdate()})

    def act():
        configuring.end_duty(duty=duty, actor=request.user, at=timezone.now(), **form.cleaned_data)

    title = _("移出职责清单")
    return _made(request, form, act, "duty_lists") or _asked(request, form, title, "duty_lists")


@require_GET
@login_required
def sector_rules(request: HttpRequest) -> HttpResponse:
    """List the lines of work, their offices and what is tagged with them by rule."""
    _readers_only(request)
    today, rows = timezone.localdate(), Sector.objects.visible_to(request.user)
    if not (with_past := "past" in request.GET):
        rows = rows.on_or_after(today)
    context = {
        "rows": rows.order_by("unit", "code", "valid_from")[:300], "today": today,
        "with_past": with_past, "may_set": _may_set(request), "units": units_by_id(),
        "categories": rules().categories, "here": "sector_rules",
    }  # fmt: skip
    return render(request, "cases/sector_rules.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def sector_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a line of work; POST sets it from its day on."""
    _setters_only(request)
    today = {"valid_from": timezone.localdate()}
    form = rule_forms.SectorForm(_given(request), user=request.user, initial=today)

    def act():
        configuring.set_sector(
            new=configuring.NewSector(**form.values()),
            actor=request.user, at=timezone.now(), why=form.cleaned_data["why"],
        )  # fmt: skip

    title = _("设定工作条线")
    return _made(request, form, act, "sector_rules") or _asked(request, form, title, "sector_rules")


@require_http_methods(["GET", "POST"])
@login_required
def sector_end(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks from when a line of work takes no more cases; POST ends it."""
    _setters_only(request)
    sector = get_object_or_404(Sector.objects.visible_to(request.user), pk=pk)
    form = rule_forms.EndForm(_given(request), initial={"until": timezone.localdate()})

    def act():
        configuring.end_sector(
            sector=sector, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = _("停用工作条线")
    return _made(request, form, act, "sector_rules") or _asked(request, form, title, "sector_rules")


# ---- numbers -------------------------------------------------------------------------------


def _numbers() -> dict[str, tuple[str, str]]:
    """Return the numbers that have a page: their label and what they are counted in."""
    plain = {name: (_(m.label), _(m.unit) if m.unit else "") for name, m in MEASURES.items()}
    del plain[configuring.SMALL_MATTER]  # set beside each category
    return plain | {name: (_(label), "") for name, label in _OTHER_NUMBERS.items()}


@require_GET
@login_required
def parameters(request: HttpRequest) -> HttpResponse:
    """List the numbers a county may set, with what holds today and what will."""
    _readers_only(request)
    today, numbers = timezone.localdate(), _numbers()
    rows = Parameter.objects.visible_to(request.user).filter(name__in=numbers).on_or_after(today)
    held = {name: [] for name in numbers}
    for row in rows.order_by("name", "valid_from", "pk"):
        held[row.name].append(row)
    table = [(name, *numbers[name], rows) for name, rows in held.items()]
    context = {"table": table, "today": today, "units": units_by_id(), "here": "parameters"}
    return render(request, "cases/parameters.html", context | {"may_set": _may_set(request)})


@require_http_methods(["GET", "POST"])
@login_required
def parameter_set(request: HttpRequest, name: str) -> HttpResponse:
    """GET asks for a new value; POST sets it from its day on."""
    if name not in (numbers := _numbers()):
        raise Http404
    _setters_only(request)
    today = {"valid_from": timezone.localdate()}
    form = rule_forms.NumberForm(_given(request), user=request.user, initial=today)

    def act():
        set_parameter(name=name, actor=request.user, at=timezone.now(), **form.cleaned_data)

    return _made(request, form, act, "parameters") or _asked(
        request, form, numbers[name][0], "parameters"
    )


# ---- categories ----------------------------------------------------------------------------


@require_GET
@login_required
def categories(request: HttpRequest) -> HttpResponse:
    """List the categories with how long their cases are kept and what they need."""
    _readers_only(request)
    today = timezone.localdate()
    small = Parameter.objects.visible_to(request.user).filter(name=configuring.SMALL_MATTER)
    held = {row.subject: row.value == "1" for row in small.in_force(today).order_by("valid_from")}
    rows = [(row, held.get(row.pk, False)) for row in _in_order(rules().categories.values())]
    at_root = any(p.role == Role.SECURITY and not p.unit.parent_id for p in posts_of(request.user))
    context = {"rows": rows, "may_set": _may_set(request), "may_set_all": at_root}
    return render(request, "cases/categories.html", context | {"here": "categories"})


def _in_order(rows) -> list[Category]:
    """Return the categories with each picture before its own."""

    def place(row: Category) -> tuple:
        top = row.parent or row
        return (top.rank, top.pk, row.parent_id is not None, row.rank, row.pk)

    return sorted(rows, key=place)


@require_http_methods(["GET", "POST"])
@login_required
def category(request: HttpRequest, code: str) -> HttpResponse:
    """GET shows what holds for a category; POST changes it everywhere."""
    _setters_only(request)
    if (row := rules().categories.get(code)) is None:
        raise Http404
    form = rule_forms.CategoryForm(_given(request), initial=vars(row))

    def act():
        configuring.set_category(
            category=row, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    return _made(request, form, act, "categories") or _asked(request, form, row.name, "categories")


@require_http_methods(["GET", "POST"])
@login_required
def small_matter(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks whether a category is a small matter; POST says so from a day on."""
    _setters_only(request)
    if (row := rules().categories.get(code)) is None:
        raise Http404
    today = {"valid_from": timezone.localdate(), "is_small": True}
    form = rule_forms.SmallMatterForm(_given(request), user=request.user, initial=today)

    def act():
        configuring.set_small_matter(
            category=row, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = _("%(name)s 算不算小事") % {"name": row.name}
    return _made(request, form, act, "categories") or _asked(request, form, title, "categories")


# ---- who looked ----------------------------------------------------------------------------


@require_GET
@login_required
def looks(request: HttpRequest) -> HttpResponse:
    """Show an auditor who looked at residents' details, at whose, and what for."""
    if Role.AUDITOR not in roles_of(request.user):
        raise PermissionDenied
    entries = JournalEntry.objects.visible_to(request.user).filter(name="unmask")
    page = keyset(
        entries.select_related("actor", "case").defer("case__search"),
        order=[("at", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    purposes = {code: _(label) for code, label in PURPOSES.items()}
    return render(request, "cases/looks.html", {"page": page, "purposes": purposes})
