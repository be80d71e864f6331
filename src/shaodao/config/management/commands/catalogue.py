"""`bin/manage catalogue`: what can be translated, and what still waits for it."""

from django.core.management.base import BaseCommand, CommandError

from shaodao.config import catalogue


class Command(BaseCommand):
    help = "Extract the marked texts into the English catalogue, or list those without English."

    def add_arguments(self, parser):
        parser.add_argument("verb", choices=["extract", "missing"])

    def handle(self, *, verb, **_):
        if verb == "extract":
            self.stdout.write(f"missing={catalogue.extract()}")
            return
        left = catalogue.missing()
        self.stdout.write("\n".join(left))
        if left:
            raise CommandError(f"missing={len(left)}")
