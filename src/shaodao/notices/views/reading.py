"""One's own mailbox, and by which channels one wants to hear."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.kit.paging import keyset
from shaodao.notices import actions, forms
from shaodao.notices.models import Notice
from shaodao.notices.queries import said
from shaodao.people.actions import change_email
from shaodao.people.frames import frame_of
from shaodao.people.models import roles_of
from shaodao.people.policy import Role

PAGE = 30


@login_required
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the reader's notices, what is unread first; `?tab=all` shows all by date."""
    is_all = request.GET.get("tab") == "all"
    notices = Notice.objects.visible_to(request.user)
    shown = notices if is_all else notices.filter(read_at=None)
    page = keyset(shown, order=(("pk", "desc"),), after=request.GET.get("after"), size=PAGE)
    context = {
        "page": page, "rows": said(page.rows, at=(at := timezone.now())), "is_all": is_all,
        "newest": page.rows[0].pk if page.rows else 0, "at": at, "frame": frame_of(request.user),
        "runs_channels": Role.ADMIN in roles_of(request.user),
    }  # fmt: skip
    return render(request, "notices/mailbox.html", context)


@login_required
@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark the reader's notices as read up to the one named, and go back to the mailbox."""
    upto = request.POST.get("upto", "")
    if upto.isascii() and upto.isdigit() and len(upto) < 18:
        actions.read(user=request.user, upto=int(upto), at=timezone.now())
    return redirect("mailbox")


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one notice as read and go to what it is about."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    actions.read_one(notice=notice, at=timezone.now())
    url = notice.link
    return redirect(url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else "mailbox")


@login_required
@require_http_methods(["GET", "POST"])
def preferences_of_notices(request: HttpRequest) -> HttpResponse:
    """GET asks by which channels the reader wants to hear of what; POST keeps it."""
    given = request.POST if request.method == "POST" else None
    form = forms.PreferenceForm(given, user=request.user, at=(at := timezone.now()))
    if form.is_valid():
        change_email(user=request.user, email=form.cleaned_data["email"], at=at)
        actions.prefer(user=request.user, **form.preference())
        messages.success(request, _("接收设置已保存"))
        return redirect("mailbox")
    context = {"form": form, "frame": frame_of(request.user)}
    return render(request, "notices/preferences.html", context)
