"""English screens: every text has its English, and a reader who asks for English gets it."""

import re

import pytest
from django.conf import settings
from django.template import engines
from django.test import override_settings
from django.urls import reverse
from django.utils import translation

from shaodao.cases import policy
from shaodao.config import catalogue
from shaodao.config.launch.surroundings import compile_catalogues
from shaodao.kit.wording import say

PLACES = re.compile(r"%\(\w+\)s|\{\w*\}")
CHINESE = re.compile(r"[\u3400-\u9fff]")
QUOTED = re.compile("“[^”]*”")
NAME = "哨到"  # an authenticator on a phone shows the name as it is


@pytest.fixture(scope="module")
def compiled():
    """Compile the catalogue as the launcher does, and let Django forget what it read before."""
    compile_catalogues()
    with override_settings(LOCALE_PATHS=settings.LOCALE_PATHS):
        yield


@pytest.fixture
def english(compiled):
    """Speak English as long as the test runs."""
    with translation.override("en"):
        yield


def messages():
    """Yield every translated entry as its Chinese and its English forms, that for many first."""
    for message in catalogue.read():
        is_counted = isinstance(message.id, tuple)
        forms = tuple(reversed(message.string)) if is_counted else (message.string,)
        if message.id and all(forms):
            yield message.id[0] if is_counted else message.id, forms


def test_every_marked_text_has_its_english():
    assert catalogue.missing() == []


def test_what_is_filled_in_is_the_same_in_both_languages():
    differing = [
        chinese
        for chinese, (usual, *_one) in messages()
        if set(PLACES.findall(chinese)) != set(PLACES.findall(usual))
    ]
    assert differing == []


def test_the_english_for_one_of_a_thing_asks_for_nothing_the_chinese_does_not_give():
    for chinese, forms in messages():
        for form in forms:
            assert set(PLACES.findall(form)) <= set(PLACES.findall(chinese)), form


def test_the_english_is_english():
    """What stands in quotation marks is typed as it is: the cells of a workbook are Chinese."""
    texts = [QUOTED.sub("", form) for _chinese, forms in messages() for form in forms]
    assert [text for text in texts if CHINESE.search(text.replace(NAME, ""))] == []


def test_the_english_keeps_the_space_and_the_colon_a_sentence_needs():
    """A text that ends in a colon or a full stop in Chinese ends in one in English."""
    endings = {"：": ":", "。": ".", "？": "?"}
    differing = [
        (chinese, form)
        for chinese, forms in messages()
        for form in forms
        if chinese[-1] in endings and form[-1] != endings[chinese[-1]]
    ]
    assert differing == []


def test_a_counted_text_has_a_form_for_one_and_a_form_for_many(english):
    line = (
        "{% blocktranslate count counter=total trimmed %}\n  共 {{ counter }} 条\n"
        "{% plural %}\n  共 {{ counter }} 条\n{% endblocktranslate %}"
    )
    template = engines["django"].from_string(line)
    assert [template.render({"total": n}) for n in (1, 2)] == ["1 row", "2 rows"]


def test_a_text_with_two_senses_is_told_apart_by_its_context(english):
    this_year = translation.pgettext("day of this year", "%(month)s月%(day)s日")
    assert this_year % {"month": 9, "day": 11} == "11/9"


def test_a_refusal_is_said_in_english_with_the_words_it_names(english):
    with pytest.raises(policy.MoveRefused) as refused:
        policy.check(policy.MOVES["close"], status=policy.Status.FILED, seats={}, given=())
    assert say(refused.value) == "The case is “Awaiting dispatch”; “Close” is not possible now"


@pytest.mark.parametrize("door", ["accept-language", "cookie"])
def test_who_asks_for_english_gets_an_english_log_in_page(compiled, client, db, door):
    if door == "cookie":
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        page = client.get(reverse("login")).content.decode()
    else:
        page = client.get(reverse("login"), headers={"accept-language": "en-GB"}).content.decode()
    assert '<html lang="en"' in page
    assert "<h1>Staff log-in</h1>" in page
    assert "User name or mobile number" in page
    assert "工作人员登录" not in page


def test_who_asks_for_nothing_gets_chinese(compiled, client, db):
    page = client.get(reverse("login")).content.decode()
    assert '<html lang="zh-Hans"' in page
    assert "<h1>工作人员登录</h1>" in page


def test_a_resident_who_reads_english_chooses_among_kinds_of_problems_in_english(
    compiled, client, town
):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = client.get(reverse("report")).content.decode()
    assert "Street lights and roads" in page
    assert "路灯道路" not in page
