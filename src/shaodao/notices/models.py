"""Messages out: one row for each message, whatever carries it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the notices addressed to `user`."""
        return self.filter(to=user) if user.is_authenticated else self.none()

    def waiting(self):
        return self.filter(state="WAITING")


class Notice(models.Model):
    """One message to one person about one thing."""

    key = models.CharField(max_length=120)  # what it says to whom: never sent twice
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="notices",
        db_index=False,
    )
    phone = models.CharField(max_length=20, blank=True)  # a resident's; erased with the report
    channel = models.CharField(max_length=8)  # IN_APP, SMS
    about = models.CharField(max_length=60)  # 'case:7'
    link = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=400)
    state = models.CharField(max_length=8, default="WAITING")  # WAITING, SENT, FAILED, ERASED
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="notice_key_once"),
            models.CheckConstraint(
                condition=Q(to__isnull=False) | ~Q(phone="") | Q(state="ERASED"),
                name="notice_has_an_addressee",
            ),
        ]
        indexes = [
            models.Index(fields=["to", "-id"], name="notice_mailbox"),
            models.Index(fields=["to", "-id"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["id"], condition=Q(state="WAITING"), name="notice_waiting"),
            models.Index(
                fields=["about"], name="notice_about_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.channel}"
