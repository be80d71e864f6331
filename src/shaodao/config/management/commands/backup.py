"""`bin/manage backup PATH`: everything the installation is, in one file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shaodao.config.backing_up import BackupRefused, back_up


class Command(BaseCommand):
    help = "Write database, photos, exported heads and the secret to one tar file."

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path)

    def handle(self, *args, **options):
        try:
            made = back_up(options["path"], at=timezone.now())
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        counts = " ".join(f"{name}={n}" for name, n in made.items())
        self.stdout.write(f"{options['path']} {counts}")
