"""The sample town's announcement: one under way, with doors reached and not, and a round."""

from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from shaodao.outreach import actions
from shaodao.outreach.models import Call
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Role
from shaodao.places.models import Household

RESULTS = ("phone", "phone", "in_person", "no_answer", "phone", "message", "not_home")
N_VISITS = 8


def announce(*, at: datetime) -> int:
    """Send an announcement in the first community that has a desk, and return its calls."""
    posts = Post.objects.in_force().filter(role=Role.INTAKE, unit__level="COMMUNITY")
    post = posts.select_related("unit", "user").order_by("unit__code", "pk").first()
    if post is None:
        return 0
    tomorrow = timezone.localtime(at).replace(hour=9, minute=0) + timedelta(days=1)
    words = actions.Words(
        title="明天上午老旧管网改造停水",
        text="改造西侧供水管，停水三个小时。请提前接好用水，关好水龙头。行动不便的住户，网格员会把水送上门。",
        begins_at=tomorrow,
        ends_at=tomorrow + timedelta(hours=3),
        place="小区西侧各楼栋",
        visit_needs=("WALKING",),
        visit_service="送水上门",
    )
    row = actions.announce(
        key=uuid5(NAMESPACE_URL, "sample-town:water-off"),
        words=words,
        unit=post.unit,
        areas=_grids(post.unit),
        compounds=[],
        actor=post.user,
        at=at,
    )
    actions.move(announcement=row, name="send", actor=post.user, at=at)
    calls = list(row.calls.select_related("worker").order_by("pk"))
    for n, call in enumerate(calls[: len(calls) * 2 // 3]):
        if call.worker is not None:
            _mark(call, RESULTS[n % len(RESULTS)], at=at + timedelta(minutes=n))
    _plan_visits(next(call.worker for call in calls if call.worker), at=at)
    return len(calls)


def _grids(community: Unit) -> list[Unit]:
    return list(Unit.objects.filter(parent=community, level="GRID").order_by("code")[:2])


def _mark(call: Call, result: str, *, at: datetime) -> None:
    actions.mark(call=call, result=result, actor=call.worker, at=at)


def _plan_visits(worker: User, *, at: datetime) -> None:
    for home in Household.objects.of_worker(worker).order_by("pk")[:N_VISITS]:
        actions.plan_visit(household=home, reason="月度走访", actor=worker, at=at)
    day = timezone.localdate(at) + timedelta(days=1)
    actions.plan_round(day=day, leaves=time(9), actor=worker, at=at)
