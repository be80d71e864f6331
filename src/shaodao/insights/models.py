"""What happened each day, counted once, so that no figure reads closed cases again."""

from django.db import models

from shaodao.people.models import Unit
from shaodao.reports.models import Category

from . import policy


class DailyTallyQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what was counted in areas under any unit where `user` holds a post."""
        return self.filter(area__in=Unit.objects.visible_to(user))

    def within(self, unit: Unit):
        """Return what was counted in `unit` and below it."""
        return self.filter(area__path__startswith=unit.path)

    def between(self, since, until):
        """Return what was counted from the day `since` to the day before `until`."""
        return self.filter(day__gte=since, day__lt=until)


class DailyTally(models.Model):
    """How many, on a day, in an area, of a class, by a channel; with the time they took together.

    A reopened case takes its closing back: on the day it is reopened it counts -1 with the same
    class, part, bucket and minutes, so sums count each case at most once, as it stands.
    """

    day = models.DateField()  # of the county's time zone
    area = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=12)
    measure = models.CharField(max_length=12, choices=[(m.value, m.name) for m in policy.Measure])
    part = models.CharField(max_length=40, blank=True)
    bucket = models.SmallIntegerField(default=0)  # policy.bucket_of(minutes); 0 where untimed
    n = models.IntegerField()
    minutes = models.BigIntegerField(default=0)

    objects = DailyTallyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("day", "measure", "area", "category", "channel", "part", "bucket"),
                ],
                name="daily_tally_once",
            )
        ]
        indexes = [models.Index(fields=["measure", "day"], name="daily_tally_measure")]

    def __str__(self):
        return f"{self.day} {self.measure} {self.n}"


class TalliedDay(models.Model):
    """A day that has been counted, and as of when: counted before its end, it is counted again."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self):
        return str(self.day)
