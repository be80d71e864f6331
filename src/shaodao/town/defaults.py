"""What every county starts with: categories, limits, routes, outcomes and numbers, as tables.

Cities disagree on nearly all of it, so each row is a dated row in the database, marked as a default
until the county confirms it, with a sentence on where it comes from.
"""

from datetime import date
from typing import NamedTuple

from shaodao.cases.policy import Step, Target
from shaodao.cores.worktime import TimeUnit
from shaodao.people.policy import Level
from shaodao.reports.policy import Kind
from shaodao.whistles.policy import Kind as WhistleKind
from shaodao.whistles.policy import Step as WhistleStep

FROM = date(2024, 1, 1)  # every default is in force since

E, C, S = Kind.EVENT, Kind.COMPONENT, Kind.SERVICE
EXAMPLE = "默认值：同类县区管理手册中的常见规定，各地不一，请按本县文件核定"
OWN = "默认值：本平台建议，请按本县文件核定"


class CategoryRow(NamedTuple):
    """A class of matters; a `*` after the kind asks for a photo after handling, `!` is a hazard."""

    code: str
    name: str
    kind: Kind
    marks: str
    asset_kind: str
    sector: str
    hint: str
    children: tuple["CategoryRow", ...] = ()


def _row(code, name, kind, marks, asset_kind, sector, hint):
    return CategoryRow(code, name, kind, marks, asset_kind, sector, hint)


