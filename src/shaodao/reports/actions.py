"""Taking reports in and letting go of them. The only code that writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from shaodao.cores.geodesy import line_length_m
from shaodao.cores.wording import N_
from shaodao.kit.images import Picture
from shaodao.kit.rows import insert
from shaodao.people.models import Unit
from shaodao.people.queries import number as limit
from shaodao.people.queries import units_by_id
from shaodao.places.models import Asset, Building, Grid, Household
from shaodao.places.queries import locate

from .models import Category, Photo, Report, Sending
from .policy import Channel, PlaceBy, ReportRefused, TooManyReports
from .tokens import digest_of, make_token


@dataclass(frozen=True)
class Said:
    """What somebody reports, as it came through a door."""

    key: UUID
    channel: Channel
    text: str
    place: PlaceBy
    category: Category | None = None
    lon: float | None = None  # WGS 84
    lat: float | None = None
    line: Sequence[float] | None = None  # lon, lat, lon, lat …
    address: str = ""
    grid: Grid | None = None
    building: Building | None = None
    household: Household | None = None
    asset: Asset | None = None
    name: str = ""
    phone: str = ""
    pictures: Sequence[Picture] = ()
    happened_at: datetime | None = None
    is_hazard: bool = False  # somebody could come to harm, as the sender sees it


@transaction.atomic(savepoint=False)
def receive(
    *, said: Said, actor, at: datetime, device: str = "", address: str = ""
) -> tuple[Report, bool]:
    """Write a report down and return it, and whether it is new: a known key is the same report.

    device, address : salted digests of who sends, for the rate limit; '' for staff

    :raises ReportRefused: naming the field and what is wrong with it.
    """
    pk, number = _lock(said.key, at=at)
    known = Report.objects.filter(key=said.key).first()
    if known is not None:
        return known, False
    _check(said, at=at)
    on = timezone.localdate(at)
    most_of = {device: "device_reports_an_hour", address: "address_reports_an_hour"}
    _count({who: limit(name, on=on) for who, name in most_of.items() if who}, at=at)
    lon, lat = _point(said)
    grid_id, area = _place(said, lon, lat)
    line = list(said.line) if said.line else None
    report = Report(
        pk=pk,
        key=said.key,
        number=number,
        channel=said.channel.value,
        received_at=at,
        happened_at=said.happened_at,
        by=actor,
        category=said.category,
        text=said.text,
        lon=lon,
        lat=lat,
        line=line,
        length_m=line_length_m(list(zip(line[::2], line[1::2], strict=True))) if line else None,
        place=said.place.value,
        address=said.address or (said.building.address if said.building else ""),
        area=area,
        grid_id=grid_id,
        building=said.building or (said.household.building if said.household else None),
        household=said.household,
        asset=said.asset,
        name=said.name,
        phone=said.phone,
        token_digest=digest_of(make_token(said.key)),
    )
    insert([report])
    Photo.objects.bulk_create(
        Photo(report=report, file=p.file, width=p.width, height=p.height, rank=rank)
        for rank, p in enumerate(said.pictures)
    )
    return report, True


def _check(said: Said, *, at: datetime) -> None:
    on = timezone.localdate(at)
    if not said.text.strip() and not said.pictures:
        raise ReportRefused("text", N_("请写一句话，或者拍一张照片，说明出了什么问题"))
    if len(said.text) > (most := limit("report_text_length", on=on)):
        raise ReportRefused(
            "text", N_("文字最多 {most} 字，现在是 {now} 字"), most=most, now=len(said.text)
        )
    if len(said.pictures) > (most := limit("report_photos", on=on)):
        raise ReportRefused("photos", N_("照片最多 {most} 张"), most=most)
    if said.line is not None and (len(said.line) < 4 or len(said.line) % 2):
        raise ReportRefused("line", N_("沿路画线至少要两个点"))
    places = (said.lon, said.building, said.household, said.grid, said.asset, said.line)
    if all(place is None for place in places) and not said.address:
        raise ReportRefused("place", N_("请说明地点：定位、地图选点、写地址或选网格，任选一种"))


def _point(said: Said) -> tuple[float | None, float | None]:
    if said.lon is not None and said.lat is not None:
        return said.lon, said.lat
    if said.line:  # its middle vertex stands for it
        middle = len(said.line) // 4 * 2
        return said.line[middle], said.line[middle + 1]
    thing = said.building or (said.household.building if said.household else None)
    thing = thing or said.asset or said.grid
    return (thing.lon, thing.lat) if thing else (None, None)


def _place(said: Said, lon: float | None, lat: float | None) -> tuple[int | None, Unit | None]:
    """Return the grid's id and the unit whose area it is: what was named first, then the point."""
    home = said.household.building if said.household else said.building
    named = home or said.asset
    grid = named.grid if named is not None else said.grid
    place = (grid.pk, grid.unit_id) if grid is not None else None
    if place is None and lon is not None and lat is not None:
        place = locate(lon, lat)
    return (place[0], units_by_id()[place[1]]) if place is not None else (None, None)


def _lock(key: UUID, *, at: datetime) -> tuple[int, str]:
    """Have a second sending of one key wait for the first; return id and number of a report."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s), nextval('reports_report_id_seq'),"
            " nextval('report_number')",
            [key.int & (2**63 - 1)],
        )
        _, pk, serial = cursor.fetchone()
    return pk, f"{timezone.localtime(at):%y%m%d}{serial:06d}"


@transaction.atomic
def count_try(*, sender: str, most: int, at: datetime) -> None:
    """Count one try of `sender` at something that is open to everybody.

    :raises TooManyReports: if there were `most` in this hour already.
    """
    _count({sender: most}, at=at)


def _count(most_of: Mapping[str, int], *, at: datetime) -> None:
    """Count one more of each sender in this hour; each may have so many."""
    if not most_of:
        return
    window = at.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO reports_sending (sender, "window", n)'
            " SELECT sender, %s, 1 FROM unnest(%s::text[]) sender ORDER BY sender"
            ' ON CONFLICT (sender, "window") DO UPDATE SET n = reports_sending.n + 1'
            " RETURNING sender, n",
            [window, list(most_of)],
        )
        if any(n > most_of[sender] for sender, n in cursor.fetchall()):
            raise TooManyReports("", _TOO_MANY)


_TOO_MANY = N_("这一小时提交得太多了，请过一会儿再试；紧急情况请拨打 110、119 或 120")


@transaction.atomic
def revoke_link(*, report: Report) -> None:
    """Make the tracking link of a report open nothing any more."""
    Report.objects.filter(pk=report.pk).update(token_digest=None)


@transaction.atomic
def erase(*, report: Report, at: datetime) -> list[str]:
    """Take words, name, phone, address and pictures out of a report; return its pictures.

    What stays is a tombstone: number, channel, times, area.
    """
    files = list(report.photos.exclude(file="").values_list("file", flat=True))
    report.photos.update(file="")
    Report.objects.filter(pk=report.pk).update(
        text="", name="", phone="", address="", household=None, building=None, erased_at=at
    )
    return files


def forget_senders(*, at: datetime) -> int:
    """Drop the counts of the rate limit that are older than a day."""
    return Sending.objects.filter(window__lt=at - timedelta(days=1)).delete()[0]
