"""Supervisions: who urges whom about which case, until when, what was answered, who signed off."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from shaodao.cases.models import Case, Remark
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import CASE_ROLES

from . import policy

USER = settings.AUTH_USER_MODEL
OPEN = sorted(state.value for state in policy.OPEN)


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class SupervisionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return those of cases `user` sees, or where the unit or the author is one of theirs."""
        units = [p.unit_id for p in posts_of(user) if p.role in CASE_ROLES]
        if not units:
            return self.none()
        return self.filter(Q(unit_ids__overlap=units) | Q(case__unit_ids__overlap=units))

    def open(self):
        return self.filter(state__in=OPEN)

    def late(self, at):
        """Return those that wait for a reply whose limit has passed."""
        return self.filter(state=policy.State.ISSUED, reply_by__lte=at)

    def to_raise(self, at):
        """Return those whose limit has passed and that no sweep has looked at."""
        return self.late(at).filter(late_at=None)

    def for_list(self):
        related = ("case", "unit", "author", "author_unit", "reason")
        return self.select_related(*related).defer("case__search")


class Supervision(models.Model):
    """One supervision of one unit over one case (督办). Its words are remarks of the case."""

    number = models.CharField(max_length=32, unique=True)  # 360702-2026-000123-S1
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="supervisions")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")  # supervised
    kind = models.CharField(max_length=8, choices=_codes(policy.Kind))
    state = models.CharField(max_length=12, choices=_codes(policy.State))
    author = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    author_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    unit_ids = ArrayField(models.BigIntegerField())  # unit, author's, the case's area; ancestors
    reason = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    reply_by = models.DateTimeField()
    late_at = models.DateTimeField(null=True)  # a reply was not there in time, once or now
    reply = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    measures = models.ForeignKey(Remark, null=True, on_delete=models.PROTECT, related_name="+")
    replied_at = models.DateTimeField(null=True)
    replied_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    signed_off_at = models.DateTimeField(null=True)
    signed_off_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")
    n_returned = models.PositiveSmallIntegerField(default=0)
    raised_from = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="raised_to"
    )

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "unit"],
                condition=Q(state__in=OPEN),
                name="supervision_one_open_of_a_unit",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["REPLIED", "SIGNED_OFF"]) | Q(reply__isnull=False),
                name="supervision_ends_with_a_reply",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["REPLIED", "SIGNED_OFF"])
                | Q(kind="URGE")
                | Q(measures__isnull=False),
                name="supervision_card_has_measures",
            ),
            models.CheckConstraint(
                condition=~Q(state="SIGNED_OFF")
                | Q(signed_off_at__isnull=False, signed_off_by__isnull=False),
                name="supervision_signed_off_by_somebody",
            ),
        ]
        indexes = [
            GinIndex(fields=["unit_ids"], name="supervision_units"),
            models.Index(
                fields=["reply_by", "id"],
                condition=Q(state="ISSUED", late_at=None),
                name="supervision_to_raise",
            ),
            models.Index(fields=["-issued_at", "-id"], name="supervision_latest"),
            models.Index(fields=["unit", "issued_at"], name="supervision_of_unit"),
        ]

    def __str__(self):
        return self.number
