"""Pictures as people send them, made safe to keep and to show.

A file is believed by its content only: size, virus scan and pixel count come before decoding; what
is kept is a fresh JPEG, upright, without anything the camera wrote into it, and a small one beside
it. Files are written before the transaction that names them, so a failed one leaves files behind:
`sweep_orphans` removes those.
"""

import os
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import IO, Protocol

import pi_heif
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from PIL import ExifTags, Image, ImageOps

from shaodao.cores.wording import N_, Refusal

pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
Image.MAX_IMAGE_PIXELS = None  # the caller's limit holds, before decoding

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")
SIDE, QUALITY = 2048, 82  # pixels along the longer side; JPEG quality
THUMB_SIDE, THUMB_QUALITY = 480, 76
SCAN_SECONDS = 60
IN_HAND = ".incoming"  # below MEDIA_ROOT: files being written or scanned
CLEAN, INFECTED = 0, 1  # exit status of a scanner; anything else: it did not scan


class PictureRefused(Refusal):
    """The picture cannot be taken. The message names it and is fit to show to the user."""


class Limits(Protocol):
    """How much one picture may bring: reports.policy.ReportLimits is one."""

    @property
    def photo_bytes(self) -> int: ...

    @property
    def photo_pixels(self) -> int: ...


@dataclass(frozen=True)
class Picture:
    """A stored picture: re-encoded, upright, without what the camera wrote into it."""

    file: str  # below MEDIA_ROOT
    width: int
    height: int


def store(upload: UploadedFile, *, limits: Limits, on: date) -> Picture:
    """Keep a picture somebody sent, in the folder of the day `on`, with a small one beside it.

    :raises PictureRefused: too large, not a picture, damaged, or not passed by the virus scan.
    """
    name = _shown(upload.name)
    if (upload.size or 0) > limits.photo_bytes:
        most = limits.photo_bytes // 2**20
        raise PictureRefused(N_("照片“{name}”太大了，一张最多 {most} MB"), name=name, most=most)
    _scan(upload, name)
    image = _decoded(upload, name, limits)
    folder = Path(f"{on:%Y/%m/%d}")
    file = str(folder / f"{secrets.token_hex(16)}.jpg")
    (settings.MEDIA_ROOT / folder).mkdir(parents=True, exist_ok=True)
    _write(_fitted(image, THUMB_SIDE), thumb_of(file), THUMB_QUALITY)
    _write(image, file, QUALITY)
    return Picture(file=file, width=image.width, height=image.height)


def position_of(upload: UploadedFile) -> tuple[float, float] | None:
    """Return the place a picture says it was taken at (WGS 84, longitude first), if it does."""
    try:
        upload.seek(0)
        with Image.open(upload, formats=FORMATS) as image:
            gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W")
        lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S")
    except _BROKEN:
        return None
    finally:
        upload.seek(0)
    on_earth = isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    return (lon, lat) if on_earth and (lon or lat) else None


def thumb_of(file: str) -> str:
    """Return the name of the small picture that stands beside `file`."""
    return f"{file.removesuffix('.jpg')}.small.jpg"


def delete(files: Collection[str]) -> None:
    """Delete stored pictures and the small ones beside them; what is gone already is no harm."""
    for file in files:
        for name in (file, thumb_of(file)):
            (settings.MEDIA_ROOT / name).unlink(missing_ok=True)


def sweep_orphans(
    *, named_by_rows: Callable[[Collection[str]], Collection[str]], before: datetime
) -> int:
    """Delete the pictures older than `before` that no row names, and return how many.

    named_by_rows : given names of pictures, returns those a row names
    """
    n = 0
    for folder in _folders():
        old = {path for path in folder.iterdir() if path.stat().st_mtime < before.timestamp()}
        pictures = {_relative(path) for path in old if path.match("*.jpg")}
        whole = {file for file in pictures if not file.endswith(".small.jpg")}
        kept = set(named_by_rows(whole)) if whole else set()
        kept |= {thumb_of(file) for file in kept}
        for path in old:
            if _relative(path) not in kept:
                path.unlink(missing_ok=True)
                n += _relative(path) in whole
        if folder.name != IN_HAND and not any(folder.iterdir()):
            with suppress(OSError):  # somebody is just writing the day's first picture into it
                folder.rmdir()
    return n


