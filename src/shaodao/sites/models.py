"""Sites (积案点位): places that gather cases, with their ground and what became of it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from shaodao.cases.models import Case, OutcomeKind
from shaodao.people.models import AccountEntry, Unit, posts_of
from shaodao.people.policy import CASE_ROLES
from shaodao.places.models import Compound

from . import policy

USER = settings.AUTH_USER_MODEL


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class SiteQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the sites under a unit of `user`'s posts, and those of cases they see."""
        units = [p.unit_id for p in posts_of(user) if p.role in CASE_ROLES]
        if not units:
            return self.none()
        seen = SiteCase.objects.filter(case__unit_ids__overlap=units).values("site")
        return self.filter(Q(unit_ids__overlap=units) | Q(pk__in=seen))

    def open(self):
        return self.filter(state=policy.State.OPEN)

    def for_list(self):
        """Read the keeping unit along, and count the cases, all and open."""
        n_open = models.Count("cases", filter=Q(cases__case__ended_at=None))
        counted = self.select_related("unit").annotate(n_cases=models.Count("cases"), n_open=n_open)
        return counted.defer("boundary")


class Site(models.Model):
    """One place with a long-standing problem. Its age follows from `since`: it is not stored."""

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=_codes(policy.Kind))
    note = models.TextField(blank=True)
    boundary = models.BinaryField()  # WKB polygon, WGS 84, longitude first
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    lon = models.FloatField()  # a point inside
    lat = models.FloatField()
    area_m2 = models.FloatField()  # of the boundary, on the ellipsoid
    declared_m2 = models.FloatField(null=True)  # as papers have it, where they differ
    since = models.DateField()  # the problem is as old as that
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")  # that keeps it
    unit_ids = ArrayField(models.BigIntegerField())  # unit and its ancestors
    state = models.CharField(max_length=8, choices=_codes(policy.State))
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    became = models.CharField(max_length=120, blank=True)
    outcome = models.ForeignKey(OutcomeKind, null=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(null=True)
    n_households = models.PositiveIntegerField(default=0)  # that benefit
    compounds = models.ManyToManyField(Compound, related_name="benefiting_from")
    solved_at = models.DateTimeField(null=True)
    solved_by = models.ForeignKey(USER, null=True, on_delete=models.PROTECT, related_name="+")

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="SOLVED")
                | (Q(solved_at__isnull=False, outcome__isnull=False) & ~Q(became="")),
                name="site_solved_has_outcome",
            ),
            models.CheckConstraint(condition=Q(area_m2__gt=0), name="site_has_ground"),
        ]
        indexes = [
            GinIndex(fields=["unit_ids"], name="site_units"),
            models.Index(fields=["since", "id"], name="site_oldest"),
            models.Index(fields=["solved_at"], name="site_solved"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.name}"


class SiteCase(models.Model):
    """A case that belongs to a site (归入)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="cases")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sites")
    linked_at = models.DateTimeField()
    linked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "case"], name="site_case_once")]

    def __str__(self):
        return f"{self.site_id} {self.case_id}"


class SiteEntryQuerySet(models.QuerySet):
    def of_site(self, site):
        """Return what was done to a site that has been looked up as visible."""
        return self.filter(subject=f"site:{site.pk}")


class SiteEntry(AccountEntry):
    """One thing done to a site: an entry of the chain of places and rules."""

    objects = SiteEntryQuerySet.as_manager()

    class Meta:
        proxy = True

    def __str__(self):
        return f"{self.subject} {self.name}"
