"""Who holds which office at which tier: tables only."""

from enum import StrEnum
from typing import NamedTuple

from shaodao.cores.wording import N_, Refusal


class Level(StrEnum):
    """The tier a unit acts at, from the widest area to the smallest."""

    PREFECTURE = "PREFECTURE"
    COUNTY = "COUNTY"
    TOWNSHIP = "TOWNSHIP"
    COMMUNITY = "COMMUNITY"
    GRID = "GRID"
    BUILDING = "BUILDING"
    HOME = "HOME"


LEVEL_LABELS = {
    Level.PREFECTURE: N_("市"),
    Level.COUNTY: N_("区县"),
    Level.TOWNSHIP: N_("街道乡镇"),
    Level.COMMUNITY: N_("社区村"),
    Level.GRID: N_("网格"),
    Level.BUILDING: N_("楼院"),
    Level.HOME: N_("中心户"),
}
# 区委指挥协调、街道统筹推进、社区具体落实: what each tier is for.
TIER_DUTIES = {
    Level.COUNTY: N_("指挥协调"),
    Level.TOWNSHIP: N_("统筹推进"),
    Level.COMMUNITY: N_("具体落实"),
    Level.GRID: N_("网格响应"),
}


class Kind(StrEnum):
    """What a unit is."""

    AREA = "AREA"  # 一级政府、社区村、网格
    DEPARTMENT = "DEPARTMENT"
    COMPANY = "COMPANY"
    INSTITUTION = "INSTITUTION"
    DISTRICT_COMMITTEE = "DISTRICT_COMMITTEE"
    STREET_COMMITTEE = "STREET_COMMITTEE"
    COMMUNITY_COMMITTEE = "COMMUNITY_COMMITTEE"
    GRID_BRANCH = "GRID_BRANCH"
    BUILDING_GROUP = "BUILDING_GROUP"
    MEMBER_HOME = "MEMBER_HOME"


KIND_LABELS = {
    Kind.AREA: N_("属地"),
    Kind.DEPARTMENT: N_("职能部门"),
    Kind.COMPANY: N_("企业"),
    Kind.INSTITUTION: N_("事业单位"),
    Kind.DISTRICT_COMMITTEE: N_("区委"),
    Kind.STREET_COMMITTEE: N_("街道党工委"),
    Kind.COMMUNITY_COMMITTEE: N_("社区党委"),
    Kind.GRID_BRANCH: N_("网格员党支部"),
    Kind.BUILDING_GROUP: N_("楼院党小组"),
    Kind.MEMBER_HOME: N_("党员中心户"),
}

# The party chain from the top down, with the tier each form stands at.
PARTY_CHAIN = (
    (Kind.DISTRICT_COMMITTEE, Level.COUNTY),
    (Kind.STREET_COMMITTEE, Level.TOWNSHIP),
    (Kind.COMMUNITY_COMMITTEE, Level.COMMUNITY),
    (Kind.GRID_BRANCH, Level.GRID),
    (Kind.BUILDING_GROUP, Level.BUILDING),
    (Kind.MEMBER_HOME, Level.HOME),
)
AREA_CHAIN = (Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY, Level.GRID)
CODE_LENGTH = {
    Level.PREFECTURE: 4,
    Level.COUNTY: 6,
    Level.TOWNSHIP: 9,
    Level.COMMUNITY: 12,
    Level.GRID: 15,
}


class Role(StrEnum):
    INTAKE = "INTAKE"
    DISPATCHER = "DISPATCHER"
    DUTY_CHIEF = "DUTY_CHIEF"
    VERIFIER = "VERIFIER"
    HANDLER = "HANDLER"
    GRID_WORKER = "GRID_WORKER"
    SECRETARY = "SECRETARY"
    LEADER = "LEADER"
    ADMIN = "ADMIN"
    SECURITY = "SECURITY"
    AUDITOR = "AUDITOR"
    REPORTER = "REPORTER"  # whoever holds the tracking link; never a post
    SYSTEM = "SYSTEM"  # sweeps and direct dispatch; never a post


ROLE_LABELS = {
    Role.INTAKE: N_("受理员"),
    Role.DISPATCHER: N_("派遣员"),
    Role.DUTY_CHIEF: N_("值班长"),
    Role.VERIFIER: N_("核查员"),
    Role.HANDLER: N_("处置员"),
    Role.GRID_WORKER: N_("网格员"),
    Role.SECRETARY: N_("书记"),
    Role.LEADER: N_("分管领导"),
    Role.ADMIN: N_("系统管理员"),
    Role.SECURITY: N_("安全管理员"),
    Role.AUDITOR: N_("审计员"),
    Role.REPORTER: N_("反映人"),
    Role.SYSTEM: N_("系统"),
}

_T = (Level.TOWNSHIP, Level.COMMUNITY)
# Where a role may be held: a post anywhere else is refused.
HELD_AT: dict[Role, frozenset[Level]] = {
    Role.INTAKE: frozenset({Level.COUNTY, *_T}),
    Role.DISPATCHER: frozenset({Level.COUNTY, *_T}),
    Role.DUTY_CHIEF: frozenset({Level.COUNTY, Level.TOWNSHIP}),
    Role.VERIFIER: frozenset({Level.COUNTY, *_T}),
    Role.HANDLER: frozenset({Level.PREFECTURE, Level.COUNTY, *_T}),
    Role.GRID_WORKER: frozenset({Level.GRID}),
    Role.SECRETARY: frozenset(Level) - {Level.PREFECTURE},
    Role.LEADER: frozenset({Level.COUNTY, Level.TOWNSHIP}),
    Role.ADMIN: frozenset({Level.PREFECTURE, Level.COUNTY}),
    Role.SECURITY: frozenset({Level.PREFECTURE, Level.COUNTY}),
    Role.AUDITOR: frozenset({Level.PREFECTURE, Level.COUNTY}),
}
# Who may work with cases at all; the three administrators see settings, accounts and journals only.
CASE_ROLES = frozenset(Role) - {Role.ADMIN, Role.SECURITY, Role.AUDITOR, Role.SECRETARY}
# Administrators must show a second factor (GB/T 22239, level three).
SECOND_FACTOR_ROLES = frozenset({Role.ADMIN, Role.SECURITY, Role.AUDITOR})


class Seat(NamedTuple):
    """A role as held at a tier."""

    role: Role
    level: Level


class PostRefused(Refusal):
    """The post cannot be held there. The message is fit to show to the user."""


def check_post(role: Role, level: Level) -> None:
    """Test that `role` may be held at `level`.

    :raises PostRefused: if it may not.
    """
    if level not in HELD_AT.get(role, frozenset()):
        raise PostRefused(
            N_("{role}不能设在{level}一级"), role=ROLE_LABELS[role], level=LEVEL_LABELS[level]
        )
