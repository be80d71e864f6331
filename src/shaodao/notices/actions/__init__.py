"""Writing notices, sending them, running the channels, wording and choosing. The only writers."""

from .preferring import prefer
from .running import NoticeRefused, pause, resend, resume
from .sending import claim, send_channel, send_due, send_waiting
from .wording import NewText, end_text, set_text
from .writing import Told, Words, compose, forget, post, read, read_one, write

__all__ = [
    "NewText",
    "NoticeRefused",
    "Told",
    "Words",
    "claim",
    "compose",
    "end_text",
    "forget",
    "pause",
    "post",
    "prefer",
    "read",
    "read_one",
    "resend",
    "resume",
    "send_channel",
    "send_due",
    "send_waiting",
    "set_text",
    "write",
]
