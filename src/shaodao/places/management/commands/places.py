"""`bin/manage places verify`: whether the net of grids is whole."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shaodao.people.models import Unit
from shaodao.places.coverage import cover_of


class Command(BaseCommand):
    help = "Check that grids neither overlap nor leave anything out, and each household has a list."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args, **options):
        cover = cover_of(Unit.objects.all(), on=timezone.localdate())
        for fault in cover.faults:
            self.stdout.write(fault)
        self.stdout.write(
            f"grids={cover.n_grids} buildings={cover.n_buildings}"
            f" households={cover.n_households} uncovered={cover.n_uncovered}"
            f" gaps={len(cover.gaps)} overlaps={len(cover.overlaps)}"
            f" outside={cover.n_outside} without_list={cover.n_unlisted}"
            f" lists_outside_{cover.least}_{cover.most}="
            f"{len(cover.short_lists) + len(cover.long_lists)} faults={len(cover.faults)}"
        )
        if cover.faults:
            raise CommandError("the net of grids is not whole")