# The eight pictures: code, name, icon, hint; then what each of them holds.
# fmt: off
PICTURES: tuple[tuple[str, str, str, str], ...] = (
    ("SANITATION",       "环境卫生", "rubbish",  "垃圾、脏乱、污水、蚊虫"),
    ("LIGHTING",         "路灯道路", "lamp",     "路灯不亮、路面破损、井盖、积水"),
    ("PARKING",          "车辆停放", "parking",  "乱停乱放、堵住通道、废弃车辆、飞线充电"),
    ("ILLEGAL_BUILDING", "违建占道", "building", "私搭乱建、占道经营、危险招牌"),
    ("UTILITIES",        "水电管网", "water",    "漏水、停水、水表、用电、下水道"),
    ("LIFTS_PROPERTY",   "电梯物业", "elevator", "电梯、房屋漏水、楼道堆物、物业"),
    ("NOISE",            "噪声纠纷", "noise",    "施工和音响噪声、油烟、邻里纠纷"),
    ("OTHER",            "办事求助", "service",  "代办、上门、咨询，或说不清的事"),
)
# code, name, kind, marks (* photo after handling, ! hazard), kind of asset, sector, hint
CHILDREN: dict[str, tuple[CategoryRow, ...]] = {
    "SANITATION": (
        _row("RUBBISH_HEAP",      "垃圾堆放",     E, "*",  "",        "CITY",     "路边、空地、楼下成堆的生活垃圾"),
        _row("BIN_OVERFLOW",      "垃圾桶满溢",   C, "*",  "BIN",     "CITY",     "垃圾桶装满外溢、破损、没人清"),
        _row("BUILDING_WASTE",    "建筑垃圾",     E, "*",  "",        "CITY",     "装修垃圾、渣土、砖块堆在外面"),
        _row("ROAD_DIRTY",        "路面不洁",     E, "*",  "",        "CITY",     "路面油污、落叶、泥土没有清扫"),
        _row("SEWAGE",            "污水外溢",     E, "*",  "",        "HOUSING",  "化粪池、污水井往外冒水、发臭"),
        _row("GREENERY",          "绿化养护",     E, "*",  "",        "CITY",     "杂草、枯树、绿地被踩被占"),
        _row("PESTS",             "蚊蝇鼠害",     E, "",   "",        "HEALTH",   "蚊子、老鼠、白蚁、蜂窝"),
    ),
    "LIGHTING": (
        _row("LAMP_OUT",          "路灯不亮",     C, "*!", "LAMP",    "CITY",     "路灯坏了、一闪一闪、白天不灭"),
        _row("ROAD_UNLIT",        "道路无灯",     E, "*",  "",        "TRANSPORT", "一段路一直没有装路灯，夜里看不见"),
        _row("MANHOLE_COVER",     "井盖缺损",     C, "*!", "MANHOLE", "HOUSING",  "井盖丢失、破裂、松动作响"),
        _row("ROAD_DAMAGE",       "路面破损",     E, "*",  "",        "HOUSING",  "路面坑洼、人行道地砖松动"),
        _row("ROAD_FLOODED",      "路面积水",     E, "*",  "",        "HOUSING",  "下雨后积水不退、影响走路"),
    ),
    "PARKING": (
        _row("ILLEGAL_PARKING",   "乱停乱放",     E, "*",  "",        "TRAFFIC",  "汽车、电动车停在人行道、路口"),
        _row("FIRE_LANE",         "占用消防通道", E, "*!", "",        "FIRE",     "消防通道、楼道口被车或杂物堵住"),
        _row("ABANDONED_VEHICLE", "废弃车辆",     E, "*",  "",        "TRAFFIC",  "长期没人动、落满灰的车"),
        _row("WIRE_CHARGING",     "飞线充电",     E, "*!", "",        "FIRE",     "电动车从楼上拉线充电"),
    ),
    "ILLEGAL_BUILDING": (
        _row("UNLICENSED_BUILDING", "私搭乱建",   E, "*",  "",        "CITY",     "搭棚、加盖、围占公共地方"),
        _row("STREET_STALL",      "占道经营",     E, "*",  "",        "CITY",     "店铺、摊贩占用人行道"),
        _row("SIGNBOARD",         "危险招牌",     E, "*!", "",        "CITY",     "招牌、雨棚、外墙要掉下来"),
    ),
    "UTILITIES": (
        _row("BURST_PIPE",        "水管爆裂",     C, "*!", "PIPE",    "WATER",    "自来水管破裂、路面冒水"),
        _row("WATER_METER",       "水表未分户",   C, "",   "METER",   "WATER",    "没有一户一表、合表、水费摊派"),
        _row("WATER_SUPPLY",      "停水水压",     C, "",   "PIPE",    "WATER",    "停水、水压小、水发黄"),
        _row("POWER_FAULT",       "用电故障",     C, "!",  "CABLE",   "POWER",    "停电、电线掉落、电表箱冒火"),
        _row("WIRES_HANGING",     "线缆垂落",     C, "*",  "CABLE",   "TELECOM",  "通信线、电视线垂下来、乱成一团"),
        _row("DRAIN_BLOCKED",     "下水道堵塞",   E, "*",  "",        "HOUSING",  "下水道不通、楼下返水"),
    ),
    "LIFTS_PROPERTY": (
        _row("LIFT_FAULT",        "电梯故障",     C, "!",  "LIFT",    "MARKET",   "电梯停运、困人、抖动"),
        _row("LIFT_AGEING",       "电梯老化",     C, "",   "LIFT",    "MARKET",   "电梯年头长、老出毛病、想换新"),
        _row("HOUSE_LEAK",        "房屋漏水",     E, "",   "",        "HOUSING",  "屋顶、外墙渗水，楼上漏到楼下"),
        _row("CORRIDOR_CLUTTER",  "楼道堆物",     E, "*",  "",        "FIRE",     "楼道里堆纸箱、旧家具、鞋柜"),
        _row("PROPERTY_SERVICE",  "物业服务",     E, "",   "",        "HOUSING",  "保安、保洁、门禁、收费的事"),
    ),
    "NOISE": (
        _row("WORKS_NOISE",       "施工噪声",     E, "",   "",        "ECOLOGY",  "夜里或中午施工、装修太吵"),
        _row("LIVING_NOISE",      "生活噪声",     E, "",   "",        "POLICE",   "音响、广场舞、狗叫"),
        _row("FUMES",             "油烟扰民",     E, "*",  "",        "ECOLOGY",  "饭店油烟直排、气味大"),
        _row("DISPUTE",           "邻里纠纷",     E, "",   "",        "JUSTICE",  "邻居之间说不拢，想请人调解"),
    ),
    "OTHER": (
        _row("PAPERS_BY_PROXY",   "代办证件",     S, "",   "",        "SERVICE",  "帮老人办社保卡、优待证、证明"),
        _row("HOME_VISIT",        "上门服务",     S, "",   "",        "SERVICE",  "腿脚不便，请人上门办理"),
        _row("CARE_VISIT",        "看望独居老人", S, "",   "",        "CIVIL",    "请去看看家里老人好不好"),
        _row("POLICY_ADVICE",     "政策咨询",     S, "",   "",        "SERVICE",  "低保、医保、入学、补贴怎么办"),
        _row("SMALL_REPAIR",      "小修小补",     S, "",   "",        "SERVICE",  "换灯泡、修门锁、通水管"),
        _row("OTHER_MATTER",      "其他事项",     E, "",   "",        "",         "上面都不像的事"),
    ),
}
# 小事: what a grid is expected to settle without sending it up (X17).
SMALL_MATTERS = (
    "RUBBISH_HEAP", "BIN_OVERFLOW", "ROAD_DIRTY", "ILLEGAL_PARKING", "STREET_STALL",
    "CORRIDOR_CLUTTER", "LIVING_NOISE", "DISPUTE", "PAPERS_BY_PROXY", "HOME_VISIT", "CARE_VISIT",
    "POLICY_ADVICE", "SMALL_REPAIR",
)
# fmt: on

