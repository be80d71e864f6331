"""What people say, by every channel, before anybody decides what to do about it.

Coordinates are WGS 84 degrees, longitude first.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from shaodao.people.models import Unit
from shaodao.places.models import Asset, Building, Grid, Household

from . import policy


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class CategoryQuerySet(models.QuerySet):
    def offered(self):
        return self.filter(is_offered=True).order_by("rank", "code")


class Category(models.Model):
    """A class of matters (事项类别). The eight without a parent are the pictures residents see."""

    code = models.CharField(max_length=24, primary_key=True)
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    kind = models.CharField(max_length=12, choices=_codes(policy.Kind))
    icon = models.CharField(max_length=24, blank=True)
    hint = models.CharField(max_length=120, blank=True)  # what belongs here, in plain words
    asset_kind = models.CharField(max_length=24, blank=True)  # a component's: LAMP …
    needs_after_photo = models.BooleanField(default=False)
    is_hazard = models.BooleanField(default=False)  # a hazard unless someone says otherwise
    sector = models.CharField(max_length=24, blank=True)
    keep_days = models.PositiveIntegerField(default=1095)  # after closing, then anonymised
    rank = models.PositiveSmallIntegerField(default=0)
    is_offered = models.BooleanField(default=True)

    objects = CategoryQuerySet.as_manager()

    def __str__(self):
        return self.code


class Report(models.Model):
    """One person's account of one matter (诉求)."""

    key = models.UUIDField(unique=True)  # made by whoever sends it: a repeat is the same report
    number = models.CharField(max_length=16)  # what the resident is told
    channel = models.CharField(max_length=12, choices=_codes(policy.Channel))
    received_at = models.DateTimeField()
    happened_at = models.DateTimeField(null=True)  # an offline draft: when it was written
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="reports",
        db_index=False,
    )  # the member of staff who wrote it down
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, db_index=False)
    text = models.TextField()  # '' once erased
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    line = ArrayField(models.FloatField(), null=True)  # lon, lat, lon, lat … along a road
    length_m = models.FloatField(null=True)
    place = models.CharField(max_length=16, choices=_codes(policy.PlaceBy))  # how it was given
    address = models.CharField(max_length=160, blank=True)
    area = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    grid = models.ForeignKey(
        Grid, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    household = models.ForeignKey(
        Household, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asset = models.ForeignKey(
        Asset, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=40, blank=True)  # the reporter's, as given
    phone = models.CharField(max_length=20, blank=True)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)  # null: revoked
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True)
                | Q(lon__range=(-180, 180), lat__range=(-90, 90)),
                name="report_point_is_on_earth",
            ),
            models.UniqueConstraint(fields=["number"], name="report_number_once"),
        ]
        indexes = [models.Index(fields=["received_at"], name="report_received")]

    def __str__(self):
        return self.number


class Photo(models.Model):
    """A picture with a report, re-encoded and stripped of what the camera wrote into it."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="photos")
    file = models.CharField(max_length=80)  # below MEDIA_ROOT; '' once erased
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "rank"], name="photo_rank_once"),
        ]

    def __str__(self):
        return f"{self.report_id}/{self.rank}"


class Sending(models.Model):
    """How many reports came from one sender lately: what the rate limit counts."""

    sender = models.CharField(max_length=80)  # salted digest of address, or of device cookie
    window = models.DateTimeField()  # start of the hour
    n = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "window"], name="sending_once_an_hour"),
        ]

    def __str__(self):
        return f"{self.window} {self.n}"
