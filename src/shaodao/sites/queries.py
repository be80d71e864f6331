"""Reading sites: which one a point lies in, the register, one with its cases and its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import Max, Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from shapely import Point, Polygon, STRtree, from_wkb

from shaodao.cases.models import Case
from shaodao.kit.paging import Page, keyset
from shaodao.kit.versions import Versioned
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import CASE_ROLES, Level
from shaodao.people.queries import at_level
from shaodao.places.models import Compound, Grid

from . import policy
from .models import Site, SiteCase, SiteEntry

PAGE = 50
MOST_DRAWN = 500  # sites on one map
MOST_COMPOUNDS = 300

# ---- which site a point lies in ---------------------------------------------------------------


def _load() -> tuple[STRtree, list[int]]:
    rows = list(Site.objects.open().order_by("pk").values_list("pk", "boundary"))
    shapes = from_wkb(np.array([bytes(boundary) for _, boundary in rows], dtype=object))
    return STRtree(shapes), [pk for pk, _ in rows]


# The version row is bumped by whoever writes sites.
_open_sites: Versioned[tuple[STRtree, list[int]]] = Versioned("sites", _load)


def sites_at(lon: float, lat: float) -> list[int]:
    """Return the ids of the open sites a point (WGS 84) lies in or on the edge of."""
    tree, ids = _open_sites.get()
    return [ids[place] for place in sorted(tree.query(Point(lon, lat), predicate="intersects"))]


def offered_for(case: Case) -> list[Site]:
    """Return the open sites a case lies in and does not belong to yet."""
    if case.lon is None:
        return []
    found = Site.objects.filter(pk__in=sites_at(case.lon, case.lat)).defer("boundary")
    return list(found.exclude(cases__case=case).order_by("since", "pk"))


# ---- the register -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; whatever makes no sense in a URL is left out."""

    state: str = ""
    kind: str = ""
    text: str = ""


def read_filters(query: Mapping[str, str]) -> Filters:
    """Read what the register is to show from a query string; open sites where nothing is said."""
    state, kind = query.get("state", policy.State.OPEN.value), query.get("kind", "")
    return Filters(
        state=state if state in set(policy.State) else "",
        kind=kind if kind in set(policy.Kind) else "",
        text=query.get("q", "").replace("\x00", "").strip()[:40],
    )


def narrowed(user, filters: Filters) -> QuerySet[Site]:
    """Return the sites `user` may see that `filters` ask for, in no order."""
    rows = Site.objects.visible_to(user)
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    return rows.filter(name__contains=filters.text) if filters.text else rows


def list_of(user, filters: Filters, *, after: str | None) -> Page:
    """Return a page of the register, the oldest problem first."""
    rows = narrowed(user, filters).for_list()
    return keyset(rows, order=(("since", "asc"),), after=after, size=PAGE)


def drawn(sites: QuerySet[Site]) -> dict[str, Any]:
    """Return sites as GeoJSON: each as its ground and a point to see it by from afar."""
    rows = sites.order_by("since", "pk").only("pk", "name", "state", "boundary", "lon", "lat")
    features = []
    for site in rows[:MOST_DRAWN]:
        tone = "late" if site.state == policy.State.OPEN else "done"
        properties = {"id": site.pk, "title": site.name, "tone": tone}
        shapes = (_polygon(site), {"type": "Point", "coordinates": [site.lon, site.lat]})
        features += [
            {"type": "Feature", "geometry": shape, "properties": properties} for shape in shapes
        ]
    return {"type": "FeatureCollection", "features": features}


def _polygon(site: Site) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [corners_of(site)]}


def corners_of(site: Site) -> list[list[float]]:
    """Return the ring of a site's ground, its first corner again at the end."""
    shape = from_wkb(bytes(site.boundary))
    assert isinstance(shape, Polygon)
    return [[round(lon, 7), round(lat, 7)] for lon, lat in shape.exterior.coords]


def box_of(user) -> str:
    """Return the box around the grids under `user`'s posts as 'west,south,east,north', or ''."""
    found = Grid.objects.visible_to(user).aggregate(
        w=Min("west"), s=Min("south"), e=Max("east"), n=Max("north")
    )
    return ",".join(str(found[key]) for key in "wsen") if found["w"] is not None else ""


def may_register(user) -> bool:
    """Tell whether `user` may register a site somewhere."""
    return any(
        p.role in policy.KEEPERS and p.unit.level in policy.TIERS and p.role in CASE_ROLES
        for p in posts_of(user)
    )


# ---- one --------------------------------------------------------------------------------------


def age_days(site: Site, *, on: date) -> int:
    """Return how many days old the problem of a site is, or was when it was solved."""
    until = timezone.localdate(site.solved_at) if site.solved_at else on
    return policy.age_days(site.since, until)


def compounds_near(unit: Unit) -> list[Compound]:
    """Return the compounds of the street a site lies in, or of its county without a street."""
    around = at_level(unit, Level.TOWNSHIP) or at_level(unit, Level.COUNTY) or unit
    below = Compound.objects.filter(community__path__startswith=around.path)
    return list(
        below.select_related("community").order_by("community__code", "name", "pk")[:MOST_COMPOUNDS]
    )


@dataclass(frozen=True)
class Happening:
    """One thing in the history of a site, as the kit's timeline shows it."""

    label: str
    at: datetime
    who: str = ""
    text: str = ""
    note: str = ""
    tone: str = "plain"
    icon: str = ""


_TONES = {"site_solve": "done", "site_reopen": "warn", "site_void": "void"}


def history_of(site: Site, links: list[SiteCase]) -> list[Happening]:
    """Return what was done to a site and when its cases came and ended, latest first."""
    entries = SiteEntry.objects.of_site(site).select_related("actor").order_by("seq")
    numbers = {link.case_id: link.case for link in links}
    found = []
    for entry in entries:
        case = numbers.get(entry.facts.get("case", 0))
        found.append(
            Happening(
                label=_(policy.ENTRY_LABELS[entry.name]),
                at=entry.at,
                who=entry.actor.name if entry.actor else "",
                text=f"{case.number} {case.title}" if case else "",
                note=entry.why,
                tone=_TONES.get(entry.name, "plain"),
                icon="layers",
            )
        )
    for link in links:
        case = link.case
        said = f"{case.number} {case.title}"
        found.append(Happening(_("收到诉求"), case.received_at, text=said, tone="new"))
        if case.ended_at:
            found.append(Happening(_("案件结束"), case.ended_at, text=said, tone="done"))
    return sorted(found, key=lambda one: one.at, reverse=True)


def links_of(site: Site) -> list[SiteCase]:
    """Return the cases of a site, the latest linked first."""
    rows = site.cases.select_related("case__category", "case__area", "case__holder")
    return list(rows.defer("case__search").order_by("-linked_at", "-pk"))
