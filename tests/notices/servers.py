"""Real servers on this machine that answer as gateways, bots and mail servers do."""

import json
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple

from aiosmtpd.controller import Controller


class Received(NamedTuple):
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


SILENCE = "silence"  # an answer that never comes
DRIP = "drip"  # one that comes a byte at a time


class Gateway:
    """Takes POSTs and gives the answers it was told to, then 200 with `usual` for ever."""

    def __init__(self, usual: str = '{"code": 0, "errcode": 0}'):
        self.usual, self.answers, self.received = usual, deque(), []
        self.closing = Event()
        self.on_request = lambda received: None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/send"

    def answer(self, status: int | str, body: str = "", **headers: str) -> None:
        """Say what the next request gets."""
        self.answers.append((status, body, headers))

    def _handler(gateway):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # an answer in two pieces would wait 40 ms

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received = Received(self.path, dict(self.headers.items()), body)
                gateway.received.append(received)
                gateway.on_request(received)
                default = (200, gateway.usual, {})
                status, text, headers = gateway.answers.popleft() if gateway.answers else default
                if status == SILENCE:
                    gateway.closing.wait(20)
                    return
                self.send_response(200 if status == DRIP else status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                length = 1000 if status == DRIP else len(text.encode())
                self.send_header("Content-Length", str(length))
                self.end_headers()
                while status == DRIP and not gateway.closing.wait(0.05):
                    self.wfile.write(b" ")
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

            def handle(self):
                with suppress(ConnectionError):  # the other side had no patience, or was killed
                    super().handle()

        return Handler


@contextmanager
def gateway(usual: str = '{"code": 0, "errcode": 0}') -> Iterator[Gateway]:
    """A gateway that runs while the block lasts."""
    one = Gateway(usual)
    thread = Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield one
    finally:
        one.closing.set()
        one.server.shutdown()
        thread.join()
        one.server.server_close()


class Post:
    """A mail server's memory, and what it says to the next recipients and contents."""

    def __init__(self):
        self.received, self.to_recipient, self.to_content = [], deque(), deque()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.to_recipient:
            return self.to_recipient.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.to_content:
            return self.to_content.popleft()
        self.received.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Post, int]]:
    """A mail server that runs while the block lasts, and its port."""
    post = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield post, port
    finally:
        controller.stop()
