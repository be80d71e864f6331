"""From a filled form to what somebody says: places resolved, pictures stored, senders digested."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases.models import Release
from shaodao.cases.rules import rules
from shaodao.cores.geodesy import gcj02_to_wgs84
from shaodao.kit.callers import client_address
from shaodao.kit.images import Picture, PictureRefused, position_of, store
from shaodao.kit.wording import say
from shaodao.people.models import Unit
from shaodao.people.queries import units_by_id
from shaodao.places.models import Building, Grid
from shaodao.reports.actions import Said
from shaodao.reports.policy import Channel, PlaceBy, ReportLimits

from .forms import ReportForm
from .policy import Emergency, emergencies
from .queries import choosing, showing

DEVICE_COOKIE = "shaodao_device"
KEPT_FOR = timedelta(days=2)  # how long a picture stored before sending can still be sent
_SALT = "residents.kept"
# When a draft was written, if it waited on the phone: not just now, and not by a wrong clock.
WAITED = timedelta(minutes=10), timedelta(days=60)


@dataclass(frozen=True)
class Kept:
    """A picture that is stored already and waits for its report to be sent."""

    picture: Picture
    token: str


def keep(picture: Picture, key: UUID) -> Kept:
    """Return a stored picture with the token that the report with this key can send it by."""
    values = [str(key), picture.file, picture.width, picture.height]
    return Kept(picture, signing.dumps(values, salt=_SALT, compress=True))


def kept_by(tokens: Iterable[str], key: UUID | None) -> list[Kept]:
    """Return the pictures behind tokens of this key; whatever else is among them is left out."""
    return [
        Kept(picture, token)
        for token in dict.fromkeys(tokens)
        if (found := _unsigned(token)) and found[0] == str(key)
        for picture in [Picture(*found[1:])]
    ]


def kept_file(token: str) -> str | None:
    """Return the file of the stored picture a token stands for."""
    found = _unsigned(token)
    return found[1] if found else None


def _unsigned(token: str) -> list[Any] | None:
    try:
        return signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None


@dataclass
class Stored:
    """What became of the pictures sent with a form."""

    kept: list[Kept] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    position: tuple[float, float] | None = None  # that the first picture with one offers


def store_all(
    uploads: Sequence[UploadedFile], key: UUID, *, kept: list[Kept], limits: ReportLimits, on: date
) -> Stored:
    """Store the pictures of a form beside those kept from an earlier try."""
    stored = Stored(kept=list(kept))
    for upload in uploads:
        if len(stored.kept) >= limits.photos:
            stored.refusals.append(_("照片最多 %(n)s 张，多出的没有收下") % {"n": limits.photos})
            break
        stored.position = stored.position or position_of(upload)
        try:
            stored.kept.append(keep(store(upload, limits=limits, on=on), key))
        except PictureRefused as refusal:
            stored.refusals.append(say(refusal))
    return stored


# ---- where -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Where:
    """The place as far as it has been said; WGS 84, longitude first."""

    place: PlaceBy = PlaceBy.NONE
    lon: float | None = None
    lat: float | None = None
    line: tuple[float, ...] | None = None
    address: str = ""
    grid: Grid | None = None
    building: Building | None = None
    suggested: tuple[Building, ...] = ()  # what a typed address may mean

    @cached_property
    def point(self) -> tuple[float, float] | None:
        """The point that stands for the place."""
        if self.line:
            middle = len(self.line) // 4 * 2
            return self.line[middle], self.line[middle + 1]
        if self.lon is not None and self.lat is not None:
            return self.lon, self.lat
        thing = self.building or self.grid
        return (thing.lon, thing.lat) if thing else None

    @cached_property
    def area(self) -> Unit | None:
        """The unit of the grid it lies in."""
        grid = self.building.grid if self.building else self.grid
        if grid is not None:
            return units_by_id()[grid.unit_id]
        return choosing.area_at(*self.point) if self.point else None

    @property
    def area_name(self) -> str:
        return choosing.name_of(self.area) if self.area else ""

    @property
    def is_outside(self) -> bool:
        """Whether a place is known and no grid covers it."""
        return self.place != PlaceBy.NONE and self.area is None


def where(values: dict[str, Any], *, spot: choosing.Spot | None, card: Grid | None) -> Where:
    """Return the place a form gives: the most exact of what it says.

    spot : chosen from the lists; card : the grid whose card was scanned
    """
    address = values.get("address") or ""
    grid = spot.grid if spot else None
    by = values.get("by") or ""
    line = values.get("line")
    if line and by in {"", PlaceBy.LINE}:
        return Where(PlaceBy.LINE, line=_wgs84(line, values), address=address)
    point = _point(values)
    if building := choosing.building_with(values.get("building")):
        return Where(PlaceBy.ADDRESS, *point or (None, None), address=address, building=building)
    if point is not None:
        covered = choosing.area_at(*point) is not None
        place = PlaceBy.MAP if by == PlaceBy.MAP else PlaceBy.POSITION
        return Where(place, *point, address=address, grid=None if covered else grid or card)
    suggested = tuple(choosing.suggestions(address)) if address else ()
    if building := choosing.certain(list(suggested), address):
        return Where(PlaceBy.ADDRESS, building=building, address=address)
    if spot is not None:
        found = Where(PlaceBy.GRID, grid=grid, address=address or spot.address)
        if grid is None:
            found = replace(found, place=PlaceBy.ADDRESS, lon=spot.lon, lat=spot.lat)
        return replace(found, suggested=suggested)
    if card is not None:
        return Where(PlaceBy.GRID, grid=card, address=address, suggested=suggested)
    place = PlaceBy.ADDRESS if address else PlaceBy.NONE
    return Where(place, address=address, suggested=suggested)


def _point(values: dict[str, Any]) -> tuple[float, float] | None:
    lon, lat = values.get("lon"), values.get("lat")
    if lon is not None and lat is not None:
        found = _wgs84((lon, lat), values)
        return found[0], found[1]
    return values.get("photo_place")


def _wgs84(numbers: Sequence[float], values: dict[str, Any]) -> tuple[float, ...]:
    if values.get("datum") != "GCJ02":
        return tuple(numbers)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(degree for lon, lat in pairs for degree in gcj02_to_wgs84(lon, lat))


# ---- the form as it stands ---------------------------------------------------------------------


@dataclass
class Filled:
    """A report form with everything its page shows around it."""

    form: ReportForm
    lists: choosing.Lists
    where: Where
    card: Grid | None
    kept: list[Kept] = field(default_factory=list)
    offered: tuple[float, float] | None = None  # the place the first picture was taken at
    ask: bool = False  # show what to look at before sending

    @property
    def emergencies(self) -> list[Emergency]:
        return emergencies(self.form["text"].value() or "")

    @cached_property
    def joined(self) -> Release | None:
        """The public case the sender says theirs is the same as."""
        chosen = str(self.form["join"].value() or "")
        return showing.joinable(int(chosen)) if chosen.isdecimal() else None

    @cached_property
    def near(self) -> list[Release]:
        """The public open cases that may be the same matter, the chosen one first."""
        chosen = showing.dressed([self.joined]) if self.joined else []
        if self.where.point is None:
            return chosen
        within, most = showing.SAME_WITHIN_M, showing.SAME_MOST
        rows = showing.near(*self.where.point, within_m=within, most=most)
        far = [row for row in chosen if row.pk not in {other.pk for other in rows}]
        return far + sorted(rows, key=lambda row: row not in chosen)

    @property
    def offered_value(self) -> str:
        return "{:.6f},{:.6f}".format(*self.offered) if self.offered else ""

    @property
    def offered_name(self) -> str:
        unit = choosing.area_at(*self.offered) if self.offered else None
        return choosing.name_of(unit) if unit else ""


def read(request: HttpRequest, *, card: Grid | None, key: UUID | None = None) -> Filled:
    """Return the form of a request as it stands: fresh on GET, with what was typed on POST."""
    is_sent = request.method == "POST"
    categories = [(c.code, _(c.name)) for c in showing.pictures()]
    join = request.GET.get("join", "")[:18]
    initial = {"key": key, "datum": "WGS84", "join": join, "text": _("我也遇到了。") * bool(join)}
    given = {"categories": categories, "initial": initial}
    data, files = (request.POST, request.FILES) if is_sent else (None, None)
    form = ReportForm(data, files, **given)
    values: dict[str, Any] = {}
    if is_sent:
        form.is_valid()
        values = {**form.cleaned_data, "photo_place": _pair(data.get("photo_place", ""))}
    lists = choosing.lists_at(
        township=(data or request.GET).get("township", ""),
        community=(data or request.GET).get("community", ""),
        spot=_spot(data or request.GET),
    )
    found = where(values, spot=lists.spot, card=card)
    kept = kept_by(data.getlist("kept"), values.get("key")) if is_sent else []
    return Filled(form=form, lists=lists, where=found, card=card, kept=kept)


def _spot(data: Any) -> str:
    """Return the chosen spot: the open list's, else the one kept from a list shown before."""
    return data.get("spot_pick", data.get("spot", ""))


