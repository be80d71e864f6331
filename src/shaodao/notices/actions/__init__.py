"""Writing notices, sending them, running the channels, wording and choosing. The only writers."""

from .preferring import prefer
from .running import NoticeRefused, pause, resend, resume
from .sending import claim, send_channel, send_due, send_waiting
from .wording import NewText, end_text, set_text
from .writing import Matter, Told, Words, compose_all, forget, post, post_all, read, read_one

__all__ = [
    "Matter",
    "NewText",
    "NoticeRefused",
    "Told",
    "Words",
    "claim",
    "compose_all",
    "end_text",
    "forget",
    "pause",
    "post",
    "post_all",
    "prefer",
    "read",
    "read_one",
    "resend",
    "resume",
    "send_channel",
    "send_due",
    "send_waiting",
    "set_text",
]
