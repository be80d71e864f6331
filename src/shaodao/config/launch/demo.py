"""`bin/demo`: from a clone to the running sample town, and everything stopped again by Ctrl-C."""

import argparse
import io
import os
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import django
from django.core.management import call_command

from shaodao.config import localpg
from shaodao.config.launch import certificate, frontend
from shaodao.config.launch.parent import Parent
from shaodao.config.launch.surroundings import Database, configure, refusals_in_words, var

PAGES = (
    "/health",
    "/",
    "/report/",
    "/nearby/",
    "/track/",
    "/board/",
    "/worker/",
    "/accounts/login/",
    "/kit/design/",
    "/static/vendor/htmx/htmx.min.js",
    "/static/vendor/maplibre/maplibre-gl.mjs",
)
FIRST_PORT = 8000
HEALTHY_WITHIN_SECONDS = 60


def main() -> None:
    options = _options()
    began = float(os.environ["SHAODAO_BEGAN"])
    port = _port(options.port)
    os.environ["SHAODAO_DEMO"] = "1"
    configure()
    print("哨到 Shaodao", flush=True)
    _report("运行环境 environment", time.time() - began)
    if options.fresh:
        _start_over()
    libraries = frontend.Fetch()
    tls = _serve_tls() if options.https else []
    with Database() as database:
        with _stage("数据库 database"):
            _migrate()
        with _stage("前端库 browser libraries"):
            libraries.finish()
        with _stage("示范城镇 sample town"):
            call_command("town", "load")
        with Parent(var() / "logs", keep_open=database.held) as parent:
            with _stage("网站与后台 web and worker"):
                parent.add("web", web_command(port, tls))
                _wait(parent, lambda: _fetch(port, tls, "/health") != 0)
                # After the site answers, so as not to slow it; before it must be healthy, because
                # jobs left from long ago make it ill until they are worked off.
                parent.add("worker", worker_command())
                healthy = _wait(parent, lambda: _fetch(port, tls, "/health") == 200)
            if healthy and options.check:
                _report("合计 total", time.time() - began)
                sys.exit(_fetch_pages(port, tls))
            if healthy:
                _report("合计 total", time.time() - began)
                _welcome(port, tls)
                parent.tend(say=_say)
                print("\n  正在停止 Stopping", flush=True)
    if not healthy and not parent.asked_to_stop:
        sys.exit(f"The site did not become healthy. Logs: {var() / 'logs'}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__)
    parser.add_argument(
        "--fresh", action="store_true", help="delete the town's data and start over"
    )
    parser.add_argument(
        "--port", type=int, help=f"listen here (default: {FIRST_PORT}, or next free)"
    )
    parser.add_argument("--check", action="store_true", help="start, fetch the main pages, stop")
    parser.add_argument("--https", action="store_true", help="open to the local network, over TLS")
    return parser.parse_args()


def _port(wanted: int | None) -> int:
    """Return a free port: the one asked for, or the first free one from FIRST_PORT on."""
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    sys.exit(f"Port {wanted} is taken: choose another with --port, or leave --port out.")


def _start_over() -> None:
    """Delete the database and the photos; the secret, the libraries and the certificate stay."""
    if os.environ.get("DATABASE_URL"):
        sys.exit("--fresh deletes our own database only: empty the one in DATABASE_URL yourself.")
    with refusals_in_words():
        localpg.remove(localpg.locate(var(), durable=True, environ=os.environ))
    shutil.rmtree(var() / "media", ignore_errors=True)


def _serve_tls() -> list[str]:
    """Make the certificate, open to the local network; return what granian needs for it."""
    authority, chain, key = certificate.prepare(var() / "https", at=datetime.now(UTC))
    public = var() / "vendor" / "https"  # where a phone can fetch it
    public.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(authority, public / authority.name)
    os.environ["SHAODAO_HTTPS"] = "1"
    os.environ["SHAODAO_HOSTS"] = ",".join(["localhost", *certificate.addresses()])
    tls = ["--ssl-certificate", str(chain), "--ssl-keyfile", str(key)]
    return [*tls, "--ssl-protocol-min", "tls1.2"]


def _migrate() -> None:
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def web_command(port: int, tls: list[str]) -> list[str]:
    host = "0.0.0.0" if tls else "127.0.0.1"
    # A worker that is asked to stop while it starts does not hear: hence the kill time-out.
    options = "--interface wsgi --no-ws --workers 2 --blocking-threads 8 --respawn-failed-workers "
    options += f"--workers-kill-timeout 5 --host {host} --port {port}"
    site = "shaodao.config.launch.served:application"
    return [sys.executable, "-P", "-m", "granian", *options.split(), *tls, site]


def worker_command() -> list[str]:
    return [sys.executable, "-P", "-m", "django", "procrastinate", "worker"]


def _wait(parent: Parent, reached: Callable[[], bool]) -> bool:
    """Tend the children until `reached()`; tell whether it was, in time and before they failed."""
    until = time.monotonic() + HEALTHY_WITHIN_SECONDS

    def is_hopeless() -> bool:
        return time.monotonic() > until or any(child.n_crashes > 2 for child in parent.children)

    parent.tend(until=lambda: reached() or is_hopeless(), say=_say)
    return not parent.asked_to_stop and not is_hopeless()


def _fetch(port: int, tls: list[str], page: str) -> int:
    """Return the status of a page of ours, 0 if there is no answer."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE  # our own certificate, over the loopback
    scheme = "https" if tls else "http"
    try:
        with urllib.request.urlopen(
            f"{scheme}://localhost:{port}{page}", context=trusting, timeout=30
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return 0


def _fetch_pages(port: int, tls: list[str]) -> int:
    """Fetch the main pages and say what came; return the exit status."""
    statuses = {page: _fetch(port, tls, page) for page in PAGES}
    for page, status in statuses.items():
        print(f"  {status} {page}", flush=True)
    return 0 if set(statuses.values()) == {200} else 1


def _welcome(port: int, tls: list[str]) -> None:
    scheme = "https" if tls else "http"
    lines = ["", f"  打开 Open: {scheme}://localhost:{port}/"]
    if tls:
        hosts = [host for host in certificate.addresses() if not host.startswith("127.")]
        for host in hosts:
            lines += [
                f"  手机 Phone: https://{host}:{port}/",
                "    先在手机上安装并信任证书 First install and trust on the phone:",
                f"    https://{host}:{port}/static/vendor/https/authority.crt",
            ]
        if not hosts:
            lines += ["  本机没有局域网地址 This machine has no address on a local network."]
    accounts = io.StringIO()
    call_command("town", "accounts", stdout=accounts)
    lines += [
        "",
        "  先点 Click first: 首页 →「我要反映」，提交后记下编号",
        "                    Home page → report a problem; keep the number you are given",
        "  再用这些账号把它办完 Then see it through with these accounts (→ 先点 click first)",
        *_indented(accounts.getvalue()),
    ]
    lines += ["", "  Ctrl-C 停止全部 stops everything."]
    print("\n".join(lines), flush=True)


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


@contextmanager
def _stage(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    _report(name, time.monotonic() - began)


def _report(stage: str, seconds: float) -> None:
    print(f"  {stage}: {seconds:.1f} s", flush=True)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
