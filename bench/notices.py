"""How many notices a second are written, and sent through a gateway on this machine.

Run by `bin/bench notices [MESSAGES]`. Each message is a real HTTP request, its answer committed
before the next one goes. The last line is the result.
"""

import sys
from datetime import timedelta
from time import perf_counter

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django first
from django.test import override_settings  # noqa: E402
from tests.database import cloned_database  # noqa: E402
from tests.notices.servers import gateway  # noqa: E402
from tests.town import MONDAY, Town  # noqa: E402

from shaodao.notices import actions  # noqa: E402
from shaodao.notices.models import Notice  # noqa: E402
from shaodao.notices.policy import Channel  # noqa: E402

TOLD = 20  # messages of one step of a case


def write(n: int) -> float:
    """Write `n` text messages, so many of one matter at a time, and return the seconds it took."""
    unit = Town().grid.pk
    begin = perf_counter()
    for case in range(n // TOLD):
        about = f"case:{case}:1"
        told = [
            (f"{about}:{i}", None, f"1{case:05d}{i:05d}", "有新进展", "/track/x/")
            for i in range(TOLD)
        ]
        actions.post(told, about=about, at=MONDAY, unit_id=unit)
    return perf_counter() - begin


def send() -> float:
    """Send all that waits and return the seconds it took."""
    begin = perf_counter()
    actions.send_due(Channel.SMS, clock=lambda: MONDAY + timedelta(minutes=1))
    return perf_counter() - begin


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    figures = {"messages": str(n)}
    with gateway() as server, cloned_database():
        connected = {**settings.CHANNELS, "SMS": {**settings.CHANNELS["SMS"], "url": server.url}}
        with override_settings(CHANNELS=connected):
            figures["written_per_s"] = f"{n / write(n):.0f}"
            figures["sent_per_s"] = f"{n / send():.0f}"
        figures["sent"] = str(Notice.objects.filter(channel="SMS", state="SENT").count())
        figures["received"] = str(len({r.headers["Idempotency-Key"] for r in server.received}))
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