H, W, D = TimeUnit.NATURAL_HOURS, TimeUnit.WORKING_HOURS, TimeUnit.WORKING_DAYS


class LimitRow(NamedTuple):
    step: Step
    category: str | None
    is_hazard: bool
    amount: int
    time_unit: TimeUnit
    source: str
    level: str = ""


# fmt: off
# One row for every step, then hazards, whose hours run day and night (Z33).
_STEPS: tuple[tuple[Step, int, TimeUnit, int], ...] = (
    # step        usual   of   natural hours for a hazard
    (Step.FILE,      4, W,  1),
    (Step.CHECK,     1, D,  4),
    (Step.DISPATCH,  4, W,  1),
    (Step.ACCEPT,    4, W,  1),
    (Step.ARRIVE,    1, D,  2),
    (Step.HANDLE,    5, D, 24),
    (Step.REVIEW,   20, D, 240),
    (Step.VERIFY,    2, D, 24),
    (Step.CLOSE,     1, D, 24),
    (Step.APPROVE,   1, D,  4),
)
# How long a level has to bring a case to a result or into work: usual; natural hours for a hazard.
_RUNGS: tuple[tuple[Level, int, TimeUnit, int], ...] = (
    (Level.COMMUNITY, 3, D,  4),
    (Level.TOWNSHIP,  5, D,  8),
    (Level.COUNTY,   10, D, 24),
)
_RUNG_SOURCE = "默认值：村三日、乡镇五日、县十日逐级解决，超时自动上报，请按本县文件核定"
# How long a class may take to handle: usual amount and unit, natural hours for a hazard (0: 24).
_HANDLE: tuple[tuple[str, int, TimeUnit, int], ...] = (
    ("RUBBISH_HEAP",         1, D,   0),
    ("BIN_OVERFLOW",         4, W,   0),
    ("BUILDING_WASTE",       4, D,   0),
    ("ROAD_DIRTY",           5, W,   0),
    ("GREENERY",             5, D,   0),
    ("PESTS",                3, D,   0),
    ("LAMP_OUT",             3, D,  24),
    ("ROAD_UNLIT",          30, D, 240),
    ("MANHOLE_COVER",        2, D,   8),
    ("ROAD_DAMAGE",         10, D,  72),
    ("ROAD_FLOODED",         4, W,   8),
    ("ILLEGAL_PARKING",      4, W,   0),
    ("FIRE_LANE",            1, D,   8),
    ("ABANDONED_VEHICLE",   10, D,   0),
    ("WIRE_CHARGING",        1, D,  12),
    ("UNLICENSED_BUILDING", 15, D,  72),
    ("STREET_STALL",         4, W,   0),
    ("SIGNBOARD",            5, D,  48),
    ("BURST_PIPE",           1, D,  12),
    ("WATER_METER",         20, D,   0),
    ("POWER_FAULT",          1, D,   8),
    ("LIFT_FAULT",           2, D,  12),
    ("LIFT_AGEING",         20, D,   0),
    ("HOUSE_LEAK",          10, D,   0),
    ("LIVING_NOISE",         2, D,   0),
    ("OTHER",                3, D,   0),
)
# Response (the order taken) and arrival, where a class has its own target (X14).
_FIRST: tuple[tuple[Step, str, int, TimeUnit], ...] = (
    (Step.ACCEPT, "OTHER",           2, W),
    (Step.ACCEPT, "ILLEGAL_PARKING", 1, W),
    (Step.ARRIVE, "ILLEGAL_PARKING", 2, W),
    (Step.ARRIVE, "RUBBISH_HEAP",    4, W),
    (Step.ARRIVE, "NOISE",           4, W),
    (Step.ACCEPT, "UTILITIES",       2, W),
    (Step.ARRIVE, "UTILITIES",       4, W),
    (Step.ARRIVE, "ROAD_UNLIT",      2, D),
)
# fmt: on


