"""`bin/manage restore PATH`: put an installation back, and prove that it is whole."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from shaodao.config.backing_up import BackupRefused, restore, secret_differs


class Command(BaseCommand):
    help = "Put back database, photos, heads and secret from a backup, then verify them."
    requires_migrations_checks = False
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path)
        parser.add_argument("--replace", action="store_true", help="lose what is there now")

    def handle(self, *args, **options):
        path = options["path"]
        try:
            is_other_key = secret_differs(path)
            cases, journals = restore(path, is_replacing=options["replace"])
        except (BackupRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        for name, found in (("cases", cases), ("journal", journals)):
            counts = " ".join(f"{key}={n}" for key, n in found.counts.items())
            self.stdout.write(f"{name} verify: {counts} faults={len(found.faults)}")
        if is_other_key:
            self.stdout.write(
                "The secret was put back too. Start anew; where SHAODAO_SECRET_KEY is set, set it"
                " to the content of the secret file, or no tracking link opens."
            )
        if faults := cases.faults + journals.faults:
            raise CommandError("\n".join(["Restored, but not whole:", *faults]))