# Whatever a decoder may say of a hostile or damaged file.
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, ArithmeticError,
    RuntimeError, MemoryError, Image.DecompressionBombError,
)  # fmt: skip


def _decoded(upload: UploadedFile, name: str, limits: Limits) -> Image.Image:
    """Return the picture in plain colours, upright, no larger than we keep it."""
    upload.seek(0)
    try:
        image = Image.open(upload, formats=FORMATS)
        width, height = image.size
    except _BROKEN as error:
        raise PictureRefused(
            N_("“{name}”不是照片，或者格式不支持；请拍照，或选 JPG、PNG、HEIC 格式的照片"),
            name=name,
        ) from error
    with image:
        if width * height > limits.photo_pixels:
            most = limits.photo_pixels // 10_000
            raise PictureRefused(
                N_("照片“{name}”尺寸太大，最多 {most} 万像素；请截图后再选"), name=name, most=most
            )
        try:
            return _plain(image)
        except _BROKEN as error:
            raise PictureRefused(
                N_("照片“{name}”打不开，可能没有传完整；请重新选一次"), name=name
            ) from error


def _plain(image: Image.Image) -> Image.Image:
    image.draft("RGB", (SIDE, SIDE))  # a JPEG decodes straight to an eighth, quarter or half
    image.load()
    upright = ImageOps.exif_transpose(_fitted(image, SIDE))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        plain = Image.new("RGB", upright.size, "white")
        plain.paste(upright, mask=upright.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    plain.info.clear()
    return plain


def _fitted(image: Image.Image, side: int) -> Image.Image:
    fitted = image.copy()
    fitted.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return fitted


def _write(image: Image.Image, file: str, quality: int) -> None:
    with _in_hand() as (handle, path):
        image.save(handle, "JPEG", quality=quality, optimize=True, progressive=True)
        handle.close()
        path.replace(settings.MEDIA_ROOT / file)


def _scan(upload: UploadedFile, name: str) -> None:
    """Have the operator's scanner look at the file as it came."""
    if not settings.VIRUS_SCAN:
        return
    with _in_hand() as (handle, path):
        for chunk in upload.chunks():
            handle.write(chunk)
        handle.flush()
        try:
            answer = subprocess.run(
                [*shlex.split(settings.VIRUS_SCAN), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SCAN_SECONDS,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired):
            answer = -1
    if answer == INFECTED:
        raise PictureRefused(N_("照片“{name}”没有通过安全检查，请换一张"), name=name)
    if answer != CLEAN:
        raise PictureRefused(
            N_("照片安全检查暂时不能用，“{name}”没有收下；请过几分钟再试，或者先不带照片提交"),
            name=name,
        )


@contextmanager
def _in_hand() -> Iterator[tuple[IO[bytes], Path]]:
    """Open a file of its own below MEDIA_ROOT, gone afterwards unless it was moved to its place."""
    folder = settings.MEDIA_ROOT / IN_HAND
    folder.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(number, "wb") as handle:
            yield handle, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _folders() -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    yield from sorted(path for path in root.glob("[0-9]*/[0-9]*/[0-9]*") if path.is_dir())
    if (root / IN_HAND).is_dir():
        yield root / IN_HAND


def _relative(path: Path) -> str:
    return path.relative_to(settings.MEDIA_ROOT).as_posix()


def _degrees(gps: dict[int, object], tag: int, ref: int, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in gps[tag])  # type: ignore[attr-defined]
    value = degrees + minutes / 60 + seconds / 3600
    return -value if str(gps.get(ref, "")).upper().startswith(negative) else value


def _shown(name: str | None) -> str:
    """Return the name a sender's file had, short enough to show."""
    shown = "".join(sign for sign in (name or "") if sign.isprintable()) or "?"
    return shown if len(shown) <= 24 else f"{shown[:12]}…{shown[-8:]}"