def limits() -> list[LimitRow]:
    """Return every limit a county starts with."""
    rows = [LimitRow(step, None, False, n, unit, OWN) for step, n, unit, _ in _STEPS]
    rows += [LimitRow(step, None, True, hours, H, OWN) for step, _, _, hours in _STEPS]
    for category, amount, unit, hours in _HANDLE:
        rows.append(LimitRow(Step.HANDLE, category, False, amount, unit, EXAMPLE))
        if hours:
            rows.append(LimitRow(Step.HANDLE, category, True, hours, H, EXAMPLE))
    rows += [LimitRow(step, category, False, n, unit, OWN) for step, category, n, unit in _FIRST]
    for level, days, unit, hours in _RUNGS:
        rows.append(LimitRow(Step.RUNG, None, False, days, unit, _RUNG_SOURCE, level.value))
        rows.append(LimitRow(Step.RUNG, None, True, hours, H, _RUNG_SOURCE, level.value))
    return rows


class RouteRow(NamedTuple):
    category: str | None
    target: Target
    is_direct: bool
    rank: int
    source: str


_HOUSEHOLD = "默认值：群众的事先找联系户网格员"
_SMALL = "默认值：小事不出格，直接派给当班网格员"
_AREA = "默认值：事件先属地、后属主，由本级派遣员确认"
_OWNER = "默认值：部件先属主、后属地，直接派给权属单位"


def routes() -> list[RouteRow]:
    """Return the routes that name no unit; a county adds its own departments and companies.

    A row for a class outranks one for any class, so small matters repeat the contact worker's row.
    """
    rows = [
        RouteRow(None, Target.ASSET_OWNER, True, 10, _OWNER),
        RouteRow(None, Target.CONTACT_WORKER, True, 10, _HOUSEHOLD),
        RouteRow(None, Target.GRID, False, 30, _AREA),
        RouteRow(None, Target.COMMUNITY, False, 40, _AREA),
        RouteRow(None, Target.TOWNSHIP, False, 50, _AREA),
    ]
    for code in SMALL_MATTERS:
        rows.append(RouteRow(code, Target.CONTACT_WORKER, True, 10, _HOUSEHOLD))
        rows.append(RouteRow(code, Target.GRID, True, 20, _SMALL))
    return rows


