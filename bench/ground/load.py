"""People who send reports over HTTP: clients in processes of their own, on the loopback only.

A client keeps its line open, sends one report after the other as the page's script does, and tries
again with the same key until it is acknowledged, as the page does too.
"""

import json
import multiprocessing
import random
import resource
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Thread
from urllib.parse import urlencode
from uuid import UUID

from bench.ground.mosaic import NORTH_EAST, SOUTH_WEST

TOKEN = "b" * 32  # the cross-site guard wants the same in cookie and form
RETRY_SECONDS = 0.05
TIMEOUT_SECONDS = 20


@dataclass
class Sent:
    """What clients did: per acknowledged report its key, number, second of sending and latency."""

    acknowledged: list[tuple[str, str, float, float]] = field(default_factory=list)
    n_retries: int = 0
    refused: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def latencies_ms(self, *, since: float = 0.0, until: float = float("inf")) -> list[float]:
        return [1000 * took for _, _, at, took in self.acknowledged if since <= at < until]


class Crowd:
    """Clients that send reports from `start` until `stop`."""

    def __init__(self, port: int, texts: Sequence[str], categories: Sequence[str]) -> None:
        self.port, self.texts, self.categories = port, texts, categories
        self.processes: list[tuple[multiprocessing.Process, Connection]] = []

    def start(self, *, n_clients: int, n_processes: int = 2, pause: float = 0.0) -> None:
        """Let clients loose; each waits `pause` seconds between reports, on average."""
        context = multiprocessing.get_context("fork")
        for number in range(n_processes):
            ours, theirs = context.Pipe()
            share = n_clients // n_processes
            process = context.Process(
                target=_crowd, args=(self, theirs, number, share, pause), daemon=True
            )
            process.start()
            theirs.close()
            self.processes.append((process, ours))

    def stop(self) -> Sent:
        """Call the clients back, each after its present report, and return what they did."""
        whole = Sent()
        for _, line in self.processes:
            line.send("stop")
        for process, line in self.processes:
            part: Sent = line.recv()
            process.join()
            whole.acknowledged += part.acknowledged
            whole.n_retries += part.n_retries
            whole.refused += part.refused
            whole.cpu_seconds += part.cpu_seconds
        self.processes = []
        return whole


def _crowd(crowd: Crowd, line: Connection, number: int, n: int, pause: float) -> None:
    clients = [_Client(crowd, 1000 * number + index, pause) for index in range(n)]
    threads = [Thread(target=client.run, daemon=True) for client in clients]
    before = _cpu()
    for thread in threads:
        thread.start()
    line.recv()
    for client in clients:
        client.is_wanted = False
    for thread in threads:
        thread.join()
    whole = Sent(cpu_seconds=_cpu() - before)
    for client in clients:
        whole.acknowledged += client.sent.acknowledged
        whole.n_retries += client.sent.n_retries
        whole.refused += client.sent.refused
    line.send(whole)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Client:
    """One person with a phone."""

    def __init__(self, crowd: Crowd, seed: int, pause: float) -> None:
        self.crowd, self.pause = crowd, pause
        self.rng = random.Random(time.time_ns() + seed)
        self.sent, self.is_wanted = Sent(), True
        self.line: socket.socket | None = None

    def run(self) -> None:
        while self.is_wanted:
            key, request = self._request()
            began = time.time()
            clock = time.perf_counter()
            while True:
                status, body = self._send(request)
                if status in {0, 500, 502, 503}:
                    self.sent.n_retries += 1
                    if time.perf_counter() - clock > 120:
                        self.sent.refused.append(f"{key} given up")
                        return
                    time.sleep(RETRY_SECONDS)
                    continue
                break
            if status == 200:
                took = time.perf_counter() - clock
                number = json.loads(body)["number"]
                self.sent.acknowledged.append((key, number, began, took))
            else:
                self.sent.refused.append(f"{status} {body[:200]!r}")
            if self.pause:
                time.sleep(self.rng.expovariate(1 / self.pause))

    def _request(self) -> tuple[str, bytes]:
        """Return the key and the bytes of one report."""
        rng = self.rng
        key = str(UUID(int=rng.getrandbits(128), version=4))
        form = {
            "csrfmiddlewaretoken": TOKEN,
            "key": key,
            "text": rng.choice(self.crowd.texts),
            "category": rng.choice(self.crowd.categories) if rng.random() < 0.5 else "",
            "lon": f"{rng.uniform(SOUTH_WEST[0], NORTH_EAST[0]):.6f}",
            "lat": f"{rng.uniform(SOUTH_WEST[1], NORTH_EAST[1]):.6f}",
            "datum": "WGS84",
            "phone": f"139{rng.randrange(10**8):08d}",
        }
        body = urlencode(form).encode()
        address = ".".join(str(rng.randrange(1, 255)) for _ in range(3))
        head = (
            "POST /report/ HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Cookie: csrftoken={TOKEN}\r\nX-Forwarded-For: 10.{address}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return key, head.encode() + body

    def _send(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body; status 0 where the line broke."""
        try:
            if self.line is None:
                address = ("127.0.0.1", self.crowd.port)
                self.line = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
                self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.line.sendall(request)
            return self._answer(self.line)
        except (OSError, ValueError, IndexError):
            with suppress(OSError):
                if self.line is not None:
                    self.line.close()
            self.line = None
            return 0, b""

    def _answer(self, line: socket.socket) -> tuple[int, bytes]:
        got = b""
        while b"\r\n\r\n" not in got:
            part = line.recv(65536)
            if not part:
                raise ConnectionError
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        lower = head.lower()
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            part = line.recv(65536)
            if not part:
                raise ConnectionError
            body += part
        return int(head.split()[1]), body
