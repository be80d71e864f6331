"""`bin/manage administrator NAME`: the first system, security or audit administrator of an area."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from shaodao.cores.wording import Refusal
from shaodao.kit.wording import say
from shaodao.people.actions import found_administrator
from shaodao.people.models import Unit
from shaodao.people.policy import THREE_ADMINISTRATORS, Role


class Command(BaseCommand):
    help = "Make the first administrator of an area and print the password to change at log-in."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--name", required=True)
        parser.add_argument("--unit", required=True, help="the area's code, e.g. 360702")
        parser.add_argument("--role", required=True, choices=sorted(THREE_ADMINISTRATORS))

    def handle(self, *args, username, name, unit, role, **options):
        area = Unit.objects.areas().in_force().filter(code=unit).first()
        if area is None:
            raise CommandError(f"no area has the code {unit}")
        try:
            user, password = found_administrator(
                username=username, name=name, unit=area, role=Role(role), at=timezone.now()
            )
        except Refusal as refusal:
            raise CommandError(say(refusal)) from refusal
        self.stdout.write(f"{user.username} {password}")
