"""Pictures: what is taken, what is refused, and what is left of what the camera wrote."""

import base64
import io
import os
import struct
import sys
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from shaodao.kit import images
from shaodao.kit.images import PictureRefused, position_of, store, sweep_orphans, thumb_of
from shaodao.kit.wording import say

TODAY = date(2025, 9, 11)
BLUE, RED = (30, 60, 200), (200, 30, 30)

# 48 × 32, left half blue, right half red, GPS 25°49′48″N 114°55′48″E; made once with pillow-heif.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAADRpbG9jAAAAAERAAAIAAQAAAAAB4gABAAAAAAAAACgAAgAAAAACCgABAAAAAAAAAJwAAAA4aWluZgAAAAAAAgAAABVp"
    "bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZo"
    "dmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAA"
    "AwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAA"
    "AAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1h"
    "AAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAzG1kYXQAAAAkKAGvWPkS3f/eO5HLzf6RBzvV"
    "YQfu867n6Fp47k0G7pbQ+rmLAAAABkV4aWYAAE1NACoAAAAIAAIBDwACAAAABgAAACaIJQAEAAAAAQAAACwAAAAATWFrZXIA"
    "AAQAAQACAAAAAk4AAAAAAgAFAAAAAwAAAGIAAwACAAAAAkUAAAAABAAFAAAAAwAAAHoAAAAAAAAAGQAAAAEAAAAxAAAAAQAA"
    "ADAAAAABAAAAcgAAAAEAAAA3AAAAAQAAADAAAAAB"
)


@dataclass(frozen=True)
class Limits:
    photo_bytes: int = 2_000_000
    photo_pixels: int = 12_000_000


@pytest.fixture(autouse=True)
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(size=(60, 40), left=BLUE, right=RED, mode="RGB") -> Image.Image:
    image = Image.new(mode, size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def upload(image, format="JPEG", name="现场.jpg", **options) -> SimpleUploadedFile:
    handle = io.BytesIO()
    image.save(handle, format, **options)
    return SimpleUploadedFile(name, handle.getvalue())


def taken_at(lon=114.93, lat=25.83) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "某品牌手机"
    exif[ExifTags.Base.Orientation] = 6
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for tag, value, names in ((1, lat, "NS"), (3, lon, "EW")):
        gps[tag] = names[value < 0]
        gps[tag + 1] = (float(int(abs(value))), abs(value) % 1 * 60, 0.0)
    return exif


def read(file: str) -> Image.Image:
    return Image.open(io.BytesIO((settings.MEDIA_ROOT / file).read_bytes()))


def kept(stored) -> Image.Image:
    return read(stored.file)


def refusal(of, **limits) -> str:
    with pytest.raises(PictureRefused) as refused:
        store(of, limits=Limits(**limits), on=TODAY)
    assert files() == []
    return say(refused.value)


def files() -> list[str]:
    root = Path(settings.MEDIA_ROOT)
    return [path.name for path in root.rglob("*") if path.is_file()]


def near(colour, wanted) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(colour, wanted, strict=True))


def test_a_picture_is_kept_upright_and_tells_nothing_of_the_camera():
    stored = store(upload(picture(), exif=taken_at(), comment=b"secret"), limits=Limits(), on=TODAY)
    assert stored.file.startswith("2025/09/11/")
    assert stored.file.endswith(".jpg")
    image = kept(stored)
    assert image.format == "JPEG"
    assert image.size == (stored.width, stored.height) == (40, 60)  # it lay on its side
    assert near(image.getpixel((20, 10)), BLUE)
    assert near(image.getpixel((20, 50)), RED)
    content = (settings.MEDIA_ROOT / stored.file).read_bytes()
    assert not image.getexif()
    assert b"Exif" not in content
    assert b"secret" not in content


def test_a_small_picture_stands_beside_a_large_one_and_both_are_held_to_size():
    stored = store(upload(picture((3000, 1500))), limits=Limits(), on=TODAY)
    assert (stored.width, stored.height) == (2048, 1024)
    assert read(thumb_of(stored.file)).size == (480, 240)
    assert sorted(files()) == sorted([Path(stored.file).name, Path(thumb_of(stored.file)).name])


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_other_formats_become_jpeg_whatever_their_name_says(format):
    stored = store(upload(picture(), format, name="照片.jpg"), limits=Limits(), on=TODAY)
    assert kept(stored).format == "JPEG"
    assert near(kept(stored).getpixel((10, 20)), BLUE)


def test_a_phones_heic_is_taken_and_its_place_is_offered():
    of = SimpleUploadedFile("IMG_0001.HEIC", HEIC)
    assert position_of(of) == pytest.approx((114.93, 25.83))
    stored = store(of, limits=Limits(), on=TODAY)
    assert (stored.width, stored.height) == (48, 32)
    assert near(kept(stored).getpixel((8, 16)), BLUE)
    assert near(kept(stored).getpixel((40, 16)), RED)


