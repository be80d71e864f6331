"""Sheets of paper as PDF, set by typst with a Chinese font: ours, or one on the machine."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings

from shaodao.cores.wording import N_, Refusal

# The first of each that is found: our own, then what systems have.
BODY = (
    *("Noto Sans S Chinese", "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Microsoft YaHei", "SimHei"),
)
TITLE = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "SimSun", "Songti SC")


class NoFont(Refusal):
    """No Chinese font is to be found. The message is fit to show to the user."""


@lru_cache(maxsize=1)
def _fonts(folder: str) -> typst.Fonts:
    own = [folder] if Path(folder).is_dir() else []
    return typst.Fonts(include_embedded_fonts=False, font_paths=own)


def typefaces() -> dict[str, str]:
    """Return the families for text and for titles.

    :raises NoFont: if the machine has no Chinese font and none came with us.
    """
    found = set(_fonts(str(settings.VAR / "vendor" / "fonts")).families())
    body = next((family for family in BODY if family in found), None)
    title = next((family for family in TITLE if family in found), body)
    if body is None or title is None:
        raise NoFont(
            N_("服务器上没有中文字体，生成不了 PDF：请运行 bin/demo 取字体，或安装 fonts-noto-cjk")
        )
    return {"body": body, "title": title}


def sheet(
    source: Path,
    *,
    data: Mapping[str, Any],
    pictures: Mapping[str, Path] | None = None,
    imports: Sequence[Path] = (),
) -> bytes:
    """Return the PDF that the typst file `source` makes of `data`.

    Files beside `source` may be imported by it, and `imports` by their names.
    pictures : name the sheet uses → file

    :raises NoFont: if there is no Chinese font.
    """
    said = {**data, "fonts": typefaces()}
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        for file in (*source.parent.glob("*.typ"), *imports):
            shutil.copyfile(file, Path(folder, file.name))
        for name, file in (pictures or {}).items():
            shutil.copyfile(file, Path(folder, name))
        made = typst.compile(
            Path(folder, source.name),
            root=folder,
            font_paths=_fonts(str(settings.VAR / "vendor" / "fonts")),
            sys_inputs={"data": json.dumps(said, ensure_ascii=False)},
            format="pdf",
        )
    assert isinstance(made, bytes)
    return made


def qr_svg(text: str) -> str:
    """Return a QR code of `text` as SVG."""
    return segno.make(text, error="m").svg_inline(border=0, omitsize=True)
