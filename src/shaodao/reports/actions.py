"""Taking reports in and letting go of them. The only code that writes them."""

from collections import Counter as TallyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from shaodao.cores.geodesy import line_length_m
from shaodao.cores.wording import N_
from shaodao.kit.images import Picture
from shaodao.people.models import Unit, User
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


@dataclass(frozen=True)
class Arrival:
    """What came through a door, when, and by whom: a member of staff, or digests of who sends."""

    said: Said
    at: datetime
    by: User | None = None
    device: str = ""  # salted, for the rate limit; '' for staff
    address: str = ""


@dataclass(frozen=True)
class Received:
    """A report and the pictures with it; not written yet if it is new."""

    arrival: Arrival
    report: Report
    is_new: bool
    photos: tuple[Photo, ...] = ()


def receive(arrivals: Sequence[Arrival]) -> list[Received | ReportRefused]:
    """Return the reports of what arrived, or why one is refused: a known key is the same report.

    The sender is counted here. Whoever calls writes the new reports, in the same transaction, with
    what stands beside them; should another have written one of the keys meanwhile, that fails.
    """
    checked = [_refusal(arrival) for arrival in arrivals]
    passed = [a for a, refusal in zip(arrivals, checked, strict=True) if refusal is None]
    counter = _look(passed)
    found: list[Received | ReportRefused] = []
    for arrival, refusal in zip(arrivals, checked, strict=True):
        key = arrival.said.key
        if refusal is not None:
            found.append(refusal)
        elif key in counter.known:
            found.append(Received(arrival, counter.known[key], is_new=False))
        elif counter.is_too_many(arrival):
            found.append(TooManyReports("", _TOO_MANY))
        else:
            received = _composed(arrival, *counter.numbers.pop())
            counter.known[key] = received.report
            found.append(received)
    return found


def _refusal(arrival: Arrival) -> ReportRefused | None:
    try:
        _check(arrival.said, at=arrival.at)
    except ReportRefused as refusal:
        return refusal
    return None


def _composed(arrival: Arrival, pk: int, serial: int) -> Received:
    """Return a report that is not written yet."""
    said, at = arrival.said, arrival.at
    lon, lat = _point(said)
    grid_id, area = _place(said, lon, lat)
    line = list(said.line) if said.line else None
    report = Report(
        pk=pk,
        key=said.key,
        number=f"{timezone.localtime(at):%y%m%d}{serial:06d}",
        channel=said.channel.value,
        received_at=at,
        happened_at=said.happened_at,
        by=arrival.by,
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
    photos = tuple(
        Photo(report=report, file=p.file, width=p.width, height=p.height, rank=rank)
        for rank, p in enumerate(said.pictures)
    )
    return Received(arrival, report, is_new=True, photos=photos)


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


def is_repeat(error: IntegrityError) -> bool:
    """Tell whether writing failed because a report with the same key was written meanwhile."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return diagnosis is not None and diagnosis.constraint_name == _KEY_ONCE


_KEY_ONCE = "reports_report_key_key"


@dataclass
class _Counter:
    """What the database knows of some arrivals: known keys, how often each sender came."""

    known: dict[UUID, Report]
    most_of: Mapping[str, int]  # reports a sender may bring in an hour
    counted: dict[str, int]  # with all of these arrivals
    left: TallyOf[str]  # of these arrivals, not looked at yet
    numbers: list[tuple[int, int]]  # id and serial for new reports, last first

    def is_too_many(self, arrival: Arrival) -> bool:
        """Tell whether a sender of the next arrival has brought more than it may."""
        senders = [who for who in (arrival.device, arrival.address) if who]
        self.left.subtract(senders)
        return any(self.counted[who] - self.left[who] > self.most_of[who] for who in senders)


# Known keys are not counted: whoever tries again may have to do so often.
_LOOK = """
WITH arrived AS (
    SELECT * FROM unnest(%(keys)s::uuid[], %(devices)s::text[], %(addresses)s::text[])
        AS arrived(key, device, address)
), fresh AS (
    SELECT arrived.* FROM arrived
    WHERE NOT EXISTS (SELECT 1 FROM reports_report WHERE reports_report.key = arrived.key)
), counted AS (
    INSERT INTO reports_sending AS sending (sender, "window", n)
    SELECT sender, %(window)s, count(*)
    FROM fresh CROSS JOIN LATERAL (VALUES (device), (address)) AS of(sender)
    WHERE sender <> '' GROUP BY sender ORDER BY sender
    ON CONFLICT (sender, "window") DO UPDATE SET n = sending.n + excluded.n
    RETURNING sender, n
)
SELECT
    ARRAY(SELECT key FROM fresh),
    ARRAY(SELECT sender FROM counted),
    ARRAY(SELECT n FROM counted),
    ARRAY(SELECT nextval('reports_report_id_seq') FROM fresh),
    ARRAY(SELECT nextval('report_number') FROM fresh)
"""


def _look(arrivals: Sequence[Arrival]) -> _Counter:
    """Count the senders of what is new, and return what is known, in one question."""
    if not arrivals:
        return _Counter({}, {}, {}, TallyOf(), [])
    arrivals = list({arrival.said.key: arrival for arrival in arrivals}.values())
    at = arrivals[0].at
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK,
            {
                "keys": [arrival.said.key for arrival in arrivals],
                "devices": [arrival.device for arrival in arrivals],
                "addresses": [arrival.address for arrival in arrivals],
                "window": at.replace(minute=0, second=0, microsecond=0),
            },
        )
        fresh, senders, counts, ids, serials = cursor.fetchone()
    keys = {arrival.said.key for arrival in arrivals} - set(fresh)
    known = Report.objects.filter(key__in=keys).select_related("case_link__case") if keys else ()
    on = timezone.localdate(at)
    device_most = limit("device_reports_an_hour", on=on)
    address_most = limit("address_reports_an_hour", on=on)
    new = [arrival for arrival in arrivals if arrival.said.key not in keys]
    return _Counter(
        known={report.key: report for report in known},
        most_of={a.device: device_most for a in new} | {a.address: address_most for a in new},
        counted=dict(zip(senders, counts, strict=True)),
        left=TallyOf(who for a in new for who in (a.device, a.address) if who),
        numbers=list(zip(ids, serials, strict=True))[::-1],
    )


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
