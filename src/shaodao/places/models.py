"""Where things are: grids, compounds, buildings, households, public assets, and the base map.

All coordinates are WGS 84 degrees, longitude first; `zkey` is their Morton key (cores/morton).
Boundaries and lines are WKB, so that shapely reads thousands in milliseconds.
"""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now, TruncDate

from shaodao.people.models import Cover, Unit, posts_of

from . import policy


def _codes(enum):
    return [(code.value, code.name) for code in enum]


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
        """Return the compounds of communities, or with houses in grids, under a post of `user`."""
        units = Unit.objects.visible_to(user)
        standing = Building.objects.filter(grid__unit__in=units, compound=OuterRef("pk"))
        return self.filter(Q(community__in=units) | Exists(standing))


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
    has_own_meters = models.BooleanField(default=False)  # 一户一表: each home its water meter
    is_placed = models.BooleanField(default=True)  # False: at its community's middle until placed

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
    built_year = models.PositiveSmallIntegerField(null=True)  # null: as its compound
    is_placed = models.BooleanField(default=True)  # False: at its grid's middle until placed
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
        """Return the households `user` is the contact worker of today, or stands in for."""
        covered = Cover.objects.in_force().filter(by=user).values("absent")
        mine = Contact.objects.in_force().filter(Q(worker=user) | Q(worker__in=covered))
        return self.filter(contacts__in=mine)


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


class NeedQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the needs `user` may know: as contact worker of the home, or from above it."""
        own = Contact.objects.in_force().filter(worker=user).values("household")
        offices = [
            post.unit
            for post in posts_of(user)
            if post.unit.level in policy.NEEDS_FROM and post.role in policy.NEEDS_FOR
        ]
        above = Q(household__building__grid__unit__in=Unit.objects.under(offices))
        return self.filter(Q(household__in=own) | above)


class Need(models.Model):
    """Something a household needs others to know (行动不便): a tag, never a name or a reason."""

    household = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="needs")
    tag = models.CharField(max_length=16, choices=[(x, x) for x in policy.NEED_LABELS])

    objects = NeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "tag"], name="need_once"),
        ]

    def __str__(self):
        return f"{self.household_id} {self.tag}"


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


class Succession(models.Model):
    """Which grid came out of which, and when: a split has several after, a merge several before."""

    before = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="successions")
    after = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="origins")
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["before", "after"], name="succession_once"),
        ]

    def __str__(self):
        return f"{self.before_id} → {self.after_id}"


class GridChangeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the changes in communities under any unit where `user` holds a post."""
        return self.filter(community__in=Unit.objects.visible_to(user))

    def due(self, on):
        return self.filter(done_at=None, cancelled_at=None, since__lte=on)


class GridChange(models.Model):
    """A split, merger or renaming of grids that is decided, and done on its day."""

    kind = models.CharField(max_length=8, choices=_codes(policy.ChangeKind))
    community = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    grids = models.ManyToManyField(Grid, related_name="changes")
    # what comes of it: [{"name", "boundary" (WKB, hex; WGS 84)}], in the order of their serials
    plan = models.JSONField()
    since = models.DateField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()
    why = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=200, blank=True)  # why it could not be done on its day

    objects = GridChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["since"], name="grid_change_due")]

    def __str__(self):
        return f"#{self.pk} {self.kind}"


class BuildingChiefQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the chiefs of buildings in grids under any unit where `user` holds a post."""
        return self.filter(building__grid__unit__in=Unit.objects.visible_to(user))

    def in_force(self):
        today = TruncDate(Now())
        return self.filter(Q(until=None) | Q(until__gt=today), since__lte=today)


class BuildingChief(models.Model):
    """Who looks after a building under its grid worker (楼栋长), from a date to a date."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="chiefs")
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=20, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)  # exclusive

    objects = BuildingChiefQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["building"], condition=Q(until=None), name="building_has_one_chief"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")), name="chief_ends_after_beginning"
            ),
        ]

    def __str__(self):
        return f"{self.building_id} {self.pk}"


class DefectQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the defects of compounds under any unit where `user` holds a post."""
        return self.filter(compound__in=Compound.objects.visible_to(user))


class Defect(models.Model):
    """Something broken in a compound's common parts; the case it became has the same key."""

    compound = models.ForeignKey(Compound, on_delete=models.PROTECT, related_name="defects")
    building = models.ForeignKey(Building, null=True, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=32)  # code of a reports.Category
    text = models.CharField(max_length=400)
    key = models.UUIDField(unique=True)  # of its report
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    found_at = models.DateTimeField()

    objects = DefectQuerySet.as_manager()

    def __str__(self):
        return f"#{self.pk} {self.category}"


class ImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return what `user` brought in, and what was under a unit where they keep registers."""
        keepers = policy.MAY["keep_places"][1]
        offices = [post.unit for post in posts_of(user) if post.role in keepers]
        return self.filter(Q(uploaded_by=user) | Q(unit__in=Unit.objects.under(offices)))


class Import(models.Model):
    """A workbook or a file of boundaries on its way into a register."""

    register = models.CharField(max_length=16)
    file_name = models.CharField(max_length=120)
    file = models.CharField(max_length=120, blank=True)  # in the media folder until it is read
    sha256 = models.CharField(max_length=64)
    datum = models.CharField(max_length=8, choices=_codes(policy.Datum))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")  # the keeper's
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=_codes(policy.ImportStatus))
    columns = models.JSONField(default=dict)  # field → letter of its column
    facts = models.JSONField(default=dict)  # sheet, skipped rows, unknown headings, topology
    counts = models.JSONField(default=dict)  # fate → rows
    n_rows = models.PositiveIntegerField(default=0)  # to do in the present step
    n_done = models.PositiveIntegerField(default=0)  # done of them
    message = models.CharField(max_length=300, blank=True)
    used = models.JSONField(default=list)  # why it could not be undone: [[row, label], …]
    touched_at = models.DateTimeField()  # when the queue last got on with it
    confirmed_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "touched_at"], name="import_at_work")]

    def __str__(self):
        return f"#{self.pk} {self.register}"


class ImportRow(models.Model):
    """A row of an import: what stood in it, what it would write, and what became of that."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False)
    n = models.PositiveIntegerField()  # row of the sheet, counted from 1
    rank = models.PositiveSmallIntegerField(default=0)  # those above come first
    label = models.CharField(max_length=120, blank=True)
    cells = models.JSONField()  # field → text
    values = models.JSONField()  # column of the table → value
    before = models.JSONField()  # column → value it had, where that changes
    fate = models.CharField(max_length=10, choices=_codes(policy.Fate))
    faults = models.JSONField()  # [[field, marked text, values], …]
    target = models.BigIntegerField(null=True)  # id of the row it is about
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "n"], name="import_row_once"),
        ]
        indexes = [
            models.Index(fields=["batch", "fate", "n"], name="import_row_fate"),
            models.Index(
                fields=["batch", "rank", "n"],
                condition=Q(is_done=False, fate__in=("NEW", "CHANGED")),
                name="import_row_left",
            ),
        ]

    def __str__(self):
        return f"{self.batch_id}:{self.n}"
