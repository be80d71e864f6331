"""The pages people open all day, asked in the process through the whole stack of middleware.

In the process, because a ratio is wanted: the web server's own threads and this machine's other
work would drown it. `bin/bench intake` measures through the server.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

from bench.ground.mosaic import NORTH_EAST, SOUTH_WEST
from bench.ground.sayings import Sayings
from bench.ground.site import use
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.actions import count_open, count_released, count_solved
from shaodao.cases.models import Case
from shaodao.cases.policy import OPEN, Status
from shaodao.config import localpg
from shaodao.cores.morton import tile_of
from shaodao.kit.paging import keyset
from shaodao.people.models import Unit, User
from shaodao.reports.models import Report
from shaodao.reports.tokens import token_of

PAGE = 50
FAR = 1000  # "next" links
ROUND = 5  # requests of one kind on one database before another's turn
BACKEND = "shaodao.people.login.StaffBackend"
Asked = tuple[str, str]  # who, '' for a resident; path


@dataclass
class Pages:
    """Requests of each kind, drawn for one database, and who is signed in to it."""

    clients: dict[str, Client]
    asked: dict[str, list[Asked]]

    def time_ms(self, name: str, n: int, *, start: int) -> list[float]:
        """Return the milliseconds of `n` requests of a kind, from the one numbered `start` on."""
        took, asked = [], self.asked[name]
        for index in range(start, start + n):
            who, path = asked[index % len(asked)]
            began = perf_counter()
            answer = self.clients[who].get(path, HTTP_ACCEPT_ENCODING="gzip")
            took.append(1000 * (perf_counter() - began))
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
        return took

    def n_queries(self, name: str) -> list[int]:
        """Return how many queries each request of a kind takes, its first versions read."""
        counts, asked = [], self.asked[name]
        for index in range(8):
            who, path = asked[index % len(asked)]
            with CaptureQueriesContext(connection) as queries:
                self.clients[who].get(path, HTTP_ACCEPT_ENCODING="gzip")
            counts.append(len(queries))
        return counts


def draw_pages(sayings: Sayings, *, n: int, seed: int) -> Pages:
    """Return `n` requests of each kind for the database Django looks at."""
    settings.ALLOWED_HOSTS = ["testserver"]  # as Django's own client calls us
    logging.getLogger("shaodao.http").setLevel(logging.WARNING)  # a line for each request
    count_released(at=timezone.now())  # what the queue's worker does every ten minutes
    rng = random.Random(seed)
    streets = list(Unit.objects.filter(kind="AREA", level="TOWNSHIP").order_by("pk"))
    workers = rng.sample(list(User.objects.filter(username__startswith="worker.")), n)
    staff = ["desk.county", *(f"desk.{number}" for number in range(1, len(streets) + 1))]
    names = [*staff, *(worker.username for worker in workers)]
    pages = Pages(_signed_in(names), {})
    categories = list(
        Case.objects.filter(status__in=OPEN).values_list("category", flat=True).distinct()
    )
    found = _ids(rng, n, Case.objects.filter(status=Status.CLOSED))
    opened = _ids(rng, n, Case.objects.filter(status__in=OPEN))
    reports = Report.objects.filter(pk__in=_ids(rng, n, Report.objects.all()))
    desk, far = reverse("desk"), _far_token()

    def some(make: Callable[[], Asked]) -> list[Asked]:
        return [make() for _ in range(n)]

    def at_desk(query: str) -> Asked:
        return "desk.county", f"{desk}?{query}"

    def term(length: int) -> str:
        text = ""
        while len(text) < length:
            text = rng.choice(sayings.texts)
            start = rng.randrange(max(1, len(text) - length))
            text = text[start : start + length]
            text = text if text.isalnum() and not text.isascii() else ""
        return text

    pages.asked = {
        "queue_first": some(lambda: at_desk("tab=open")),
        "queue_of_street": some(lambda: (rng.choice(staff[1:]), f"{desk}?tab=open")),
        "queue_mine": some(lambda: (rng.choice(staff[1:]), f"{desk}?tab=mine")),
        "by_street": some(lambda: at_desk(f"tab=open&unit={rng.choice(streets).pk}")),
        "by_class": some(lambda: at_desk(f"tab=open&category={rng.choice(categories)}")),
        "by_lateness": some(lambda: at_desk("tab=open&due=late")),
        "by_age": some(lambda: at_desk("tab=open&sort=old")),
        "ended_first": some(lambda: at_desk("tab=ended")),
        "ended_far": some(lambda: at_desk(f"tab=ended&after={far}")),
        "ended_by_street": some(lambda: at_desk(f"tab=ended&unit={rng.choice(streets).pk}")),
        "ended_by_class": some(lambda: at_desk(f"tab=ended&category={rng.choice(categories)}")),
        "search_2": some(lambda: at_desk(f"tab=ended&q={term(2)}")),
        "search_5": some(lambda: at_desk(f"tab=ended&q={term(5)}")),
        "search_open_2": some(lambda: at_desk(f"tab=open&sort=new&q={term(2)}")),
        "case": [("desk.county", reverse("case", args=[pk])) for pk in [*found, *opened]],
        "worker_day": [(worker.username, reverse("today")) for worker in workers],
        "tile_z9": some(lambda: _tile(rng, 9)),
        "tile_z12": some(lambda: _tile(rng, 12)),
        "tile_z15": some(lambda: _tile(rng, 15)),
        "public_tile_z12": some(lambda: _tile(rng, 12, is_public=True)),
        "board": [("", reverse("board"))],
        "home": [("", reverse("home"))],
        "track": [("", reverse("track", args=[token_of(report)])) for report in reports],
    }
    return pages


def _signed_in(names: Sequence[str]) -> dict[str, Client]:
    clients = {"": Client()}
    whole = clients[""].handler  # one stack of middleware, as in a process of the site
    for user in User.objects.filter(username__in=names):
        clients[user.username] = Client()
        clients[user.username].handler = whole
        clients[user.username].force_login(user, backend=BACKEND)
    return clients


def _ids(rng: random.Random, n: int, rows) -> list[int]:
    """Return `n` ids of `rows`, drawn without reading them all."""
    first = rows.order_by("pk").values_list("pk", flat=True).first()
    last = rows.order_by("-pk").values_list("pk", flat=True).first()
    found = []
    while len(found) < n:
        near = rows.filter(pk__gte=rng.randint(first, last)).order_by("pk")
        found.append(near.values_list("pk", flat=True).first() or first)
    return found


def _far_token() -> str:
    """Return the token of the page after FAR "next" links through the ended cases, or the last."""
    ended = Case.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-pk")
    offset = min(FAR * PAGE, ended.count() - 2 * PAGE)
    edge = list(ended.values_list("pk", flat=True)[offset : offset + 2])
    rows = Case.objects.filter(pk__in=edge).defer("search")
    return keyset(rows, order=(("ended_at", "desc"),), size=1).next


def _tile(rng: random.Random, z: int, *, is_public: bool = False) -> Asked:
    lon = rng.uniform(SOUTH_WEST[0], NORTH_EAST[0])
    lat = rng.uniform(SOUTH_WEST[1], NORTH_EAST[1])
    x, y = tile_of(lon, lat, z)
    if is_public:
        return "", reverse("public_tile", args=[z, x, y])
    return "desk.county", f"{reverse('case_tile', args=[z, x, y])}?tab=open"


def alternately(
    cluster: localpg.Cluster, names: Sequence[str], pages: Mapping[str, Pages], kind: str, n: int
) -> tuple[list[list[float]], list[int]]:
    """Return the milliseconds of each request of a kind on each database, and the usual queries."""
    took: dict[str, list[float]] = {name: [] for name in names}
    counts = []
    for name in names:
        use(cluster, name)
        count_open(at=timezone.now())  # what the queue's worker does every minute
        count_solved(at=timezone.now())
    for start in range(0, n, ROUND):
        for name in names:
            use(cluster, name)
            if start == 0:
                counts.append(round(median(pages[name].n_queries(kind)[1:])))
            times = pages[name].time_ms(kind, ROUND + 1, start=start)
            took[name] += times[1:]  # the first connects and reads what a process keeps
    return list(took.values()), counts


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]
