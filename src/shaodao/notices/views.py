"""The mailbox, and in a demo the text messages that would have gone out."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from shaodao.kit.paging import keyset
from shaodao.people.frames import frame_of

from . import actions
from .models import Notice
from .queries import text_messages

PAGE = 30


@login_required
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the reader's notices, what is unread first; `?tab=all` shows all by date."""
    is_all = request.GET.get("tab") == "all"
    notices = Notice.objects.visible_to(request.user)
    shown = notices if is_all else notices.filter(read_at=None)
    page = keyset(shown, order=(("pk", "desc"),), after=request.GET.get("after"), size=PAGE)
    newest = page.rows[0].pk if page.rows else 0
    context = {"page": page, "is_all": is_all, "newest": newest, "at": timezone.now()}
    context["frame"] = frame_of(request.user)
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
@require_GET
def outgoing(request: HttpRequest) -> HttpResponse:
    """Show, in a demo only, the text messages residents would have had."""
    if not settings.DEMO:
        raise Http404
    page = keyset(
        text_messages(), order=(("pk", "desc"),), after=request.GET.get("after"), size=PAGE
    )
    return render(request, "notices/outgoing.html", {"page": page, "at": timezone.now()})
