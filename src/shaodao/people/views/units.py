"""The tree of units, for administrators."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.people import actions, forms, policy
from shaodao.people.models import Post, Unit, posts_of, roles_of
from shaodao.people.policy import Role

from .parts import ADMINISTRATORS, PAGE, in_words, only


@require_GET
@login_required
def units(request: HttpRequest) -> HttpResponse:
    """List the units an administrator is posted to."""
    only(request, ADMINISTRATORS)
    posts = [post for post in posts_of(request.user) if post.role in ADMINISTRATORS]
    tops = {post.unit_id: post.unit for post in posts}
    if len(tops) == 1:
        return redirect("unit", pk=next(iter(tops)))
    return render(request, "people/units.html", {"units": tops.values()})


@require_http_methods(["GET", "POST"])
@login_required
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows a unit, its people and the units below; POST changes its name, phone or hours."""
    only(request, ADMINISTRATORS)
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
        "roles": in_words(policy.ROLE_LABELS),
        "kinds": in_words(policy.KIND_LABELS),
        "levels": in_words(policy.LEVEL_LABELS),
    }
