"""Words are sent compressed to whoever can read them so."""

import gzip

from django.test import Client
from django.urls import reverse


def test_a_page_and_a_script_come_compressed_and_a_short_answer_as_it_is(town):
    client = Client(headers={"accept-encoding": "gzip"})
    page = client.get(reverse("home"))
    assert page["Content-Encoding"] == "gzip"
    assert "我要反映" in gzip.decompress(page.content).decode()
    script = client.get("/static/kit/draft.js")
    packed = b"".join(script.streaming_content)
    assert script["Content-Encoding"] == "gzip"
    assert len(packed) < len(gzip.decompress(packed))
    assert "Content-Encoding" not in client.get(reverse("robots")).headers


def test_a_page_comes_plain_to_whoever_asks_for_no_compression(town):
    page = Client().get(reverse("home"))
    assert "Content-Encoding" not in page.headers
