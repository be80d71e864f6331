"""WeCom (企业微信): a bot in one group, which names the person by phone.

Its key stands in the address; it takes 20 messages a minute. Codes: the vendor's global list of
error codes; 45009 is too often, 93000 and 40001 to 40014 a wrong key.
"""

import json

from .messages import Answer, Codes, HttpCarrier, Message, read_bot

_CODES = Codes("errcode", throttled=(45009, 45033), broken=(40001, 40013, 40014, 93000, 93008))


class WeComBot(HttpCarrier):
    def __init__(self, *, url: str, timeout: float):
        super().__init__(timeout=timeout)
        self.url = url

    def send(self, message: Message) -> Answer:
        text = {
            "content": message.text,
            "mentioned_mobile_list": [message.to] if message.to else [],
        }
        body = json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode()
        return read_bot(self.post(self.url, body, {"Idempotency-Key": str(message.id)}), _CODES)
