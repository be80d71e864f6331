"""连心牌 and boards: what stands on them, handed to typst with pictures and QR codes as files."""

import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from shaodao.kit import pdf
from shaodao.kit.images import thumb_of
from shaodao.people.models import Post
from shaodao.people.policy import Role
from shaodao.places.models import Household

from . import policy
from .models import Disclosure
from .queries.cards import Door, Face, Team

FOLDER = Path(__file__).parent / "sheets"
TOLD_EVERY = 100  # cards


def door_address(site: str, household_id: int) -> str:
    """Return where the QR code of a door leads: named by the door, so that it outlives grids."""
    return f"{site}d/h{household_id}/"


def grid_address(site: str, code: str) -> str:
    """Return where the QR code of a grid's board leads."""
    return f"{site}d/g{code}/"


def card_sheet(
    doors: Iterable[Door],
    *,
    paper: policy.Paper,
    site: str,
    on: date,
    told: Callable[[int], object] = lambda _n: None,
) -> bytes:
    """Return the cards of some doors as one PDF; every door's face must be complete.

    site : the address of this installation, with its last slash
    told : called with how many cards have their code drawn, every hundred

    :raises shaodao.kit.pdf.NoFont: if there is no Chinese font.
    """
    rows = list(doors)
    with tempfile.TemporaryDirectory(prefix="codes-") as folder:
        pictures: dict[str, Path] = {}
        cards = []
        for n, door in enumerate(rows, start=1):
            cards.append(_card(door, site, Path(folder), pictures))
            if n % TOLD_EVERY == 0:
                told(n)
        data = {
            "paper": paper.value,
            "cards": cards,
            "on": on.isoformat(),
            "office": rows[0].grid.unit.parent.name if rows else "",
            "labels": _labels() | {"title": _("网格员连心牌")},
        }
        return pdf.sheet(FOLDER / "card.typ", data=data, pictures=pictures)


def role_of(face: Face) -> str:
    """Return what a card calls its worker: the posts of the six they hold, as published."""
    return "、".join(face.charges) or _("联系户网格员")


def _card(door: Door, site: str, folder: Path, pictures: dict[str, Path]) -> dict[str, Any]:
    face = door.face
    photo = _photo(face, pictures, small=True)
    qr = f"h{door.household_id}.svg"
    pictures[qr] = _qr(door_address(site, door.household_id), folder / qr)
    return {
        "name": face.person.name,
        "role": role_of(face),
        "member": face.person.is_party_member,
        "phone": face.person.work_phone,
        "photo": photo,
        "duties": face.duties,
        "promises": [row.text for row in face.promises],
        "grid": door.grid.unit.short_name,
        "code": door.grid.code,
        "door": door.place,
        "qr": qr,
    }


def _qr(text: str, file: Path) -> Path:
    # Level Q stays readable with a quarter of it scratched or faded beside a door.
    segno.make(text, error="q", micro=False).save(
        str(file), border=0, omitsize=True, svgclass=None, lineclass=None
    )
    return file


def _photo(face: Face, pictures: dict[str, Path], *, small: bool) -> str | None:
    if not face.photo:
        return None
    file = settings.MEDIA_ROOT / (thumb_of(face.photo) if small else face.photo)
    if not file.is_file():
        file = settings.MEDIA_ROOT / face.photo
    if not file.is_file():
        return None
    name = f"p{face.person.pk}.jpg"
    pictures[name] = file
    return name


def picture_path(person: int, *, only_public: bool) -> Path | None:
    """Return the file of a portrait; for the public only of one who works in a grid today."""
    rows = Disclosure.objects.filter(person=person).exclude(photo="")
    if only_public:
        posts = Post.objects.in_force().filter(user=person, role=Role.GRID_WORKER)
        rows = rows.filter(person__in=posts.values("user"), person__is_active=True)
    row = rows.first()
    if row is None:
        return None
    found = (settings.MEDIA_ROOT / name for name in (thumb_of(row.photo), row.photo))
    return next((path for path in found if path.is_file()), None)


def _labels() -> dict[str, str]:
    return {
        "member": _("中共党员"),
        "phone": _("工作电话"),
        "door": _("联系的户"),
        "duties": _("职责"),
        "promises": _("承诺"),
        "scan": _("有事扫一扫"),
        "how": _("不用登录，拍张照片就能报；这里是哪一户门口、归哪个网格，系统自己认得。"),
        "urgent": _("紧急情况请拨打 110、119、120"),
        "issued": _("制发日期"),
        "head": _("网格长"),
        "six": _("六岗六员"),
        "no_photo": _("照片待补"),
    }


def board_sheet(team: Team, *, kind: policy.BoardKind, site: str, on: date) -> bytes:
    """Return a grid's board as PDF.

    :raises shaodao.kit.pdf.NoFont: if there is no Chinese font.
    """
    grid = team.grid
    pictures: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="codes-") as folder:
        pictures["grid.svg"] = _qr(grid_address(site, grid.code), Path(folder, "grid.svg"))
        people = [_shown(post, face, pictures) for post, face in team.workers]
        data = {
            "kind": kind.value,
            "title": _(policy.BOARD_LABELS[kind]),
            "grid": grid.unit.short_name,
            "above": grid.unit.parent.name,
            "office": grid.unit.parent.name,
            "code": grid.code,
            "head": next((row for row in people if row["is_head"]), None),
            "people": people,
            "posts": [
                (place.charge.holder_name, place.held.person.name if place.held else _("空缺"))
                for place in team.places
            ],
            "facts": _facts(team),
            "qr": "grid.svg",
            "on": on.isoformat(),
            "labels": _labels() | {"how": _("不用登录，拍张照片就能报，事事有回音。")},
        }
        return pdf.sheet(FOLDER / "board.typ", data=data, pictures=pictures)


def _shown(post, face: Face, pictures: dict[str, Path]) -> dict[str, Any]:
    return {
        "is_head": post.is_head,
        "role": _("网格长") if post.is_head else _("网格员"),
        "name": face.person.name,
        "member": face.person.is_party_member,
        "phone": face.person.work_phone,
        "photo": _photo(face, pictures, small=not post.is_head),
        "duties": face.duties,
        "promises": [(row.text, _(policy.PROMISE_LABELS[row.mark][0])) for row in face.promises],
    }


def _facts(team: Team) -> list[tuple[str, str]]:
    homes = Household.objects.filter(building__grid=team.grid)
    sums = homes.aggregate(n=Count("pk"), people=Sum("n_people", default=0))
    return [
        (_("户"), str(sums["n"])),
        (_("人"), str(sums["people"])),
        (_("网格员"), str(len(team.workers))),
    ]