def _pair(text: str) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def said_in(filled: Filled, *, at: datetime) -> Said:
    """Return what a form says, ready for cases.actions.take_in."""
    values, found = filled.form.cleaned_data, filled.where
    if found.place == PlaceBy.NONE and filled.joined is not None:  # where the other one is
        case = filled.joined.case
        found = Where(PlaceBy.GRID, grid=case.grid, lon=None if case.grid else filled.joined.lon,
                      lat=None if case.grid else filled.joined.lat)  # fmt: skip
    happened_at = values["happened_at"]
    if happened_at and not WAITED[0] <= at - happened_at <= WAITED[1]:
        happened_at = None
    return Said(
        key=values["key"],
        channel=Channel.QR if filled.card else Channel.WEB,
        text=values["text"].strip(),
        place=found.place,
        category=rules().categories.get(values["category"]),
        lon=found.lon,
        lat=found.lat,
        line=found.line,
        address=found.address,
        grid=found.grid,
        building=found.building,
        name=values["name"].strip(),
        phone="".join(values["phone"].split()),
        pictures=[kept.picture for kept in filled.kept],
        happened_at=happened_at,
        is_hazard=values["is_hazard"],
    )


# ---- who sends ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sender:
    """Salted digests of a device's cookie and of an address: enough to count, not to find."""

    cookie: str
    device: str
    address: str


def sender_of(request: HttpRequest, *, at: datetime) -> Sender:
    """Return the digests of who sends; the address's salt changes with the day."""
    cookie = request.COOKIES.get(DEVICE_COOKIE, "")[:64] or secrets.token_urlsafe(16)
    day = timezone.localdate(at).isoformat()
    address = client_address(request)
    return Sender(cookie, _digest("device", cookie), _digest(f"address:{day}", address))


def _digest(kind: str, value: str) -> str:
    text = f"{kind}:{value}".encode()
    return kind[0] + hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