M = TimeUnit.NATURAL_MINUTES
_WHISTLE = "默认值：签收日常一个、攻坚两个工作日，应急三十分钟、两小时到场；其余为平台建议，请核定"
# fmt: off
# How long each step of a whistle may take: 日常哨, 攻坚哨, 应急哨.
WHISTLE_LIMITS: tuple[tuple[WhistleStep, tuple[int, TimeUnit], tuple[int, TimeUnit], tuple[int, TimeUnit]], ...] = (
    # step                   routine   hard      emergency
    (WhistleStep.REVIEW,    (4, W),   (1, D),   (1, H)),
    (WhistleStep.CONFIRM,   (1, D),   (1, D),   (24, H)),
    (WhistleStep.SIGN,      (1, D),   (2, D),   (30, M)),
    (WhistleStep.REPORT_IN, (2, D),   (3, D),   (2, H)),
    (WhistleStep.ARBITRATE, (1, D),   (2, D),   (2, H)),
    (WhistleStep.CONFER,    (2, D),   (3, D),   (4, H)),
    (WhistleStep.HANDLE,    (5, D),   (20, D),  (24, H)),
    (WhistleStep.RECHECK,   (20, D),  (20, D),  (10 * 24, H)),
    (WhistleStep.ACCEPT,    (2, D),   (3, D),   (24, H)),
)
# Which of the six posts of a grid answers for a class when residents whistle, by what its holder is
# called (CHARGES); where nobody holds it the grid's head worker is called.
RESPONDERS: tuple[tuple[str | None, str], ...] = (
    (None,               "民情联络员"),
    ("SANITATION",       "环境卫生员"),
    ("LIGHTING",         "安全巡查员"),
    ("UTILITIES",        "安全巡查员"),
    ("PARKING",          "安全巡查员"),
    ("ILLEGAL_BUILDING", "安全巡查员"),
    ("LIFTS_PROPERTY",   "安全巡查员"),
    ("NOISE",            "矛盾调解员"),
    ("OTHER",            "便民代办员"),
    ("POLICY_ADVICE",    "政策宣传员"),
)
# fmt: on


def whistle_limits() -> list[tuple[str, str, int, str, str]]:
    """Return (kind, step, amount, unit of time, source) of every limit of whistles."""
    return [
        (kind.value, step.value, amount, unit.value, _WHISTLE)
        for step, *given in WHISTLE_LIMITS
        for kind, (amount, unit) in zip(WhistleKind, given, strict=True)
    ]


# Where a sector's matters go within a county, by the name its unit goes under: the town has
# these, and a county names its own. Utilities are companies: not a bureau (Z32).
SECTOR_ROUTES: tuple[tuple[str, str, bool], ...] = (
    # category, unit, straight without a desk
    ("LAMP_OUT", "LIGHTING", True),
    ("ROAD_UNLIT", "TRANSPORT", False),
    ("ROAD_UNLIT", "LIGHTING", False),
    ("SANITATION", "CITY", False),
    ("SEWAGE", "HOUSING", False),
    ("PESTS", "HEALTH", False),
    ("MANHOLE_COVER", "HOUSING", False),
    ("ROAD_DAMAGE", "HOUSING", False),
    ("ROAD_FLOODED", "HOUSING", False),
    ("PARKING", "TRAFFIC", False),
    ("FIRE_LANE", "FIRE", False),
    ("WIRE_CHARGING", "FIRE", False),
    ("ILLEGAL_BUILDING", "CITY", False),
    ("BURST_PIPE", "WATER", True),
    ("WATER_METER", "WATER", True),
    ("WATER_SUPPLY", "WATER", True),
    ("POWER_FAULT", "POWER", True),
    ("WIRES_HANGING", "TELECOM", False),
    ("DRAIN_BLOCKED", "HOUSING", False),
    ("LIFT_FAULT", "MARKET", False),
    ("LIFT_AGEING", "MARKET", False),
    ("HOUSE_LEAK", "HOUSING", False),
    ("PROPERTY_SERVICE", "HOUSING", False),
    ("CORRIDOR_CLUTTER", "FIRE", False),
    ("WORKS_NOISE", "ECOLOGY", False),
    ("FUMES", "ECOLOGY", False),
    ("LIVING_NOISE", "POLICE", False),
    ("DISPUTE", "JUSTICE", False),
    ("CARE_VISIT", "CIVIL", False),
)

