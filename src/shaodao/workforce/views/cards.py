"""Cards and boards: how doors stand, batches for the printer, boards, promises marked."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.people.models import Unit
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import printing, showing
from shaodao.workforce.models import Batch, Promise
from shaodao.workforce.queries import cards as queries

from .parts import asked, community_of, given, grid_of, made, may


def site_of(request: HttpRequest) -> str:
    """Return the address QR codes lead to, with its last slash."""
    base = settings.SITE_URL or request.build_absolute_uri("/")
    return base.rstrip("/") + "/"


@login_required
@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """GET: the communities whose doors the reader has cards printed for, and the latest batches."""
    areas = keyset(
        queries.card_areas(request.user),
        order=(("path", "asc"),),
        after=request.GET.get("after"),
        size=12,
    )
    on = timezone.localdate()
    batches = Batch.objects.visible_to(request.user).select_related("unit", "asked_by")
    context = {
        "tab": "cards",
        "page": areas,
        "states": [queries.state_of(unit, queries.doors_of(unit, on=on)) for unit in areas],
        "batches": [(row, policy.BATCH_LABELS[row.status]) for row in batches.order_by("-pk")[:10]],
    }
    return render(request, "workforce/cards.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def area_cards(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: how a community's doors stand and whose cards lack what; POST has cards set."""
    unit = community_of(request, pk)
    form = forms.BatchForm(given(request))
    if form.is_bound and form.is_valid():
        paper = policy.Paper(form.cleaned_data["paper"])
        only_due = form.cleaned_data["only_due"]
        batch = []

        def act():
            batch.append(printing.ask_cards(unit=unit, paper=paper, only_due=only_due, site=site_of(request), actor=request.user, at=timezone.now()))  # fmt: skip # noqa: E501

        if done := made(request, form, act, "cards", _("已排队，排好后在这里下载")):
            done["Location"] = reverse("card_batch", args=[batch[0].pk])
            return done
    return _area_page(request, unit, form)


def _area_page(request: HttpRequest, unit: Unit, form) -> HttpResponse:
    on = timezone.localdate()
    doors = queries.doors_of(unit, on=on)
    under = Unit.objects.visible_to(request.user).under([unit])
    context = {
        "tab": "cards",
        "unit": unit,
        "form": form,
        "state": queries.state_of(unit, doors),
        "incomplete": queries.incomplete(under, on=on),
        "due": [door for door in doors if door.is_due][:40],
        "may_print": may(request, "print_cards", unit),
        "grids": sorted({door.grid.code: door.grid for door in doors}.items()),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workforce/area_cards.html", context, status=status)


def _batch(request: HttpRequest, pk: int) -> Batch:
    rows = Batch.objects.visible_to(request.user).select_related("unit", "asked_by")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: how far a batch is; the page looks again by itself until it is done."""
    row = _batch(request, pk)
    running = row.status in {policy.BatchStatus.WAITING, policy.BatchStatus.SETTING}
    context = {
        "tab": "cards",
        "batch": row,
        "label": policy.BATCH_LABELS[row.status],
        "running": running,
        "share": row.n_done / row.n_doors if row.n_doors else 0.0,
    }
    context["paper"] = policy.PAPER_LABELS[row.paper]
    template = "workforce/batch.html#state" if request.htmx else "workforce/batch.html"
    return render(request, template, context)


@login_required
@require_GET
def batch_file(request: HttpRequest, pk: int) -> FileResponse:
    """GET: the set cards as one PDF."""
    row = _batch(request, pk)
    path = settings.MEDIA_ROOT / row.file if row.file else None
    if path is None or not path.is_file():
        raise Http404
    name = f"cards-{row.unit.code}-{row.pk}.pdf"
    return FileResponse(path.open("rb"), content_type="application/pdf", filename=name)


@login_required
@require_GET
def boards(request: HttpRequest, code: str) -> HttpResponse:
    """GET: a grid's boards: whether the printed ones are up to date; promises to be marked."""
    grid = grid_of(request, code)
    team = queries.team_of(grid, on=timezone.localdate())
    context = {
        "tab": "cards",
        "grid": grid,
        "team": team,
        "boards": queries.boards_of(grid, team),
        "may_print": may(request, "print_cards", grid.unit),
        "may_mark": may(request, "mark_promise", grid.unit),
        "labels": policy.PROMISE_LABELS,
    }
    return render(request, "workforce/boards.html", context)


@login_required
@require_POST
def board_file(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """POST: a grid's board as PDF; what it says is written down, so that a stale one is noticed."""
    grid = grid_of(request, code)
    if kind not in set(policy.BoardKind):
        raise Http404
    try:
        made_, _team = printing.print_board(grid=grid, kind=policy.BoardKind(kind), site=site_of(request), actor=request.user, at=timezone.now())  # fmt: skip # noqa: E501
    except Refusal as refusal:
        return HttpResponse(say(refusal), status=422, content_type="text/plain; charset=utf-8")
    name = f'inline; filename="{kind.lower()}-{grid.code}.pdf"'
    return HttpResponse(
        made_, content_type="application/pdf", headers={"Content-Disposition": name}
    )


@login_required
@require_http_methods(["GET", "POST"])
def mark_promise(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks how a promise was kept; POST writes it down for the public board."""
    rows = Promise.objects.visible_to(request.user).select_related("person")
    row = get_object_or_404(rows, pk=pk, ended_on=None)
    form = forms.PromiseMarkForm(given(request), initial={"mark": row.mark, "remark": row.remark})
    post = row.person.posts.in_force().filter(role="GRID_WORKER").select_related("unit").first()
    back = reverse("grid_boards", args=[post.unit.code]) if post else reverse("cards")

    def act():
        mark = policy.PromiseMark(form.cleaned_data["mark"])
        remark = form.cleaned_data["remark"]
        showing.mark_promise(
            row=row, mark=mark, remark=remark, actor=request.user, at=timezone.now()
        )

    title = f"{row.person.name}：{row.text}"
    return made(request, form, act, back, _("已记入公示栏")) or asked(request, form, title, back)
