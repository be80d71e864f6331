"""Whistles, the summons of each unit they call, their clocks, and the configured rows."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from shaodao.cases.models import Case, Evidence, Remark
from shaodao.people.models import Unit, posts_of, rules_over
from shaodao.people.policy import CASE_ROLES
from shaodao.reports.models import Category, Report

from . import policy

USER = settings.AUTH_USER_MODEL
LIVE = sorted(stage.value for stage in policy.LIVE)
ENDED = sorted(stage.value for stage in policy.ENDED)


def _codes(enum):
    return [(code.value, code.name) for code in enum]


def _unit_ids(user) -> list[int]:
    return [post.unit_id for post in posts_of(user) if post.role in CASE_ROLES]


class WhistleQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the whistles blown in, or calling, a unit under a post of `user`."""
        units = _unit_ids(user)
        return self.filter(unit_ids__overlap=units) if units else self.none()

    def live(self):
        return self.filter(stage__in=LIVE)

    def for_list(self):
        related = ("case", "case__area", "whistler", "drafted_by")
        return (
            self.select_related(*related)
            .defer("case__search")
            .prefetch_related(
                models.Prefetch("summonses", Summons.objects.select_related("unit").order_by("pk"))
            )
        )


class Whistle(models.Model):
    """A call to several units to come and solve one case together (吹哨)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="whistles")
    kind = models.CharField(max_length=12, choices=_codes(policy.Kind))
    origin = models.CharField(max_length=12, choices=_codes(policy.Origin))
    whistler = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=_codes(policy.Stage))
    reason = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="+")
    measures = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)  # the last day for handling, as agreed in conference
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    blown_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)  # reviewed, before or after
    conferred_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    unit_ids = ArrayField(models.BigIntegerField())  # whistler; once blown area, units

    objects = WhistleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=~Q(stage__in=ENDED), name="whistle_one_open_for_a_case"
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=[*LIVE, "CLOSED"]) | Q(blown_at__isnull=False),
                name="whistle_live_was_blown",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=ENDED) | Q(ended_at__isnull=False),
                name="whistle_ended_has_end",
            ),
        ]
        indexes = [
            GinIndex(fields=["unit_ids"], name="whistle_units"),
            models.Index(fields=["whistler", "-drafted_at"], name="whistle_of_unit"),
        ]

    def __str__(self):
        return f"{self.case_id} {self.kind}"

    @property
    def number(self) -> int | None:
        """What people call it by."""
        return self.pk


class SummonsQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the summonses of the whistles `user` may see."""
        return self.filter(whistle__in=Whistle.objects.visible_to(user))

    def calling(self, user):
        """Return what was sent to units where `user` holds a post, or to `user` by name."""
        mine = self.filter(unit__in=_unit_ids(user), whistle__stage__in=[*LIVE, "CLOSED"])
        return mine.filter(Q(person=None) | Q(person=user))

    def for_list(self):
        related = ("unit", "whistle", "whistle__case", "whistle__case__area", "whistle__whistler")
        return self.select_related(*related).defer("whistle__case__search")