# Lines of work (条线): code, name, whose office answers (a sector of the county), what it takes.
# What no rule names is tagged by hand, as petitions are.
SECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("PETITION", "信访", "JUSTICE", ()),
    ("ORDER", "综治", "POLICE", ("LIVING_NOISE", "DISPUTE", "ILLEGAL_PARKING")),
    ("ENVIRONMENT", "环境整治", "CITY", ("SANITATION", "STREET_STALL", "UNLICENSED_BUILDING")),
    ("SAFETY", "安全生产", "FIRE", ("FIRE_LANE", "WIRE_CHARGING", "CORRIDOR_CLUTTER", "SIGNBOARD")),
    (
        "LIVELIHOOD",
        "民生保障",
        "CIVIL",
        ("CARE_VISIT", "HOME_VISIT", "PAPERS_BY_PROXY", "POLICY_ADVICE"),
    ),
)
SECTOR_SOURCE = "默认值：常见的条线划分，请按本县文件核定"
# What a street or township answers for (职责清单): class, words. What is not here it may refuse.
DUTIES: tuple[tuple[str, str], ...] = (
    ("SANITATION", "辖区环境卫生的日常保洁和巡查"),
    ("PARKING", "背街小巷和小区内的停车秩序劝导"),
    ("STREET_STALL", "占道经营的日常劝导"),
    ("CORRIDOR_CLUTTER", "楼道堆物的清理和宣传"),
    ("NOISE", "邻里纠纷和生活噪声的调解"),
    ("OTHER", "群众办事、求助的代办和协调"),
    ("ROAD_UNLIT", "村内道路照明的申报和建设"),
    ("ROAD_DAMAGE", "村内道路和小区道路的日常养护"),
    ("PROPERTY_SERVICE", "物业服务的指导和监督"),
)
DUTY_SOURCE = "默认值：示例清单，请换成经批准公布的乡镇（街道）履职事项清单"

# code, name, what it is counted in
OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("INSTALLED", "安装", "盏"),
    ("REPAIRED", "修复", "处"),
    ("CLEARED", "清理", "处"),
    ("HAULED", "清运", "吨"),
    ("DEMOLISHED", "拆除", "平方米"),
    ("MOVED", "劝离", "辆"),
    ("REPLACED", "更换", "件"),
    ("DREDGED", "疏通", "米"),
    ("MEDIATED", "调解", "件"),
    ("VISITED", "上门", "户"),
    ("PROXIED", "代办", "件"),
    ("ANSWERED", "答复", "件"),
    ("CORRECTED", "整改", "家"),
    ("CONVERTED", "改建", "平方米"),
    ("PARKING", "新增车位", "个"),
)

