"""Where things are: grids, compounds, buildings, households, public assets, and the base map.

All coordinates are WGS 84 degrees, longitude first; `zkey` is their Morton key (cores/morton).
Boundaries and lines are WKB, so that shapely reads thousands in milliseconds.
"""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDate

from shaodao.people.models import Unit

from . import policy


class GridQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the grids under any unit where `user` holds a post."""
        return self.filter(unit__in=Unit.objects.visible_to(user))


class Grid(models.Model):
    """The smallest area with people responsible for it (网格). Its unit holds the posts."""

    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, related_name="grid")
    code = models.CharField(max_length=15, unique=True)
    boundary = models.BinaryField()  # WKB polygon
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    lon = models.FloatField()  # a point inside, for its label
    lat = models.FloatField()
    area_m2 = models.FloatField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    objects = GridQuerySet.as_manager()

    def __str__(self):
        return self.code


class CompoundQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the compounds of communities under any unit where `user` holds a post."""
        return self.filter(community__in=Unit.objects.visible_to(user))


class Compound(models.Model):
    """A housing estate or a hamlet (小区、屋场)."""

    community = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="compounds")
    name = models.CharField(max_length=60)
    lon = models.FloatField()
    lat = models.FloatField()
    built_year = models.PositiveSmallIntegerField(null=True)
    n_lifts = models.PositiveSmallIntegerField(default=0)
    property_company = models.ForeignKey(
        Unit, null=True, on_delete=models.PROTECT, related_name="managed_compounds"
    )
    has_owners_committee = models.BooleanField(default=False)

    objects = CompoundQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["community", "name"], name="compound_of_community")]

    def __str__(self):
        return f"#{self.pk} {self.name}"


class BuildingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the buildings of grids under any unit where `user` holds a post."""
        return self.filter(grid__unit__in=Unit.objects.visible_to(user))


class Building(models.Model):
    """A building, or a farmhouse that stands for its one household."""

    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="buildings")
    compound = models.ForeignKey(
        Compound, null=True, on_delete=models.PROTECT, related_name="buildings"
    )
    name = models.CharField(max_length=60)  # 2栋
    address = models.CharField(max_length=160)  # the whole of it, as people would type it
    lon = models.FloatField()
    lat = models.FloatField()
    zkey = models.BigIntegerField()
    n_floors = models.PositiveSmallIntegerField(default=1)
    search = SearchVectorField(null=True)  # terms of the address (cores/words)

    objects = BuildingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["zkey"], name="building_zkey"),
            GinIndex(fields=["search"], name="building_search"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.name}"


class HouseholdQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the households of grids under any unit where `user` holds a post."""
        return self.filter(building__grid__unit__in=Unit.objects.visible_to(user))

    def of_worker(self, user):
        """Return the households `user` is the contact worker of today."""
        return self.filter(contacts__in=Contact.objects.in_force().filter(worker=user))


class Household(models.Model):
    """A household (户): counted, never named."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="households")
    number = models.CharField(max_length=20, blank=True)  # 2单元301; '' for a farmhouse
    n_people = models.PositiveSmallIntegerField(default=0)
    n_over_60 = models.PositiveSmallIntegerField(default=0)
    n_under_18 = models.PositiveSmallIntegerField(default=0)

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["building", "number"], name="household_once"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.number}"


class ContactQuerySet(models.QuerySet):
    def in_force(self):
        today = TruncDate(Now())
        return self.filter(Q(until=None) | Q(until__gt=today), since__lte=today)


class Contact(models.Model):
    """Who a household's contact worker is (联系户), from a date to a date."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="contacts")
    worker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="contacts"
    )
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(until=None), name="household_has_one_contact"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")),
                name="contact_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["worker", "until"], name="contact_of_worker")]

    def __str__(self):
        return f"{self.household_id} {self.worker_id}"


class AssetQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the assets in grids under any unit where `user` holds a post."""
        return self.filter(grid__unit__in=Unit.objects.visible_to(user))


class Asset(models.Model):
    """A thing in public space with an owner (部件): a lamp, a manhole cover, a bin, a lift."""

    code = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=24)  # LAMP, MANHOLE, BIN, LIFT, HYDRANT, TREE, METER
    name = models.CharField(max_length=60)
    owner = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="assets")
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="assets")
    lon = models.FloatField()
    lat = models.FloatField()
    zkey = models.BigIntegerField()

    objects = AssetQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["zkey"], name="asset_zkey")]

    def __str__(self):
        return self.code


class BaseFeature(models.Model):
    """A piece of our own base map."""

    layer = models.CharField(max_length=12, choices=[(x.value, x.name) for x in policy.Layer])
    kind = models.CharField(max_length=20, blank=True)  # major, minor, lane; river, pond
    name = models.CharField(max_length=60, blank=True)
    shape = models.BinaryField()  # WKB
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    min_zoom = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["west", "east"], name="base_feature_box")]

    def __str__(self):
        return f"{self.layer} {self.name}"
