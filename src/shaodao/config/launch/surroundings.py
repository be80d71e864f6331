"""What every command needs around it: the variables settings.py reads, and the database up."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shaodao.config import localpg

ROOT = Path(__file__).resolve().parents[4]


def var() -> Path:
    """Return the folder of everything this checkout keeps: data, secret, libraries, photos."""
    return Path(os.environ.get("SHAODAO_VAR") or ROOT / "var")


def configure() -> None:
    """Set what settings.py reads and the caller has not set."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shaodao.config.settings")
    os.environ["SHAODAO_VAR"] = str(var())
    os.environ.setdefault("SHAODAO_SECRET_KEY", secret_key())
    (var() / "static").mkdir(exist_ok=True)  # WhiteNoise warns where STATIC_ROOT is missing
    compile_catalogues()
    beside = ROOT.parent / "shared"
    if beside.is_dir():
        os.environ.setdefault("SHAODAO_SHARED", str(beside))


def compile_catalogues() -> None:
    """Compile the translations that are newer than their compiled form."""
    for source in (ROOT / "src").rglob("LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            aside = compiled.with_suffix(f".{os.getpid()}")
            with source.open("rb") as words, aside.open("wb") as file:
                write_mo(file, read_po(words))
            aside.replace(compiled)


def secret_key() -> str:
    """Return the key kept in var/secret, made on first use and readable by its owner only."""
    path = var() / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # 0600
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):  # another command was faster
                os.link(file.name, path)
    return path.read_text()


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """End the command with a refusal's own words, not with a traceback."""
    try:
        yield
    except localpg.DatabaseRefused as refusal:
        sys.exit(str(refusal))


class Database:
    """The database for as long as the `with` block runs: the one in DATABASE_URL, or our own."""

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.cluster: localpg.Cluster | None = None
        self.held: int | None = None

    def __enter__(self) -> "Database":
        if not os.environ.get("DATABASE_URL"):
            with refusals_in_words():
                self.cluster = localpg.locate(var(), durable=self.durable, environ=os.environ)
                self.held = localpg.hold(self.cluster)
            os.environ["DATABASE_URL"] = self.cluster.url()
        return self

    def __exit__(self, *_: object) -> None:
        if self.cluster is not None and self.held is not None:
            localpg.release(self.cluster, self.held)
            del os.environ["DATABASE_URL"]
