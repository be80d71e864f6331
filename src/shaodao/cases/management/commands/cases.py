"""`bin/manage cases verify`: whether every case keeps the promises."""

from django.core.management.base import BaseCommand, CommandError

from shaodao.cases.verifying import verify_cases


class Command(BaseCommand):
    help = "Check that every open case has holder, deadline and clocks, and that sums agree."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args, **options):
        found = verify_cases()
        for fault in found.faults:
            self.stdout.write(fault)
        counts = " ".join(f"{name}={n}" for name, n in found.counts.items())
        self.stdout.write(f"{counts} faults={len(found.faults)}")
        if found.faults:
            raise CommandError("the cases are not as they should be")
