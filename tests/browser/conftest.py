"""A real browser before the small town: pages of any width, and pictures of them.

`live_town` serves the town from a database of its own, `browser_page(width=390)` opens a page
on it, `snapshot(page, name)` keeps a picture in var/screenshots.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from tests.town import Town

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # The map draws with WebGL, and there is no graphics card here.
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
)
# What a page may say on the console without being at fault: the network that a test took away.
HARMLESS = ("net::ERR_INTERNET_DISCONNECTED", "Failed to load resource", "Failed to fetch",
            "htmx:sendError", "htmx:afterRequest")  # fmt: skip


@dataclass(frozen=True)
class LiveTown:
    """The small town behind an address a browser can open."""

    town: Town
    url: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each story one more try: a crowded machine can keep a browser waiting past its limits.

    The summary of the run counts the second tries, so that none stays unseen.
    """
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the Chromium of a file of stories."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail("no Chromium: apt-get install chromium fonts-noto-cjk, or bin/check does it")
    # Playwright runs a loop in this thread. Django takes that for an async caller and keeps
    # another connection for it; one left open would hold the database that is to be copied.
    connection.close()
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield chromium
        chromium.close()
        connection.close()


class _Server(ThreadedWSGIServer):
    """Waits for its answers at the end: a late one would open the next test's database."""

    daemon_threads = False

    def get_request(self):
        line, address = super().get_request()
        line.settimeout(5)  # seconds a browser may keep a line open in silence
        return line, address

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), TimeoutError):
            super().handle_error(request, client_address)


@pytest.fixture
def live_town(browser, town_committed) -> Iterator[LiveTown]:
    """Serve the small town; what a test does to it is dropped with its database."""
    server = LiveServerThread("localhost", StaticFilesHandler, connections_override={})
    server.server_class = _Server
    server.daemon = True
    server.start()
    assert server.is_ready.wait(10)
    assert server.error is None
    yield LiveTown(town_committed, f"http://localhost:{server.port}")
    server.terminate()


@pytest.fixture
def browser_page(browser, live_town) -> Iterator[Callable[..., Page]]:
    """Open pages on the town: width, theme (light, dark, contrast), size (large), and options.

    Every page must keep free of script errors and of what the content security policy forbids.
    """
    contexts, faults = [], []

    def heard(text: str) -> None:
        if not any(part in text for part in HARMLESS):
            faults.append(text)

    def opened(*, width: int = 390, theme: str = "light", size: str = "normal", **options) -> Page:
        shape = {"viewport": {"width": width, "height": 844 if width < 800 else 900}}
        context = browser.new_context(
            **{"locale": "zh-CN", "base_url": live_town.url, **shape, **options}
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        chosen = {"shaodao_theme": theme, "shaodao_size": size}
        context.add_cookies(
            [{"name": name, "value": chosen[name], "url": live_town.url} for name in chosen]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: heard(str(error)))
        page.on("console", lambda line: heard(line.text) if line.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def snapshot() -> Callable[[Page, str], Path]:
    """Keep a picture of a whole page in var/screenshots."""
    folder = Path(settings.VAR) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def kept(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.evaluate("scrollTo(0, 0)")  # a bar that sticks would stand in the middle
        page.screenshot(path=path, full_page=True)
        return path

    return kept
