"""`bin/manage defaults`: write what every county starts with, where it is missing."""

from django.core.management.base import BaseCommand

from shaodao.town.actions import load_defaults


class Command(BaseCommand):
    help = "Write the default categories, limits, routes, outcomes and numbers that are missing."

    def handle(self, *args, **options):
        for name, n_new in load_defaults().items():
            self.stdout.write(f"{name} new={n_new}")
