"""Text messages through a county's gateway: one signed POST a message.

The body holds the text and, for gateways that send approved templates only, the kind of notice
and what fills it. The signature is HMAC-SHA256 over time and body, so that neither can be changed
and an old request is not taken again.
"""

import hashlib
import hmac
import json

from shaodao.notices.policy import Outcome

from .messages import Answer, HttpCarrier, Message, Reply, plain, read_status


class SmsGateway(HttpCarrier):
    def __init__(self, *, url: str, key: str, secret: str, signature: str, timeout: float):
        super().__init__(timeout=timeout)
        self.url, self.key, self.secret, self.signature = url, key, secret, signature

    def send(self, message: Message) -> Answer:
        """Hand one text message over; the gateway may answer {"code": 0} or nothing but 2xx."""
        content = {
            "id": str(message.id),
            "to": message.to,
            "text": f"【{self.signature}】{message.text}" if self.signature else message.text,
            "template": message.kind,
            "params": dict(message.values),
        }
        body = json.dumps(content, ensure_ascii=False).encode()
        sent_at = str(int(message.at.timestamp()))
        headers = {
            "Idempotency-Key": str(message.id),
            "X-Key": self.key,
            "X-Timestamp": sent_at,
            "X-Signature": sign(self.secret, sent_at, body),
        }
        reply = self.post(self.url, body, headers)
        if isinstance(reply, Answer):
            return reply
        return read_status(reply) or _read_body(reply)


def sign(secret: str, sent_at: str, body: bytes) -> str:
    """Return the signature of a request: hex of HMAC-SHA256 over time, line end and body."""
    return hmac.new(secret.encode(), f"{sent_at}\n".encode() + body, hashlib.sha256).hexdigest()


def _read_body(reply: Reply) -> Answer:
    words = plain(reply.text[:180])
    try:
        said = json.loads(reply.text)
    except ValueError:
        return Answer(Outcome.TAKEN, words)
    code = said.get("code", 0) if isinstance(said, dict) else 0
    is_taken = str(code).upper() in {"0", "OK", "200", "NONE"}
    return Answer(Outcome.TAKEN if is_taken else Outcome.REFUSED, words)
