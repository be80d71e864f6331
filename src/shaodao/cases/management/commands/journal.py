"""`bin/manage journal verify`: whether any row of a journal was changed, taken out or cut off."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shaodao.cases.actions.exporting import FOLDER
from shaodao.cases.verifying import verify_journals


class Command(BaseCommand):
    help = "Check the chains of all cases and of accounts, and the exported heads."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify"])
        parser.add_argument(
            "--heads", type=Path, help="the exported heads, or a copy kept out of reach"
        )
        parser.add_argument("--processes", type=int, default=2)

    def handle(self, *args, **options):
        folder = options["heads"] or Path(settings.VAR) / FOLDER
        found = verify_journals(folder, n_processes=options["processes"])
        for fault in found.faults:
            self.stdout.write(fault)
        counts = " ".join(f"{name}={n}" for name, n in found.counts.items())
        self.stdout.write(f"{counts} faults={len(found.faults)}")
        if found.faults:
            raise CommandError("a journal is not as it was written")
