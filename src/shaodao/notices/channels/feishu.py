"""Feishu (飞书): a bot in one group, signed in the body.

The key of its signature is the time in seconds, a line end and the secret; what is signed is empty.
It takes 100 messages a minute. Codes: 11232 and 9499 are too often, 19001 and 19021 to 19024 a
wrong address, signature, source or word. It knows people by its own ids only, so nobody is named.
"""

import base64
import hashlib
import hmac
import json

from .messages import Answer, Codes, HttpCarrier, Message, read_bot

_CODES = Codes("code", throttled=(11232, 9499), broken=(19001, 19021, 19022, 19024))


class FeishuBot(HttpCarrier):
    def __init__(self, *, url: str, secret: str, timeout: float):
        super().__init__(timeout=timeout)
        self.url, self.secret = url, secret

    def send(self, message: Message) -> Answer:
        content: dict[str, object] = {"msg_type": "text", "content": {"text": message.text}}
        if self.secret:
            sent_at = str(int(message.at.timestamp()))
            content |= {"timestamp": sent_at, "sign": sign(self.secret, sent_at)}
        body = json.dumps(content, ensure_ascii=False).encode()
        return read_bot(self.post(self.url, body, {"Idempotency-Key": str(message.id)}), _CODES)


def sign(secret: str, sent_at: str) -> str:
    """Return the signature of a request sent at a time in seconds since 1970."""
    return base64.b64encode(
        hmac.new(f"{sent_at}\n{secret}".encode(), b"", hashlib.sha256).digest()
    ).decode()
