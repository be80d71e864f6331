"""The frame of every page: how the reader wants it, where it leads, what it says when it fails."""

from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.urls import path

from shaodao.kit import context, navigation


def _nothing(request):
    raise AssertionError


urlpatterns = [
    path("cases/", _nothing, name="desk"),
    path("cases/today/", _nothing, name="today"),
    path("figures/", _nothing, name="figures"),
]


def test_a_reader_keeps_text_size_colours_and_language(client):
    answer = client.post(
        "/kit/preferences/",
        {"theme": "dark", "size": "large", "language": "en", "next": "/kit/design/"},
    )
    assert answer.url == "/kit/design/"
    page = client.get("/kit/design/").content.decode()
    assert '<html lang="en" data-theme="dark" data-size="large"' in page


def test_unknown_preferences_are_not_kept(client):
    answer = client.post("/kit/preferences/", {"theme": "pink", "size": "9", "language": "xx"})
    assert not answer.cookies


@pytest.mark.parametrize(
    "url", ["https://example.org/", "//example.org", "javascript:alert(1)", "/\\example.org", ""]
)
def test_the_way_back_stays_on_this_site(client, url):
    assert client.post("/kit/preferences/", {"theme": "dark", "next": url}).url == "/"


def test_preferences_are_changed_by_post_alone(client):
    assert client.get("/kit/preferences/").status_code == 405


def test_cookies_nobody_gave_out_leave_the_page_as_it_is(rf):
    request = rf.get("/")
    request.COOKIES |= {context.THEME_COOKIE: '"><script>', context.SIZE_COOKIE: "huge"}
    page = context.page(request)
    assert (page["theme"], page["size"]) == ("auto", "normal")


def test_a_residents_page_asks_for_no_user(rf):
    request = rf.get("/")
    page = context.page(request)
    assert not hasattr(request, "user")
    assert not page["nav"]


@pytest.mark.urls("tests.kit.test_frame")
def test_navigation_shows_pages_that_exist_to_those_who_may_open_them(settings):
    settings.ROLES_OF = "tests.kit.test_frame.roles_of"
    table = (
        navigation.Place("desk", "工作台", "desk", frozenset({"HANDLER"})),
        navigation.Place("today", "今日任务", "list", frozenset({"HANDLER", "GRID_WORKER"})),
        navigation.Place("figures", "运行情况", "chart"),
        navigation.Place("not_built_yet", "以后", "chart"),
    )

    def seen_by(role, path):
        return navigation.links(table, user=SimpleNamespace(roles={role}), path=path)

    handler = seen_by("HANDLER", "/cases/today/")
    assert [link.url for link in handler] == ["/cases/", "/cases/today/", "/figures/"]
    assert [link.is_current for link in handler] == [False, True, False]
    assert [link.url for link in seen_by("AUDITOR", "/")] == ["/figures/"]


def roles_of(user):
    return user.roles


def test_no_navigation_table_has_more_places_than_its_bar():
    assert len(navigation.WORKER) <= 5
    assert len(navigation.RESIDENT) <= 5


@pytest.mark.parametrize("name", ["404.html", "403.html", "403_csrf.html"])
def test_an_error_page_says_what_to_do(rf, name):
    page = render_to_string(name, request=rf.get("/"))
    assert "回首页" in page
    assert "</html>" in page


def test_the_page_for_our_own_faults_needs_nothing_to_be_shown():
    page = get_template("500.html").render()
    assert "不是您的操作有误" in page
    assert 'id="main"' in page


def test_the_design_page_shows_every_part(client):
    answer = client.get("/kit/design/")
    assert answer.status_code == 200
    page = answer.content.decode()
    for part in ("stages", "timeline", "table", "pictures", "stars", "deadline", "bars", "dialog"):
        assert part in page, part
    assert 'class="skip no-print" href="#main"' in page


def test_every_script_and_style_a_page_names_is_there(client):
    page = client.get("/kit/design/").content.decode()
    assert f"{settings.STATIC_URL}kit/page.js" in page
    for name in ("base.css", "parts.css", "page.js", "mark.svg", "mark-180.png"):
        assert finders.find(f"kit/{name}"), name