# 六岗六员: code, holder, post, what it is there for, source. Only the first is named in the programme.
_SIX = "默认值：办法只写明政策宣传员，其余五员请按本县文件核定"
CHARGES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "POLICY",
        "政策宣传员",
        "政策宣传岗",
        "宣讲政策，送通知上门，回答疑问",
        "小网格治理办法写明的一员",
    ),
    ("LISTENING", "民情联络员", "民情联络岗", "走访联系户，收集诉求，及时上报", _SIX),
    ("MEDIATION", "矛盾调解员", "矛盾调解岗", "邻里纠纷早发现、早调解", _SIX),
    ("SAFETY", "安全巡查员", "安全巡查岗", "巡查消防、用电、道路等隐患", _SIX),
    ("SANITATION", "环境卫生员", "环境卫生岗", "督促清扫保洁，劝阻乱堆乱倒", _SIX),
    ("SERVICE", "便民代办员", "便民代办岗", "帮老人和行动不便的人代办事项", _SIX),
)
# Criteria candidates are ranked by: code, label, points, basis, source (X42: members and cadres first).
_FIRST_OF_ALL = "默认值：党员和村组干部优先，再看奉献、乡情和担当；分值请按本县文件核定"
CRITERIA: tuple[tuple[str, str, int, str, str], ...] = (
    ("MEMBER", "是党员", 15, "PARTY_MEMBER", _FIRST_OF_ALL),
    ("CADRE", "是村组干部", 15, "CADRE", _FIRST_OF_ALL),
    ("DEVOTION", "有奉献精神", 20, "JUDGED", _FIRST_OF_ALL),
    ("ROOTS", "热爱家乡", 15, "JUDGED", _FIRST_OF_ALL),
    ("COURAGE", "有担当", 20, "JUDGED", _FIRST_OF_ALL),
    ("NEARNESS", "住在本网格", 10, "LIVES_HERE", OWN),
    ("EXPERIENCE", "任职经验", 5, "EXPERIENCE", OWN),
)
# What workers are appraised by: policy.Figure, points, source.
INDICATORS: tuple[tuple[str, int, str], ...] = (
    ("ROUNDS", 20, EXAMPLE),
    ("REPORTS", 15, EXAMPLE),
    ("IN_TIME", 25, EXAMPLE),
    ("SATISFACTION", 15, EXAMPLE),
    ("ACCURACY", 10, EXAMPLE),
    ("VISITS", 10, EXAMPLE),
    ("CALLS", 5, EXAMPLE),
)

