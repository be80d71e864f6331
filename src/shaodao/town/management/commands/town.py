"""`bin/manage town load` writes the sample town with its past, `town accounts` who may log in."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shaodao.town import accounts
from shaodao.town.actions import is_settled, load


class Command(BaseCommand):
    help = "The sample town: fictional people and places under real division codes."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["load", "accounts"])
        parser.add_argument("--no-history", action="store_true", help="people and places only")

    def handle(self, *args, what, no_history, **options):
        if what == "accounts":
            self.stdout.write("\n".join(_lines()))
            return
        if is_settled():
            self.stdout.write("示范城镇已在库中 The sample town is there already.")
            return
        password = accounts.PASSWORD if settings.DEMO else ""
        try:
            written = load(at=timezone.now(), password=password, with_history=not no_history)
        except ValueError as refusal:
            raise CommandError(str(refusal)) from refusal
        for name, n in written.items():
            self.stdout.write(f"{name}={n}")
        if not password:
            self.stdout.write("没有设置示范口令 Without SHAODAO_DEMO=1 nobody can log in yet.")


def _lines():
    yield f"口令 Password: {accounts.PASSWORD}"
    for account in accounts.ACCOUNTS:
        yield f"{account.username:18} {account.label} · {account.english}"
        yield f"{'':18} → {account.first} · {account.first_english}"
