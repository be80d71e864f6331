"""Choosing a grid worker: names, marks line by line, public notice, comments."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.kit.paging import keyset
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import choosing
from shaodao.workforce.models import Candidate, Comment, Selection
from shaodao.workforce.queries import candidates as queries

from .parts import PAGE, asked, given, grid_of, made, may, tried


@login_required
@require_GET
def selections(request: HttpRequest) -> HttpResponse:
    """GET: the selections under the reader's posts, the latest first."""
    rows = queries.selections_for(request.user)
    page = keyset(rows, order=(("opened_at", "desc"),), after=request.GET.get("after"), size=PAGE)
    shown = [(row, policy.SELECTION_LABELS[row.status]) for row in page]
    return render(
        request, "workforce/selections.html", {"tab": "selections", "page": page, "rows": shown}
    )


@login_required
@require_http_methods(["GET", "POST"])
def selection_new(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks whom a grid is to get; POST begins the selection."""
    grid = grid_of(request, code)
    form = forms.SelectionForm(given(request))
    made_rows = []

    def act():
        is_head = form.cleaned_data["is_head"]
        made_rows.append(choosing.open_selection(grid=grid, is_head=is_head, actor=request.user, at=timezone.now()))  # fmt: skip # noqa: E501

    if done := made(request, form, act, "selections", _("已开始，请提名人选")):
        done["Location"] = reverse("selection", args=[made_rows[0].pk])
        return done
    title = _("选配网格员：%(grid)s") % {"grid": grid.unit.short_name}
    return asked(request, form, title, reverse("selections"))


def _selection(request: HttpRequest, pk: int) -> Selection:
    rows = Selection.objects.visible_to(request.user).select_related("grid__unit__parent", "chosen")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_GET
def selection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a selection's candidates in their order, every point explained, and its comments."""
    row, on = _selection(request, pk), timezone.localdate()
    is_open = row.status == policy.SelectionStatus.OPEN
    may_select = may(request, "select", row.grid.unit)
    criteria = queries.criteria_on(on, row.grid.unit.ancestor_ids)
    context = {
        "tab": "selections",
        "selection": row,
        "label": policy.SELECTION_LABELS[row.status],
        "ranking": queries.ranking_of(row, on=on),
        "criteria": [(one, policy.BASIS_LABELS[one.basis]) for one in criteria],
        "judged": [one for one in criteria if one.basis == policy.Basis.JUDGED],
        "comments": row.comments.order_by("at", "pk"),
        "form": forms.NominateForm() if is_open and may_select else None,
        "may_select": may_select,
        "is_open": is_open,
        "is_on_notice": row.status == policy.SelectionStatus.NOTICE,
    }
    return render(request, "workforce/selection.html", context)


@login_required
@require_POST
def nominate(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: name somebody."""
    row = _selection(request, pk)
    form = forms.NominateForm(given(request))
    back = reverse("selection", args=[pk])

    def act():
        person = queries.found_by(request.user, form.cleaned_data["person"].strip())
        if person is None:
            raise policy.WorkforceRefused(policy.N_("没有找到这个人，或者有同名的，请填用户名"))
        choosing.nominate(selection=row, person=person, actor=request.user, at=timezone.now())

    done = made(request, form, act, back, _("已提名"))
    return done or asked(request, form, _("提名人选"), back)


@login_required
@require_http_methods(["GET", "POST"])
def mark(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """GET asks for a candidate's mark under a criterion, with a sentence; POST keeps it."""
    rows = Candidate.objects.visible_to(request.user).select_related(
        "person", "selection__grid__unit"
    )
    row = get_object_or_404(rows, pk=pk)
    known = queries.criteria_on(timezone.localdate(), row.selection.grid.unit.ancestor_ids)
    criterion = next((one for one in known if one.code == code), None)
    if criterion is None or criterion.basis != policy.Basis.JUDGED:
        raise Http404
    before = row.marks.filter(code=code).values("mark", "said").first()
    form = forms.MarkForm(given(request), initial=before)
    back = reverse("selection", args=[row.selection_id])

    def act():
        choosing.mark_candidate(
            candidate=row, code=code, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = f"{row.person.name} · {_(criterion.label)}"
    return made(request, form, act, back, _("已打分")) or asked(request, form, title, back)


@login_required
@require_POST
def publish_selection(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: put the candidates with their points on public notice."""
    row = _selection(request, pk)

    def act():
        choosing.publish_selection(selection=row, actor=request.user, at=timezone.now())

    return tried(request, act, reverse("selection", args=[pk]), _("已开始公示"))


@login_required
@require_http_methods(["GET", "POST"])
def close_selection(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks why a selection ends without an appointment; POST ends it."""
    row = _selection(request, pk)
    form = forms.MoveForm(given(request))
    back = reverse("selection", args=[pk])

    def act():
        why = form.cleaned_data["why"]
        choosing.close_selection(selection=row, actor=request.user, at=timezone.now(), why=why)

    done = made(request, form, act, back, _("选配已终止"))
    return done or asked(request, form, _("终止选配"), back, danger=True)


@login_required
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows a comment and asks for an answer; POST answers it for everybody to read."""
    rows = Comment.objects.visible_to(request.user).select_related("selection__grid__unit")
    row = get_object_or_404(rows, pk=pk)
    form = forms.AnswerForm(given(request), initial={"answer": row.answer})
    back = reverse("selection", args=[row.selection_id])

    def act():
        text = form.cleaned_data["answer"]
        choosing.answer_comment(comment=row, answer=text, actor=request.user, at=timezone.now())

    title = _("答复公示意见")
    done = made(request, form, act, back, _("已答复"))
    return done or asked(request, form, title, back, quote=row.text)
