"""`bin/dev`: the site and the worker, both restarted when a source file changes."""

import os
import sys
from collections.abc import Callable

import django
from django.core.management import call_command

from shaodao.config.launch import frontend
from shaodao.config.launch.parent import Parent
from shaodao.config.launch.surroundings import ROOT, Database, configure, var


def main() -> None:
    os.environ["SHAODAO_DEBUG"] = os.environ["SHAODAO_DEMO"] = "1"
    configure()
    libraries = frontend.Fetch()
    with Database() as database:
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        libraries.finish()
        port = sys.argv[1] if len(sys.argv) > 1 else "8000"
        python = [sys.executable, "-P", "-m", "django"]
        with Parent(var() / "logs", keep_open=database.held) as parent:
            parent.add("web", [*python, "runserver", "--noreload", port])
            parent.add("worker", [*python, "procrastinate", "worker"])
            print(f"http://localhost:{port}/  logs: {var() / 'logs'}", flush=True)
            while parent.tend(until=_changed(), say=print):
                parent.stop_children()
                for child in parent.children:
                    child.start()


def _changed() -> Callable[[], bool]:
    """Return a question: has a source file changed since now?"""
    before = _newest()
    return lambda: _newest() > before


def _newest() -> float:
    return max(path.stat().st_mtime for path in (ROOT / "src").rglob("*.py"))


if __name__ == "__main__":
    main()
