"""What a channel is given, what it answers, and how an answer over HTTP is read."""

import json
import re
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol, Self
from uuid import UUID

import requests

from shaodao.notices.policy import Outcome

SLOW_SECONDS = 60  # how long to hold back where a throttling answer does not say
LONGEST_SLOW = 3600  # seconds; what an answer says beyond it is not believed
LONGEST_ANSWER = 65_536  # bytes
_PHONE = re.compile(r"1\d{10}")


class Message(NamedTuple):
    """A message as it leaves. `to` is an e-mail address or a phone, as the channel needs."""

    id: UUID  # the same on every attempt
    to: str
    subject: str
    text: str
    at: datetime  # now; signatures hold it
    kind: str = "plain"
    values: Mapping[str, str] = {}


class Answer(NamedTuple):
    """What became of one attempt; `wait` in seconds, where the channel said how long."""

    outcome: Outcome
    words: str = ""
    wait: int = 0


class Carrier(Protocol):
    """Sends messages one by one within a `with` block. Whatever goes wrong becomes an answer."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *failure: object) -> None: ...
    def send(self, message: Message) -> Answer: ...


def plain(words: object) -> str:
    """Return an answer's words short and without phone numbers, fit to be kept."""
    return _PHONE.sub("1**********", " ".join(str(words).split()))[:200]


class Reply(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str


class HttpCarrier:
    """Posts JSON, one connection for a batch."""

    def __init__(self, *, timeout: float):
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy and no password from the surroundings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.session.close()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | Answer:
        """Return what came back, or the answer there is without. Redirects are not followed."""
        try:
            with self.session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8", **headers},
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                text = self._body(response)
        except requests.Timeout as error:
            return Answer(Outcome.FAILED, f"timeout: {type(error).__name__}")
        except requests.RequestException as error:
            return Answer(Outcome.FAILED, type(error).__name__)  # its words hold the whole URL
        return Reply(response.status_code, response.headers, text)

    def _body(self, response: requests.Response) -> str:
        """Read an answer that is short and ends soon: a socket's time-out is for each piece."""
        until, read = time.monotonic() + self.timeout, b""
        for piece in response.iter_content(1):  # a longer piece would be waited for
            read += piece
            if time.monotonic() > until or len(read) > LONGEST_ANSWER:
                raise requests.ReadTimeout
        return read.decode(errors="replace")


def read_status(reply: Reply) -> Answer | None:
    """Return what a status says by itself; None for 2xx, where the body decides."""
    status = reply.status
    words = plain(f"HTTP {status} {reply.text[:160]}")
    if 200 <= status < 300:
        return None
    if status == 429 or (status == 503 and "Retry-After" in reply.headers):
        return Answer(Outcome.LATER, words, seconds(reply.headers.get("Retry-After", "")))
    if status in (401, 403, 404, 407) or 300 <= status < 400:
        return Answer(Outcome.BROKEN, words)
    if status in (408, 425) or status >= 500:
        return Answer(Outcome.FAILED, words)
    return Answer(Outcome.REFUSED, words)


def seconds(text: str) -> int:
    """Return how long a Retry-After asks to wait, within bounds; a date counts as not said."""
    return min(max(int(text), 1), LONGEST_SLOW) if text.isascii() and text.isdigit() else 0


class Codes(NamedTuple):
    """Where a bot's answer holds its code, and which codes mean what; any other refuses."""

    field: str
    throttled: Collection[int]
    broken: Collection[int]
    passing: Collection[int] = (-1,)  # 'system busy'


def read_bot(reply: Reply | Answer, codes: Codes) -> Answer:
    """Return what a bot answered: they say 200 and put what happened into the body."""
    if isinstance(reply, Answer):
        return reply
    if (answer := read_status(reply)) is not None:
        return answer
    words = plain(reply.text[:180])
    try:
        code = int(json.loads(reply.text)[codes.field])
    except (ValueError, KeyError, TypeError):
        return Answer(Outcome.FAILED, words)
    if code == 0:
        return Answer(Outcome.TAKEN, words)
    if code in codes.throttled:
        return Answer(Outcome.LATER, words)
    if code in codes.broken:
        return Answer(Outcome.BROKEN, words)
    return Answer(Outcome.FAILED if code in codes.passing else Outcome.REFUSED, words)
