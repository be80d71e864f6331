"""DingTalk (钉钉): a bot in one group, signed, which names the person by phone.

The signature is base64 of HMAC-SHA256 over the time in milliseconds, a line end and the secret. It
takes 20 messages a minute. Codes: 130101, 410100 and 90030 are too often, 310000 a wrong
signature or word, 300001 and 300005 a wrong token.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import urlencode

from .messages import Answer, Codes, HttpCarrier, Message, read_bot

_CODES = Codes(
    "errcode", throttled=(130101, 410100, 90030, 90018), broken=(300001, 300005, 310000, 400102)
)


class DingTalkBot(HttpCarrier):
    def __init__(self, *, url: str, secret: str, timeout: float):
        super().__init__(timeout=timeout)
        self.url, self.secret = url, secret

    def send(self, message: Message) -> Answer:
        at = {"atMobiles": [message.to] if message.to else [], "isAtAll": False}
        content = {"msgtype": "text", "text": {"content": message.text}, "at": at}
        body = json.dumps(content, ensure_ascii=False).encode()
        response = self.post(self._signed(message.at), body, {"Idempotency-Key": str(message.id)})
        return read_bot(response, _CODES)

    def _signed(self, at: datetime) -> str:
        if not self.secret:
            return self.url
        sent_at = str(round(at.timestamp() * 1000))
        query = urlencode({"timestamp": sent_at, "sign": sign(self.secret, sent_at)})
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"


def sign(secret: str, sent_at: str) -> str:
    """Return the signature of a request sent at a time in milliseconds since 1970."""
    digest = hmac.new(secret.encode(), f"{sent_at}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
