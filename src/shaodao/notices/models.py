"""Messages out: one row for each message, whatever carries it, and each attempt to send it."""

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from shaodao.people.models import Unit, rules_over

from .policy import Channel, State


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the notices addressed to `user` in the product itself."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(to=user, channel=Channel.IN_APP)

    def run_by(self, units):
        """Return the messages of `units` and below, and those of no unit, by every channel."""
        return self.filter(Q(unit=None) | Q(unit__in=Unit.objects.under(units)))

    def waiting(self):
        return self.filter(state=State.WAITING)

    def due(self, channel: str, at: datetime):
        """Return what a channel has to send now: what waits, and what a lost sender had claimed."""
        waiting = Q(state=State.WAITING, due_at__lte=at)
        return self.filter(waiting | Q(state=State.SENDING, claimed_until__lte=at), channel=channel)


class Notice(models.Model):
    """One message to one person about one thing, by one channel."""

    message_id = models.UUIDField(unique=True)  # of what, to whom and how: never told twice
    key = models.CharField(max_length=120)  # what it says to whom, as its writer named it
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="notices",
        db_index=False,
    )
    phone = models.CharField(max_length=20, blank=True)  # a resident's; erased with the report
    unit = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # whose rules and administrators it goes by
    channel = models.CharField(max_length=8, choices=_codes(Channel))
    kind = models.CharField(max_length=24, default="plain")
    facts = models.JSONField(default=dict)  # what fills the kind's places; erased with the matter
    about = models.CharField(max_length=60)  # 'case:7'
    link = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=400, blank=True)  # of a plain one
    is_urgent = models.BooleanField(default=False)  # goes in quiet hours too
    state = models.CharField(max_length=8, default="WAITING", choices=_codes(State))
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # when to try next
    claimed_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    digest = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="gathered", db_index=False
    )  # the message that told of this one
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to__isnull=False) | ~Q(phone="") | Q(state="ERASED"),
                name="notice_has_an_addressee",
            ),
            models.CheckConstraint(
                condition=~Q(state="WAITING") | Q(due_at__isnull=False),
                name="notice_waits_for_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(claimed_until__isnull=False),
                name="notice_claim_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["to", "-id"], condition=Q(channel="IN_APP"), name="notice_mailbox"
            ),
            models.Index(
                fields=["to", "-id"],
                condition=Q(read_at=None, channel="IN_APP"),
                name="notice_unread",
            ),
            models.Index(
                fields=["channel", "-is_urgent", "due_at", "id"],
                condition=Q(state="WAITING"),
                name="notice_waiting",
            ),
            models.Index(
                fields=["channel", "claimed_until"],
                condition=Q(state="SENDING"),
                name="notice_claimed",
            ),
            models.Index(
                fields=["channel", "sent_at"],
                condition=Q(state="SENT") & ~Q(channel="IN_APP"),
                name="notice_sent_lately",
            ),
            models.Index(fields=["-id"], condition=Q(state="FAILED"), name="notice_failed"),
            models.Index(
                fields=["digest"], condition=Q(digest__isnull=False), name="notice_of_digest"
            ),
            models.Index(
                fields=["about"], name="notice_about_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.channel}"


class Attempt(models.Model):
    """One attempt to send a notice: when, and what came of it."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8)
    answer = models.CharField(max_length=200, blank=True)  # the channel's words, without phones

    class Meta:
        indexes = [models.Index(fields=["notice", "id"], name="attempt_of_notice")]

    def __str__(self):
        return f"{self.notice_id} {self.outcome}"


class Line(models.Model):
    """How a channel fares: one row each."""

    channel = models.CharField(max_length=8, primary_key=True, choices=_codes(Channel))
    is_paused = models.BooleanField(default=False)
    n_failed = models.PositiveIntegerField(default=0)  # in a row
    rests_until = models.DateTimeField(null=True)  # after failures, or because it was told to slow
    why_resting = models.CharField(max_length=8, blank=True)  # an outcome's code
    busy_until = models.DateTimeField(null=True)  # a sender works on it until then
    last_error = models.CharField(max_length=200, blank=True)
    last_error_at = models.DateTimeField(null=True)

    def __str__(self):
        return self.channel


class NoticeTextQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what is said everywhere, and in places above or below the posts of `user`."""
        return self.filter(rules_over(user))

    def on_or_after(self, day: date):
        """Return the rows that hold on a day or will."""
        holds = Q(valid_to=None) | Q(valid_to__gt=day)
        return self.filter(holds).exclude(valid_to=F("valid_from"))


class NoticeText(models.Model):
    """How a county says a kind of notice, from a date to a date, with its source."""

    kind = models.CharField(max_length=24)
    channel = models.CharField(max_length=8, blank=True)  # '': any
    language = models.CharField(max_length=8, default="zh-hans")
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)  # null: everywhere
    text = models.CharField(max_length=400)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)  # exclusive
    source = models.CharField(max_length=200)

    objects = NoticeTextQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "valid_from"], name="notice_text_in_force")]

    def __str__(self):
        return f"#{self.pk} {self.kind}"


class Preference(models.Model):
    """By which channels a person wants to hear of what, and in which language."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="notice_preference",
    )
    language = models.CharField(max_length=8, blank=True)
    choices = models.JSONField(default=dict)  # topic -> [channel]; a topic not there: as the county

    def __str__(self):
        return f"user {self.user_id}"
