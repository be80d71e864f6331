"""The twin of every channel where none is connected: a line in the log, and the mailbox page."""

from typing import Self

import structlog

from shaodao.notices.policy import Outcome

from .messages import Answer, Message

_log = structlog.get_logger()


class Console:
    def __init__(self, channel: str):
        self.channel = channel

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        pass

    def send(self, message: Message) -> Answer:
        """Log that it would have gone: its id and length, no word of it."""
        _log.info(
            "notices.console.sent",
            channel=self.channel,
            id=str(message.id),
            kind=message.kind,
            length=len(message.text),
        )
        return Answer(Outcome.TAKEN, "console")
