"""A draft laid out: its lists with their sizes, what a move would do, what its grids need."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from shaodao.cores.districting import (
    Formula,
    Sizes,
    allot,
    spread_of,
    unconnected,
    village,
    weight_cv,
    what_if,
)
from shaodao.cores.geodesy import unproject
from shaodao.cores.wording import N_
from shaodao.drawing import policy
from shaodao.drawing.models import Drawing
from shaodao.people.models import User
from shaodao.people.queries import units_by_id
from shaodao.places.models import Household

from .ground import (
    BUILDING,
    GRID,
    ID,
    LAT,
    LON,
    OLD,
    PEOPLE,
    YOUNG,
    Hands,
    contacts_of,
    homes_in,
    metres,
)

GOLDEN = 2.399963  # radians; flats laid on a sunflower lie apart
APART_M = 4.0  # metres between the dots of a building's flats, for the eye alone


@dataclass(frozen=True)
class Row:
    """A list of a draft."""

    n: int  # from 0
    worker: User | None
    place: str  # its grid
    n_homes: int
    n_people: int
    metres: float  # mean way from its middle
    is_whole: bool
    is_short: bool
    is_long: bool
    is_pinned: bool
    colour: int
    n_new: int  # households that would change hands
    may_carry: list[User]

    @property
    def number(self) -> int:
        return self.n + 1


@dataclass(frozen=True)
class Told:
    """What a move would do, in words, or why it cannot be."""

    text: str
    refusal: policy.DrawingRefused | None = None


class Sheet:
    """A draft with its arrays, for one request."""

    def __init__(self, drawing: Drawing):
        self.drawing = drawing
        self.homes: list[list] = drawing.ground["homes"]
        self.lot = np.array(drawing.lot, np.int64)
        self.xs, self.ys = metres(self.homes)
        self.ws = np.array([home[PEOPLE] for home in self.homes], float)
        self.place = village(
            self.xs, self.ys, np.array(drawing.ground["edges"], np.int64).reshape(-1, 2),
            weight=self.ws,
            building=np.array([home[BUILDING] for home in self.homes]),
        )  # fmt: skip
        self.k = len(drawing.workers)

    @property
    def pinned(self) -> np.ndarray:
        """Which households are pinned: themselves, or with their list."""
        pins = self.drawing.pins
        held = np.isin(self.lot, pins.get("lists", []))
        held[pins.get("homes", [])] = True
        return held

    def bounds_of(self, a: int) -> Sizes:
        """Return the bounds of a list: its place's, which are wider where numbers do not work."""
        low, high = self.drawing.found["bounds"].get(
            str(self.label(a)), (self.drawing.rules["least"], self.drawing.rules["most"])
        )
        return Sizes(self.k, low, high)

    def label(self, a: int) -> int:
        """Return the place a list lies in: a grid's unit, or 0 for the whole village."""
        if self.drawing.rules["within"] != policy.Within.GRID:
            return 0
        rows = np.flatnonzero(self.lot == a)
        return self.homes[int(rows[0])][GRID] if len(rows) else 0

    def effect(self, homes: Sequence[int], to: int) -> Told:
        """Say what moving households to a list would do, or why it cannot be."""
        label = self.label(to)
        is_split = self.drawing.rules["within"] == policy.Within.GRID
        if is_split and any(self.homes[i][GRID] != label for i in homes):
            return self._refused("other_place", to=to + 1)
        bounds = self.bounds_of(to)
        found = what_if(self.place, self.lot, homes, to, sizes=bounds, pinned=self.pinned)
        left = Counter(self.lot[i] for i in homes if self.lot[i] != to)
        of = min(left, key=lambda a: (self.lot == a).sum() - left[a], default=to)
        if found.reason:
            n = found.size_to if found.reason == "too_many" else found.size_from
            who = N_("这一户") if len(homes) == 1 else N_("这几户")
            return self._refused(
                found.reason, who=who, to=to + 1, of=int(of) + 1, least=bounds.low,
                most=bounds.high, n=n,
            )  # fmt: skip
        return Told(self._told(homes, to, found, left))

    def _refused(self, reason: str, **values) -> Told:
        return Told("", policy.DrawingRefused(policy.MOVE_REFUSALS[reason], **values))

    def _told(self, homes: Sequence[int], to: int, found, left: Counter) -> str:
        after = self.lot.copy()
        after[list(homes)] = to
        sizes = [(a, int((self.lot == a).sum()), int((after == a).sum())) for a in (*left, to)]
        words = [
            _("第 {n} 份 {before}→{after} 户").format(n=int(a) + 1, before=b, after=c)
            for a, b, c in sizes
        ]
        spread = found.spread_after / found.spread_before - 1 if found.spread_before else 0.0
        words.append(_("总距离平方 {share:+.1%}").format(share=spread))
        cv = (weight_cv(self.ws, self.lot), weight_cv(self.ws, after))
        words.append(_("人数变异系数 {before:.3f}→{after:.3f}").format(before=cv[0], after=cv[1]))
        return "；".join(words)

    def figures(self) -> dict:
        """Return what the draft comes to as it stands."""
        base = self.drawing.found["points"][0]
        begun = spread_of(self.place, np.array(base["lot"]))
        now = spread_of(self.place, self.lot)
        sizes = np.bincount(self.lot, minlength=self.k)
        return {
            "cv": weight_cv(self.ws, self.lot),
            "cv_begun": base["cv"],
            "price": now / begun - 1 if begun else 0.0,
            "mean_m": float(np.sqrt(now / len(self.homes))),
            "n_lists": self.k,
            "n_homes": len(self.homes),
            "n_people": int(self.ws.sum()),
            "n_changed": len(self.changed()),
            "sizes": f"{sizes.min()}—{sizes.max()}",
        }

    def changed(self) -> list[int]:
        """Return the households that would change hands, those without anybody not counted."""
        workers = self.drawing.workers
        pairs = zip(self.drawing.was, self.lot.tolist(), strict=True)
        return [i for i, (before, a) in enumerate(pairs) if before and before != workers[a]]

    def rows(self, hands: Hands) -> list[Row]:
        """Return the lists, in the order of their numbers."""
        ids = {pk for pk in (*self.drawing.workers, *hands.people) if pk}
        people = User.objects.in_bulk(ids)
        units = units_by_id()
        torn = set(unconnected(self.place, self.lot))
        moved = Counter(int(self.lot[i]) for i in self.changed())
        rules, pins = self.drawing.rules, self.drawing.pins.get("lists", [])
        found = []
        for a in range(self.k):
            own = np.flatnonzero(self.lot == a)
            grids = sorted({self.homes[i][GRID] for i in own})
            mean = np.hypot(self.xs[own] - self.xs[own].mean(), self.ys[own] - self.ys[own].mean())
            found.append(
                Row(
                    n=a,
                    worker=people.get(self.drawing.workers[a]),
                    place="、".join(units[pk].short_name for pk in grids if pk in units),
                    n_homes=len(own),
                    n_people=int(self.ws[own].sum()),
                    metres=float(mean.mean()),
                    is_whole=a not in torn,
                    is_short=len(own) < rules["least"],
                    is_long=len(own) > rules["most"],
                    is_pinned=a in pins,
                    colour=self.drawing.ground["colours"][a] + 1,
                    n_new=moved[a],
                    may_carry=[people[pk] for pk in hands.free_in(grids, frozenset())],
                )
            )
        return found

    # ---- for the map --------------------------------------------------------------------------

    def dots(self) -> list[list]:
        """Return where each household is drawn: lon, lat, people; flats of a building apart."""
        return dots_of(self.homes, self.ws.tolist())

    def grids(self, *, roster: int) -> list[dict]:
        """Return the grids proposed from the lists, with the people and staff of each.

        roster : workers there are, shared out by the work of each grid
        """
        proposal = self.drawing.grids
        if not proposal or len(proposal["grid_of"]) != self.k:
            return []
        numbers = proposal["formula"]
        formula = formula_from(numbers)
        grid_of = np.array(proposal["grid_of"])[self.lot]
        rows = []
        for g in range(max(proposal["grid_of"]) + 1):
            own = [self.homes[i] for i in np.flatnonzero(grid_of == g)]
            n_lists = proposal["grid_of"].count(g)
            rows.append({"number": g + 1, "n_lists": n_lists, **need_of(own, formula, numbers)})
        given = allot([row["load"] for row in rows], roster).tolist()
        return [{**row, "given": n} for row, n in zip(rows, given, strict=True)]


