"""A worker's own pages: posts to claim, what the card shows, promises, points."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.people.models import Cover
from shaodao.reports.queries import limits_on
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import appraising, showing
from shaodao.workforce.models import Promise, Score
from shaodao.workforce.queries import appraisal, cards, charges
from shaodao.workforce.sheets import picture_path

from .charges import shown_holding
from .parts import asked, given, made, tried


def _mine(request: HttpRequest) -> dict[str, object]:
    on = timezone.localdate()
    face = cards.faces_of([request.user], on=on)[request.user.pk]
    covers = Cover.objects.visible_to(request.user).in_force().select_related("absent", "by")
    return {
        "face": face,
        "missing": face.missing_labels,
        "holdings": [shown_holding(request, row) for row in charges.own_holdings(request.user)],
        "grids": charges.own_grids(request.user)[:12],
        "names": charges.names_for(request.user, on=on),
        "away": [row for row in covers if row.absent_id == request.user.pk],
        "covering": [row for row in covers if row.by_id == request.user.pk],
        "promises": [(row, policy.PROMISE_LABELS[row.mark]) for row in face.promises],
        "most": policy.MOST_PROMISES,
    }


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """GET: the reader's posts of the six, what their card lacks, promises, who stands in."""
    form = forms.PromiseForm()
    return render(request, "workforce/mine.html", _mine(request) | {"form": form})


@login_required
@require_http_methods(["GET", "POST"])
def disclosure(request: HttpRequest) -> HttpResponse:
    """GET asks for the photo and duties the reader's card shows; POST keeps them."""
    face = cards.faces_of([request.user], on=timezone.localdate())[request.user.pk]
    files = request.FILES if request.method == "POST" else None
    form = forms.DisclosureForm(given(request), files, initial={"duties": face.duties})
    back = reverse("workforce_mine")

    def act():
        limits = limits_on(timezone.localdate())
        showing.disclose(**form.cleaned_data, limits=limits, actor=request.user, at=timezone.now())

    title = _("连心牌上的我")
    done = made(request, form, act, back, _("已保存；已经发出的牌子会列入“要换”"))
    return done or asked(request, form, title, back)


@login_required
@require_POST
def promise(request: HttpRequest) -> HttpResponse:
    """POST: commit to one sentence."""
    form = forms.PromiseForm(given(request))

    def act():
        showing.promise(text=form.cleaned_data["text"], actor=request.user, at=timezone.now())

    done = made(request, form, act, reverse("workforce_mine"), _("已写上公示栏"))
    return done or asked(request, form, _("作出承诺"), reverse("workforce_mine"))


@login_required
@require_POST
def end_promise(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: take one's own promise off the board."""
    row = get_object_or_404(Promise.objects.visible_to(request.user), pk=pk, person=request.user)

    def act():
        showing.end_promise(row=row, actor=request.user, at=timezone.now())

    return tried(request, act, reverse("workforce_mine"), _("已撤下"))


@login_required
@require_GET
def portrait(request: HttpRequest, pk: int) -> FileResponse:
    """GET: the photo a worker shows on the card, to any member of staff."""
    path = picture_path(pk, only_public=False)
    if path is None:
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/jpeg")


@login_required
@require_GET
def my_appraisal(request: HttpRequest) -> HttpResponse:
    """GET: the reader's points line by line: so far, and as they were frozen."""
    on = timezone.localdate()
    scores = Score.objects.visible_to(request.user).filter(worker=request.user)
    own = {
        row.period_id: row for row in scores.select_related("period").prefetch_related("appeals")
    }
    rows = []
    for period in appraisal.periods_for(request.user)[:8]:
        if period.frozen_at is None:
            found = appraisal.standings(period, on=on, only=request.user)
            rows += [{"period": period, "lines": s.lines, "total": s.total} for s in found]
        elif score := own.get(period.pk):
            lines = [appraisal.line_from(line) for line in score.lines]
            shown = {"period": period, "lines": lines, "total": appraisal.total_of(score)}
            rows.append(shown | {"score": score, "appeals": list(score.appeals.all())})
    return render(request, "workforce/my_appraisal.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks what is wrong with a frozen score; POST appeals."""
    mine = Score.objects.visible_to(request.user).filter(worker=request.user)
    score = get_object_or_404(mine.select_related("period"), pk=pk)
    form = forms.AppealForm(given(request))
    back = reverse("my_appraisal")

    def act():
        text = form.cleaned_data["text"]
        appraising.appeal(score=score, text=text, actor=request.user, at=timezone.now())

    title = _("申诉：%(period)s") % {"period": score.period.name}
    return made(request, form, act, back, _("已提出申诉")) or asked(request, form, title, back)
