"""`bin/check`: everything CI runs, in the order of how fast it fails."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from shaodao.config.launch import frontend
from shaodao.config.launch.surroundings import ROOT, Database, configure

PYTHON_FILES = ["src", "tests", "bench", "manage.py", *sorted(map(str, ROOT.glob("bin/*[!_]")))]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fontconfig", "fonts-noto-cjk")
# A file's tests share what it set up, so one process runs them; the longest file begins first.
WHOLE_FILES = ("--dist", "loadfile", "--no-loadscope-reorder")
LONGEST_FIRST = ("tests/system/test_commands.py", "tests")
NO_BROWSER = "!!! --no-browser: the browser tests were LEFT OUT. This is not a full check. !!!"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/check", description=__doc__)
    parser.add_argument("--no-browser", action="store_true", help="leave the browser tests out")
    parser.add_argument("--only", choices=list(_steps([])), help="run one step")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args()
    if options.no_browser:
        print(NO_BROWSER, flush=True)
    elif options.only in (None, "tests"):
        _need_chromium()
    arguments = ["-m", "not browser"] if options.no_browser else []
    steps = _steps([*arguments, *(options.pytest or LONGEST_FIRST)])
    configure()
    libraries = frontend.Fetch()
    libraries.finish()
    with Database(durable=False):
        for name in [options.only] if options.only else steps:
            _run(name, steps[name])
    print(f"== all: ok, {time.time() - float(os.environ['SHAODAO_BEGAN']):.0f} s", flush=True)
    if options.no_browser:
        print(NO_BROWSER, flush=True)


def _steps(pytest: list[str]) -> dict[str, list[str]]:
    python = [sys.executable, "-P", "-m"]
    policies = sorted(str(path) for path in ROOT.glob("src/shaodao/*/policy.py"))
    deploy = ["env", "SHAODAO_HTTPS=1", "SHAODAO_DEMO=0", "SHAODAO_DEBUG=0", *python, "django"]
    return {
        "lint": [*python, "ruff", "check", *PYTHON_FILES],
        "format": [*python, "ruff", "format", "--check", *PYTHON_FILES],
        "types": [*python, "mypy", "src/shaodao/cores", *policies],
        "imports": [str(Path(sys.executable).with_name("lint-imports"))],
        "migrations": [*python, "django", "makemigrations", "--check", "--dry-run"],
        "deploy": [*deploy, "check", "--deploy", "--fail-level", "WARNING"],
        "tests": [*python, "pytest", "-n", "2", *WHOLE_FILES, *pytest],
    }


def _run(name: str, command: list[str]) -> None:
    print(f"== {name}", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(
        f"== {name}: {'ok' if status == 0 else 'FAILED'}, {time.monotonic() - began:.1f} s",
        flush=True,
    )
    if status:
        sys.exit(status)


def _need_chromium() -> None:
    """Have Chromium and a Chinese font: root installs them with apt, anyone else is told how."""
    if not (_has_browser() and _has_chinese_font()):
        install = ["apt-get", "install", "-y", *PACKAGES]
        if os.geteuid() == 0 and shutil.which("apt-get"):
            print(f"Installing with apt: {' '.join(PACKAGES)}", flush=True)
            environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            for command in (
                ["apt-get", "update", "-qq"],
                [*install, "-qq", "--no-install-recommends"],
            ):
                subprocess.run(command, stdout=subprocess.DEVNULL, env=environ, check=False)
        if not (_has_browser() and _has_chinese_font()):
            sys.exit(
                "The browser tests need Chromium and a Chinese font: run "
                f"`sudo {' '.join(install)}`, or leave those tests out with --no-browser."
            )


def _has_browser() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
    return bool(fonts.strip())


if __name__ == "__main__":
    main()