class Summons(models.Model):
    """One unit called by a whistle: whether it came, what it did, how it was scored (报到)."""

    whistle = models.ForeignKey(Whistle, on_delete=models.PROTECT, related_name="summonses")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=20, blank=True)  # of the post called by class (六员)
    is_lead = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=_codes(policy.State))
    sent_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(null=True)
    reported_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    presence = models.CharField(max_length=12, blank=True, choices=_codes(policy.Presence))
    distance_m = models.PositiveIntegerField(null=True)  # of the phone from the place; no track
    photo = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")
    refusal = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    ruling = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    arbiter = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    passed_up_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)  # this unit's own last day, where one was agreed
    review_on = models.DateField(null=True)  # while shelved
    result = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    handed_in_at = models.DateTimeField(null=True)
    n_reworked = models.PositiveSmallIntegerField(default=0)
    timeliness = models.PositiveSmallIntegerField(null=True)  # 1 to 5, as all scores
    quality = models.PositiveSmallIntegerField(null=True)
    attitude = models.PositiveSmallIntegerField(null=True)
    score = models.FloatField(null=True)  # weighted by what was in force then
    ended_at = models.DateTimeField(null=True)

    objects = SummonsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["whistle"], condition=Q(is_lead=True), name="summons_one_lead_of_a_whistle"
            ),
            models.UniqueConstraint(
                fields=["whistle", "unit"],
                condition=~Q(state="RELEASED"),
                name="summons_once_for_a_unit",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ACCEPTED", "ABSENT"]) | Q(ended_at__isnull=False),
                name="summons_over_has_end",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__range=(1, 5)), name="summons_score_1_to_5"
            ),
        ]
        indexes = [models.Index(fields=["unit", "-sent_at"], name="summons_of_unit")]

    def __str__(self):
        return f"{self.whistle_id} {self.unit_id} {self.state}"


class ClockQuerySet(models.QuerySet):
    def running(self):
        return self.filter(stopped_at=None, paused_at=None)

    def to_warn(self, at):
        return self.running().filter(warned_at=None, late_at=None, warn_at__lte=at)

    def to_mark_late(self, at):
        return self.running().filter(late_at=None, due_at__lte=at)


class WhistleClock(models.Model):
    """One limit running, or run, for a whistle or for one of its summonses."""

    whistle = models.ForeignKey(Whistle, on_delete=models.PROTECT, related_name="clocks")
    summons = models.ForeignKey(Summons, null=True, on_delete=models.PROTECT, related_name="clocks")
    step = models.CharField(max_length=12, choices=_codes(policy.Step))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")  # whose time it is
    limit = models.ForeignKey("WhistleLimit", on_delete=models.PROTECT, related_name="+")
    amount = models.PositiveIntegerField()
    time_unit = models.CharField(max_length=16)  # cores.worktime.TimeUnit
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    left = models.DurationField(null=True)  # in the clock's own time, while paused
    warned_at = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["whistle", "summons", "step"],
                condition=Q(stopped_at=None),
                nulls_distinct=False,
                name="whistle_clock_runs_once_for_a_step",
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None) | Q(left__isnull=False),
                name="whistle_clock_paused_has_left",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(stopped_at=None, paused_at=None, late_at=None),
                name="whistle_clock_to_mark_late",
            ),
            models.Index(
                fields=["warn_at"],
                condition=Q(stopped_at=None, paused_at=None, warned_at=None, late_at=None),
                name="whistle_clock_to_warn",
            ),
        ]

    def __str__(self):
        return f"{self.whistle_id} {self.step}"


class RuleQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what is set everywhere, and in places above or below the posts of `user`."""
        return self.filter(rules_over(user))

    def on_or_after(self, day):
        """Return the rows that hold on a day or will."""
        holds = Q(valid_to=None) | Q(valid_to__gt=day)
        return self.filter(holds).exclude(valid_to=models.F("valid_from"))


class WhistleLimit(models.Model):
    """How long a step of a kind of whistle may take: place × dates, clock unit included."""

    kind = models.CharField(max_length=12, choices=_codes(policy.Kind))
    step = models.CharField(max_length=12, choices=_codes(policy.Step))
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)  # null: everywhere
    amount = models.PositiveIntegerField()
    time_unit = models.CharField(max_length=16)  # cores.worktime.TimeUnit
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "step"], name="whistle_limit_of")]

    def __str__(self):
        return f"{self.kind} {self.step} {self.amount} {self.time_unit}"


class ResponderRule(models.Model):
    """Which post of a grid answers for a class of matters when residents whistle."""

    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT)  # null: any
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)  # null: everywhere
    title = models.CharField(max_length=20)  # of the post: what its holder is called
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    objects = RuleQuerySet.as_manager()

    def __str__(self):
        return f"{self.category_id} {self.title}"
