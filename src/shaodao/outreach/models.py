"""What is told to households, who was told, and the visits and rounds that follow."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from shaodao.people.models import Unit, posts_of
from shaodao.places.models import Compound, Grid, Household
from shaodao.places.policy import NEEDS_FOR, NEEDS_FROM

from . import policy


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class AnnouncementQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the announcements that touch a unit under a post of `user`, or one above it."""
        units = [post.unit_id for post in posts_of(user)]
        return self.filter(unit_ids__overlap=units) if units else self.none()


class Announcement(models.Model):
    """One thing that chosen households are told (通知): what, when, where, what to bring."""

    key = models.UUIDField(default=uuid4, unique=True)  # the form's: a second tap makes no second
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="announcements")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="announcements"
    )
    title = models.CharField(max_length=60)
    text = models.CharField(max_length=600)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    place = models.CharField(max_length=120, blank=True)
    papers = models.CharField(max_length=200, blank=True)  # what to bring
    visit_needs = ArrayField(models.CharField(max_length=24), default=list)  # who is visited
    visit_service = models.CharField(max_length=120, blank=True)  # what is brought to them
    state = models.CharField(max_length=10, choices=_codes(policy.State), default="DRAFT")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # The author's unit and the targets' units with all their ancestors: who may see it.
    unit_ids = ArrayField(models.BigIntegerField(), default=list)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(begins_at__isnull=False, ends_at__gt=F("begins_at")),
                name="announcement_ends_after_it_begins",
            ),
        ]
        indexes = [GinIndex(fields=["unit_ids"], name="announcement_units")]

    def __str__(self):
        return f"#{self.pk} {self.title}"


class Target(models.Model):
    """Where an announcement goes: an area, a compound, or the households there with a need."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="targets")
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    compound = models.ForeignKey(Compound, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(unit=None, compound__isnull=False)
                | Q(unit__isnull=False, compound=None),
                name="target_is_an_area_or_a_compound",
            ),
            models.UniqueConstraint(
                fields=["announcement", "unit", "compound"],
                nulls_distinct=False,
                name="target_once",
            ),
        ]

    def __str__(self):
        return f"{self.announcement_id} {self.unit_id or self.compound_id}"


class Stamped(models.Model):
    """A row whose page tells, when a result comes late, whether it was overtaken meanwhile."""

    state = models.CharField(max_length=12)
    n_tries = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(null=True)  # of the last try

    class Meta:
        abstract = True

    @property
    def stamp(self) -> str:
        """What changes with every result."""
        moment = round(self.at.timestamp() * 1000) if self.at else 0
        return f"{self.state}.{self.n_tries}.{moment}"


class CallQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the calls of `user`, and those to households under a post of `user`."""
        return self.filter(Q(worker=user) | Q(grid__unit__in=Unit.objects.visible_to(user)))

    def open(self):
        """Return the calls of announcements that still run."""
        return self.filter(announcement__state=policy.State.SENT)


class Call(Stamped):
    """One household that is to be told one thing, and what came of it (联系)."""

    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="calls")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="calls")
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="+")
    worker = models.ForeignKey(  # null: the household has no contact worker, and the desk sees it
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="calls"
    )
    state = models.CharField(max_length=10, choices=_codes(policy.Call), default="WAITING")
    result = models.CharField(max_length=12, blank=True)  # of policy.RESULTS
    read_at = models.DateTimeField(null=True)  # by the link the household was sent
    note = models.CharField(max_length=120, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["announcement", "household"], name="call_once"),
            models.CheckConstraint(
                condition=Q(state="WAITING", result="") | (~Q(state="WAITING") & ~Q(result="")),
                name="call_tried_has_a_result",
            ),
        ]
        indexes = [
            models.Index(fields=["announcement", "grid", "state"], name="call_progress"),
            models.Index(fields=["worker", "state", "id"], name="call_of_worker"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.state}"


class DoorPhone(models.Model):
    """A number a household gave to be reached by, with its consent (联系电话)."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="phones")
    phone = models.CharField(max_length=20)
    consented_on = models.DateField()
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["household"], name="door_phone_once")]

    def __str__(self):
        return f"{self.household_id}"


class RoundQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the rounds `user` walks."""
        return self.filter(worker=user) if user.is_authenticated else self.none()


class Round(models.Model):
    """A day's visits of one worker in their order (走访路线)."""

    worker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rounds"
    )
    day = models.DateField()
    leaves = models.TimeField()
    ends = models.TimeField()
    lon = models.FloatField()  # where it begins and ends, WGS 84
    lat = models.FloatField()
    metres = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    objects = RoundQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "day"], name="round_once_a_day")]

    def __str__(self):
        return f"{self.worker_id} {self.day}"


class VisitQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the visits of `user`, and those of homes whose needs `user` may know from above.

        Who is visited for an announcement tells who has a need.
        """
        offices = [
            post.unit
            for post in posts_of(user)
            if post.unit.level in NEEDS_FROM and post.role in NEEDS_FOR
        ]
        return self.filter(Q(worker=user) | Q(grid__unit__in=Unit.objects.under(offices)))

    def open(self):
        return self.filter(state__in=policy.OPEN_VISITS)


class Visit(Stamped):
    """One visit to one household (走访、上门): why, between when, and what came of it."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="visits")
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="+")
    worker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="visits"
    )
    announcement = models.ForeignKey(
        Announcement, null=True, on_delete=models.PROTECT, related_name="visits"
    )
    reason = models.CharField(max_length=120)
    opens = models.TimeField(null=True)  # when the household can be called on
    closes = models.TimeField(null=True)
    stay = models.PositiveSmallIntegerField()  # minutes
    state = models.CharField(max_length=12, choices=_codes(policy.Visit), default="PLANNED")
    created_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    round = models.ForeignKey(Round, null=True, on_delete=models.SET_NULL, related_name="visits")
    position = models.PositiveSmallIntegerField(null=True)  # in its round, from 1
    arrives = models.TimeField(null=True)
    walked = models.PositiveIntegerField(default=0)  # metres from the stop before

    objects = VisitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "household"],
                condition=Q(announcement__isnull=False),
                name="visit_once_for_an_announcement",
            ),
            models.CheckConstraint(
                condition=Q(opens=None) | Q(closes=None) | Q(closes__gt=F("opens")),
                name="visit_closes_after_it_opens",
            ),
        ]
        indexes = [
            models.Index(
                fields=["worker", "id"],
                condition=Q(state__in=["PLANNED", "NOBODY_HOME"]),
                name="visit_open_of_worker",
            ),
            models.Index(fields=["worker", "-at"], name="visit_of_worker"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.state}"


class JottingQuerySet(models.QuerySet):
    def of(self, row):
        """Return what was written down of one call or visit, the latest first."""
        field = "call" if isinstance(row, Call) else "visit"
        return self.filter(**{field: row}).order_by("-pk")


class Jotting(models.Model):
    """A result that a worker wrote down at a door (记录); its key makes it count once."""

    key = models.UUIDField(unique=True)  # made where it was written, before there was a network
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="jottings")
    visit = models.ForeignKey(Visit, null=True, on_delete=models.CASCADE, related_name="jottings")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=12)  # of policy.RESULTS or policy.VISIT_MOVES
    note = models.CharField(max_length=200, blank=True)
    said_at = models.DateTimeField()
    at = models.DateTimeField()  # when it reached us
    fate = models.CharField(max_length=8, choices=_codes(policy.Fate))
    why = models.CharField(max_length=200, blank=True)  # it was put aside, in the worker's language

    objects = JottingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(call=None, visit__isnull=False) | Q(call__isnull=False, visit=None),
                name="jotting_is_of_a_call_or_a_visit",
            ),
            models.CheckConstraint(
                condition=Q(said_at__lte=F("at")), name="jotting_is_said_before_it_comes"
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.name} {self.fate}"
