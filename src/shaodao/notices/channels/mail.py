"""E-mail by Django's SMTP backend, one connection for a batch, the message id as Message-ID."""

import smtplib
from typing import Self

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError

from shaodao.notices.policy import Outcome

from .messages import Answer, Message, plain

_BUSY = frozenset({421, 450, 451, 452})  # RFC 5321: mailbox or server busy, out of room for now


class Mail:
    def __init__(self, *, url: str, sender: str, options: dict[str, object], timeout: float):
        self.sender = sender
        self.domain = sender.rpartition("@")[2].rstrip(">") or "localhost"
        self.backend = EmailBackend(**options, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._hang_up()

    def send(self, message: Message) -> Answer:
        """Send one mail. A connection that went wrong is given up; the next mail opens another."""
        mail = EmailMessage(
            subject=" ".join(message.subject.split())[:120],
            body=message.text,
            from_email=self.sender,
            to=[message.to],
            headers={
                "Message-ID": f"<{message.id}@{self.domain}>",
                "Auto-Submitted": "auto-generated",
            },
            connection=self.backend,
        )
        try:
            self.backend.open()
            self.backend.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, words = next(iter(refusal.recipients.values()))
            return self._answered(code, words)
        except smtplib.SMTPAuthenticationError as refusal:
            self._hang_up()
            return Answer(Outcome.BROKEN, plain(f"SMTP {refusal.smtp_code}"))
        except smtplib.SMTPResponseException as refusal:
            return self._answered(refusal.smtp_code, refusal.smtp_error)
        except (BadHeaderError, ValueError) as error:
            return Answer(Outcome.REFUSED, type(error).__name__)
        except (smtplib.SMTPException, OSError) as error:  # time-outs are OSErrors
            self._hang_up()
            return Answer(Outcome.FAILED, f"{type(error).__name__}")
        return Answer(Outcome.TAKEN, "250")

    def _answered(self, code: int, words: bytes | str) -> Answer:
        self._hang_up()
        said = words.decode(errors="replace") if isinstance(words, bytes) else words
        if code in _BUSY:
            return Answer(Outcome.LATER, plain(f"SMTP {code} {said}"))
        outcome = Outcome.REFUSED if code >= 500 else Outcome.FAILED
        return Answer(outcome, plain(f"SMTP {code} {said}"))

    def _hang_up(self) -> None:
        connection, self.backend.connection = self.backend.connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()
