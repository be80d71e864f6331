"""Drafts of contact lists, from the asking to their adoption. Households are named by id only."""

from django.conf import settings
from django.db import models

from shaodao.people.models import Unit

from . import policy


def _codes(enum):
    return [(code.value, code.name) for code in enum]


class DrawingQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Return the drafts of villages under any unit where `user` holds a post."""
        return self.filter(community__in=Unit.objects.visible_to(user))

    def light(self):
        """Leave what is only needed to work on a draft in the database."""
        return self.defer("ground", "found", "lot", "workers", "steps", "grids", "was")


class Drawing(models.Model):
    """A division of a village into contact lists that somebody is working out (划分草稿)."""

    community = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=_codes(policy.Kind))
    status = models.CharField(max_length=8, choices=_codes(policy.Status))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    touched_at = models.DateTimeField()  # when the queue last got on with it
    n_done = models.PositiveIntegerField(default=0)  # of n_all, in the present step
    n_all = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    # What was asked: within, setting, seed, barriers, and the dated numbers of that day:
    # least, wanted, most, reach_m.
    rules = models.JSONField(default=dict)
    # What lies there: homes (queries.ground), edges [[i, j], …],
    # walls [[[lon, lat], …], …], colours [n of each list]. Indices below are of homes and lists.
    ground = models.JSONField(default=dict)
    was = models.JSONField(default=list)  # worker's id of each household when it was drawn, or null
    found = models.JSONField(default=dict)  # points of the slider, bounds of each place, faults
    lot = models.JSONField(default=list)  # list 0..k-1 of each household
    workers = models.JSONField(default=list)  # worker's id of each list, or null
    pins = models.JSONField(default=dict)  # {"lists": […], "homes": […]}
    steps = models.JSONField(default=list)  # taken by hand, newest last: [[[home, list], …], …]
    grids = models.JSONField(default=dict)  # the proposal of grids, their people and staff
    ended_at = models.DateTimeField(null=True)
    n_moved = models.PositiveIntegerField(default=0)  # households that changed hands

    objects = DrawingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["community", "-made_at"], name="drawing_of_community"),
            models.Index(fields=["status", "touched_at"], name="drawing_at_work"),
        ]

    def __str__(self):
        return f"#{self.pk} {self.kind} {self.status}"