def dots_of(homes: Sequence[Sequence], people: Sequence[float]) -> list[list]:
    """Return lon, lat and people of each household's dot, the flats of a building side by side."""
    seen: Counter = Counter()
    found = []
    for home, n in zip(homes, people, strict=True):
        turn = seen[home[BUILDING]]
        seen[home[BUILDING]] += 1
        far, angle = APART_M * np.sqrt(turn), GOLDEN * turn
        origin = (home[LON], home[LAT])
        lon, lat = unproject(far * np.cos(angle), far * np.sin(angle), origin)
        found.append([round(float(lon), 6), round(float(lat), 6), int(n)])
    return found


def formula_from(numbers: dict) -> Formula:
    """Return the core's formula from the county's numbers."""
    return Formula(
        people_per_worker=float(numbers["people_per_worker"]),
        extra=numbers["extra_percent"] / 100,
        least=numbers["least"],
    )


def need_of(homes: Iterable[Sequence], formula: Formula, numbers: dict) -> dict:
    """Return households, people, difficulty and staff of a grid."""
    own = list(homes)
    n_people = sum(home[PEOPLE] for home in own)
    hard = policy.difficulty(
        n_people=n_people,
        n_old=sum(home[OLD] for home in own),
        n_young=sum(home[YOUNG] for home in own),
        old=numbers["old_percent"],
        young=numbers["young_percent"],
    )
    return {
        "n_homes": len(own),
        "n_people": n_people,
        "difficulty": hard,
        "load": float(formula.load([n_people], [hard])[0]),
        "staff": int(formula.staff([n_people], [hard])[0]),
    }


