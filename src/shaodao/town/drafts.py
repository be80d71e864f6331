"""A town on paper: what is to be written, before anything has an id.

Areas are known by code, other units by a key of ours, people by user name, buildings by number.
Coordinates are WGS 84 degrees, longitude first; shapes are shapely geometries in the same.
"""

from dataclasses import dataclass, field

from shapely import Geometry, Polygon

from shaodao.people.policy import Kind, Level, Role
from shaodao.places.policy import Layer


@dataclass(frozen=True)
class AreaDraft:
    """A link of the government chain above the grid; its parent is the code it begins with."""

    code: str
    name: str  # official: 西津路居委会
    level: Level
    office_hours: str = ""
    phone: str = ""


@dataclass(frozen=True)
class BodyDraft:
    """A department, a company or an institution, at the tier of the area it hangs under."""

    key: str
    name: str
    short_name: str
    kind: Kind
    area: str
    phone: str = ""
    office_hours: str = ""


@dataclass(frozen=True)
class PartyDraft:
    """A link of the party chain, tied to the area it stands for by that area's code."""

    key: str
    name: str
    short_name: str
    kind: Kind
    level: Level
    parent: str | None
    area_code: str
    n_members: int = 0


@dataclass(frozen=True)
class PostDraft:
    role: Role
    unit: str
    is_head: bool = False
    posted_to: str | None = None  # 下沉: the street a department has posted them to


@dataclass(frozen=True)
class PersonDraft:
    username: str
    name: str
    posts: tuple[PostDraft, ...]
    phone: str = ""
    work_phone: str = ""
    is_party_member: bool = False
    has_account: bool = False  # one of the demo accounts: may log in


@dataclass(frozen=True)
class GridDraft:
    code: str
    boundary: Polygon


@dataclass(frozen=True)
class CompoundDraft:
    key: str
    community: str
    name: str
    lon: float
    lat: float
    built_year: int | None = None
    n_lifts: int = 0
    property_company: str | None = None
    has_owners_committee: bool = False


@dataclass(frozen=True)
class HouseholdDraft:
    number: str  # 2单元301
    n_people: int
    n_over_60: int
    n_under_18: int
    worker: str  # user name


@dataclass(frozen=True)
class BuildingDraft:
    grid: str
    compound: str | None
    name: str
    address: str
    lon: float
    lat: float
    n_floors: int
    households: tuple[HouseholdDraft, ...] = ()


@dataclass(frozen=True)
class AssetDraft:
    code: str
    kind: str
    name: str
    owner: str | None
    grid: str
    lon: float
    lat: float


@dataclass(frozen=True)
class FeatureDraft:
    layer: Layer
    kind: str
    shape: Geometry
    name: str = ""
    min_zoom: int = 0


@dataclass
class TownDraft:
    """Everything a town consists of."""

    areas: list[AreaDraft] = field(default_factory=list)
    bodies: list[BodyDraft] = field(default_factory=list)
    party: list[PartyDraft] = field(default_factory=list)
    people: list[PersonDraft] = field(default_factory=list)
    grids: list[GridDraft] = field(default_factory=list)
    compounds: list[CompoundDraft] = field(default_factory=list)
    buildings: list[BuildingDraft] = field(default_factory=list)
    assets: list[AssetDraft] = field(default_factory=list)
    features: list[FeatureDraft] = field(default_factory=list)
    # Which of its own units a county sends a sector's matters to: (county code, sector) → key.
    sectors: dict[tuple[str, str], str] = field(default_factory=dict)