def test_what_shines_through_becomes_white():
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    stored = store(upload(clear, "PNG"), limits=Limits(), on=TODAY)
    assert near(kept(stored).getpixel((10, 10)), (255, 255, 255))


def test_the_place_a_picture_was_taken_at_is_offered():
    assert position_of(upload(picture(), exif=taken_at())) == pytest.approx((114.93, 25.83))
    assert position_of(upload(picture(), exif=taken_at(-70.5, -33.25))) == pytest.approx(
        (-70.5, -33.25)
    )
    assert position_of(upload(picture())) is None
    assert position_of(SimpleUploadedFile("a.jpg", b"no picture")) is None
    nowhere = taken_at()
    nowhere.get_ifd(ExifTags.IFD.GPSInfo)[2] = (IFDRational(0, 0), 0.0, 0.0)
    assert position_of(upload(picture(), exif=nowhere)) is None


def test_a_text_that_calls_itself_a_picture_is_refused_by_name():
    assert "“我的照片.jpg”不是照片" in refusal(
        SimpleUploadedFile("我的照片.jpg", b"#!/bin/sh\necho hello\n")
    )


def test_a_picture_that_did_not_come_whole_is_refused():
    whole = upload(picture((800, 600)), quality=95)
    cut = SimpleUploadedFile("半张.jpg", whole.read()[:2000])
    assert "打不开" in refusal(cut)
    assert "半张.heic" in refusal(SimpleUploadedFile("半张.heic", HEIC[:-60]))


def test_a_bomb_is_refused_before_it_is_unpacked():
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(10_000))  # says it is ten gigabytes, is a hundred bytes
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed)
    assert "尺寸太大，最多 1200 万像素" in refusal(SimpleUploadedFile("炸.png", bomb))


def test_a_file_too_long_is_refused_unread():
    assert "最多 1 MB" in refusal(
        SimpleUploadedFile("大.jpg", b"\xff" * 1_100_000), photo_bytes=2**20
    )


def test_a_long_or_strange_file_name_is_shortened_in_the_refusal():
    said = refusal(SimpleUploadedFile("很长" * 40 + "\u202e.jpg", b""))
    assert "…" in said
    assert "\u202e" not in said
    assert len(said) < 80


@pytest.mark.parametrize(
    ("code", "said"),
    [("sys.exit(1)", "没有通过安全检查"), ("sys.exit(2)", "安全检查暂时不能用")],
)
def test_what_the_scanner_refuses_or_cannot_scan_is_not_kept(settings, tmp_path, code, said):
    settings.VIRUS_SCAN = scanner(tmp_path, code)
    with pytest.raises(PictureRefused, match=said):
        store(upload(picture()), limits=Limits(), on=TODAY)
    assert files() == ["scanner.py"]


def test_a_missing_scanner_refuses_and_says_so(settings):
    settings.VIRUS_SCAN = "/nowhere/scanner"
    assert "安全检查暂时不能用" in refusal(upload(picture()))


def test_the_scanner_sees_the_file_as_it_came(settings, tmp_path):
    settings.VIRUS_SCAN = scanner(
        tmp_path,
        "sys.exit(0 if pathlib.Path(sys.argv[-1]).read_bytes()[:2] == b'\\xff\\xd8' else 1)",
    )
    stored = store(upload(picture()), limits=Limits(), on=TODAY)
    assert kept(stored).size == (60, 40)


def scanner(folder: Path, code: str) -> str:
    path = folder / "scanner.py"
    path.write_text(f"import pathlib, sys\n{code}\n")
    return f"{sys.executable} -S {path}"


def test_old_files_no_row_names_are_swept_and_the_others_stay(media):
    named, lost, fresh = (
        store(upload(picture()), limits=Limits(), on=TODAY).file for _ in range(3)
    )
    left_by_a_crash = media / images.IN_HAND / "tmp1"
    left_by_a_crash.write_bytes(b"half a picture")
    day_before = datetime.now(UTC) - timedelta(days=1)
    for path in media.rglob("*"):
        if path.is_file() and not path.match(f"{Path(fresh).stem}*"):
            os.utime(path, (day_before.timestamp() - 60,) * 2)
    asked = []

    def named_by_rows(files):
        asked.append(set(files))
        return {named}

    assert sweep_orphans(named_by_rows=named_by_rows, before=day_before) == 1
    assert asked == [{named, lost}]
    assert set(files()) == {
        Path(file).name for kept in (named, fresh) for file in (kept, thumb_of(kept))
    }
    images.delete([named, "2020/01/01/gone.jpg"])
    assert Path(named).name not in files()


def test_an_empty_day_leaves_no_folder(media):
    store(upload(picture()), limits=Limits(), on=TODAY)
    later = datetime.now(UTC) + timedelta(days=1)
    sweep_orphans(named_by_rows=lambda files: (), before=later)
    assert not (media / "2025/09/11").exists()