def faults_of(drawing: Drawing) -> list[tuple[str, list[str]]]:
    """Return what stood in the way, in words, with the first addresses it is about."""
    units = units_by_id()
    homes = drawing.ground.get("homes", [])
    faults = drawing.found.get("faults", [])
    ids = [homes[i][ID] for fault in faults for i in fault["homes"][:8]]
    rows = Household.objects.filter(pk__in=ids).select_related("building")
    names = {row.pk: f"{row.building.address} {row.number}".strip() for row in rows}
    found = []
    for fault in faults:
        unit = units.get(fault["place"]) or drawing.community
        values = {
            "place": unit.short_name,
            "n": fault.get("count", len(fault["homes"])),
            **{name: drawing.rules[name] for name in ("least", "most")},
            **{name: fault.get(name, "") for name in ("gap", "needs", "allowed", "low")},
        }
        text = _(policy.FAULT_LABELS[fault["reason"]]).format(**values)
        found.append(
            (text, [names[homes[i][ID]] for i in fault["homes"][:8] if homes[i][ID] in names])
        )
    return found


def is_stale(drawing: Drawing) -> bool:
    """Tell whether households or their workers have changed since a draft was drawn."""
    homes = homes_in(drawing.community)
    if [home[ID] for home in homes] != [home[ID] for home in drawing.ground["homes"]]:
        return True
    return contacts_of(homes) != drawing.was


@dataclass(frozen=True)
class Door:
    """A household of a list, by the address its desk knows it by."""

    index: int
    address: str
    n_people: int
    is_pinned: bool
    before: User | None  # who has it now, where that would change


def doors_of(sheet: Sheet, a: int) -> list[Door]:
    """Return the households of a list, in the order they are walked."""
    own = np.flatnonzero(sheet.lot == a).tolist()
    ids = [sheet.homes[i][ID] for i in own]
    rows = Household.objects.filter(pk__in=ids).select_related("building")
    by_id = {row.pk: row for row in rows.defer("building__search")}
    people = User.objects.in_bulk([sheet.drawing.was[i] for i in own if sheet.drawing.was[i]])
    pins, worker = set(sheet.drawing.pins.get("homes", [])), sheet.drawing.workers[a]
    return [
        Door(
            i,
            f"{row.building.address} {row.number}".strip(),
            row.n_people,
            i in pins,
            people.get(sheet.drawing.was[i]) if sheet.drawing.was[i] != worker else None,
        )
        for i in own
        if (row := by_id.get(sheet.homes[i][ID]))
    ]


@dataclass(frozen=True)
class Change:
    """A household that would change hands, or is given somebody for the first time."""

    address: str
    before: User | None
    after: User | None
    number: int  # of the list it would be in


def changes_of(sheet: Sheet) -> list[Change]:
    """Return the households whose worker a draft changes, list by list."""
    row = sheet.drawing
    own = [i for i, a in enumerate(row.lot) if row.was[i] != row.workers[a]]
    homes = Household.objects.filter(pk__in=[sheet.homes[i][ID] for i in own])
    by_id = {one.pk: one for one in homes.select_related("building").defer("building__search")}
    people = User.objects.in_bulk({pk for pk in (*row.was, *row.workers) if pk})
    return [
        Change(
            f"{home.building.address} {home.number}".strip(),
            people.get(row.was[i]),
            people.get(row.workers[row.lot[i]]),
            row.lot[i] + 1,
        )
        for i in sorted(own, key=lambda i: row.lot[i])
        if (home := by_id.get(sheet.homes[i][ID]))
    ]


def line_features(walls: Sequence[Sequence]) -> list[dict]:
    """Return barrier lines for the map."""
    return [
        {
            "type": "Feature",
            "properties": {"tone": "late"},
            "geometry": {"type": "LineString", "coordinates": list(line)},
        }
        for line in walls
    ]


def box_of(homes: Sequence[Sequence]) -> str:
    """Return the rectangle households lie in, for the map: "w,s,e,n"."""
    if not homes:
        return ""
    lons, lats = [home[LON] for home in homes], [home[LAT] for home in homes]
    return f"{min(lons) - 3e-4},{min(lats) - 3e-4},{max(lons) + 3e-4},{max(lats) + 3e-4}"