# name, subject, value, source
PARAMETERS: tuple[tuple[str, str, str, str], ...] = (
    ("warn_percent", "", "70", "默认值：时限用去七成时提醒"),
    ("extensions", "", "1", "默认值：一般案件最多延期一次"),
    ("reopen_days", "", "30", "默认值：办结三十天内可以不认可"),
    ("report_text_length", "", "2000", OWN),
    ("report_photos", "", "6", OWN),
    ("photo_bytes", "", "15728640", "默认值：单张照片 15 MiB"),
    ("photo_pixels", "", "60000000", "默认值：单张照片六千万像素"),
    ("device_reports_an_hour", "", "20", OWN),
    ("address_reports_an_hour", "", "300", "默认值：一个村可能共用一个出口地址，放宽"),
    ("patrol_subjects", "", "环境卫生、消防通道、公共设施", OWN),
    ("login_attempts", "", "5", OWN),
    ("lock_minutes", "", "15", OWN),
    ("idle_minutes", "", "30", OWN),
    ("urge_reply_hours", "", "4", "默认值：催办半个工作日内答复，隐患案件按自然小时"),
    ("yellow_reply_hours", "", "8", "默认值：黄牌督办约一个工作日内答复整改措施"),
    ("red_reply_hours", "", "16", "默认值：红牌督办约两个工作日内书面答复整改措施"),
    ("satisfied_score", "", "4", "默认值：五分制四分起算满意；各地评价规则不一，请核定"),
    ("old_building_years", "", "40", "默认值：部分楼龄超过 40 年的列出"),
    ("import_undo_days", "", "30", "默认值：导入后三十天内可以整批撤销，之后清除明细"),
    ("notice_quiet_from", "", "21", "默认值：晚九点起不打扰，请核定"),
    ("notice_quiet_to", "", "7", "默认值：早七点起恢复发送，请核定"),
    ("notice_cap", "", "10", "默认值：一小时十条以内逐条发，多的并成一条"),
    ("notice_attempts", "", "8", OWN),
    ("notice_retry_minutes", "", "1", OWN),
    ("notice_retry_most_hours", "", "4", OWN),
    ("notice_stale_hours", "", "72", "默认值：三天没送出的不再发，免得恢复后补发旧消息"),
    ("notice_failures", "", "5", OWN),
    ("notice_rest_minutes", "", "5", OWN),
    ("notice_bot_pace", "", "18", "默认值：群机器人一般每分钟限二十条，留有余地"),
    *(
        (f"notice_by_{name}", "", "0", "默认值：只发站内消息，个人可以自选")
        for name in ("email", "sms", "wecom", "dingtalk", "feishu")
    ),
    (
        "charges_a_person",
        "",
        "2",
        "默认值：六员是六项职责，一人在一个网格最多兼两岗；请按本县文件核定",
    ),
    ("list_least", "", "15", "小网格治理办法：每名网格员联系 15 到 25 户"),
    ("list_most", "", "25", "小网格治理办法：每名网格员联系 15 到 25 户"),
    ("list_wanted", "", "20", "默认值：15 到 25 户取中间，名单数约为户数除以二十，请核定"),
    ("list_reach_metres", "", "250", "默认值：相距二百五十米以外的楼栋不算邻居，除非更近的没有"),
    ("grid_households", "", "200", "默认值：一个网格约二百户，请按本县文件核定"),
    (
        "staff_people_per_worker",
        "",
        "75",
        "默认值：普通网格一人至多联系二十五户，每户约三人，请核定",
    ),
    ("staff_extra_percent", "", "50", "默认值：最难的网格加五成，约合一人十七户，请核定"),
    ("staff_least", "", "1", "默认值：每个网格至少一人"),
    ("staff_old_percent", "", "100", "默认值：六十岁以上的人占多少，难度就加多少，请核定"),
    ("staff_young_percent", "", "50", "默认值：十八岁以下的人折半计入难度，请核定"),
    ("list_change_metres", "", "300", "默认值：近三百米以内不值得换人，请核定"),
    ("party_group_least", "", "2", OWN),
    ("party_branch_least", "", "3", "默认值：按党章，正式党员三人起建立基层组织"),
    ("party_general_least", "", "50", "默认值：党员五十人以上设总支，请按组织部文件核定"),
    ("party_committee_least", "", "100", "默认值：党员一百人以上设党委，请按组织部文件核定"),
    ("notice_days", "", "5", "默认值：公示五天，请按本县文件核定"),
    ("proactive_a_week", "", "2", OWN),
    ("may_whistle", "STREET", "1", "默认值：街道乡镇可以吹哨"),
    ("may_whistle", "COMMUNITY", "0", "默认值：社区村吹哨由各地决定是否开通"),
    ("may_whistle", "GRID", "0", "默认值：网格吹哨由各地决定是否开通"),
    ("may_whistle", "RESIDENT", "0", "默认值：群众吹哨由各地决定是否开通"),
    ("report_in_metres", "", "300", "默认值：手机定位误差和大片地块放宽到三百米"),
    ("whistle_weight", "TIMELINESS", "40", "默认值：及时、质量、态度四三三，请按本县办法核定"),
    ("whistle_weight", "QUALITY", "30", "默认值：及时、质量、态度四三三，请按本县办法核定"),
    ("whistle_weight", "ATTITUDE", "30", "默认值：及时、质量、态度四三三，请按本县办法核定"),
    ("department_whistle_weight", "", "40", "默认值：吹哨得分占四成，按时处置率占六成，请核定"),
    ("whistle_band_low", "", "5", "默认值：每千件少于五次，机制可能没用起来"),
    ("whistle_band_high", "", "50", "默认值：每千件多于五十次，日常处置可能没做好"),
    ("whistle_band_least", "", "100", "默认值：不足一百件不作判断"),
    ("visit_minutes", "", "10", "默认值：上门一户十分钟，请按本县实际核定"),
    ("walking_metres_a_minute", "", "70", "默认值：步行每分钟七十米"),
    ("street_detour_percent", "", "130", "默认值：走路约为直线距离的 1.3 倍"),
    *(("small_matter", code, "1", "默认值：算作小事，计入不出格率") for code in SMALL_MATTERS),
)
