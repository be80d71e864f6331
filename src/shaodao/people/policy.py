"""Who holds which office at which tier, who may do what to accounts and rules: tables only."""

from collections.abc import Collection
from datetime import date
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
THREE_ADMINISTRATORS = frozenset({Role.ADMIN, Role.SECURITY, Role.AUDITOR})
SECOND_FACTOR_ROLES = THREE_ADMINISTRATORS


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


# ---- accounts and rules (三员分立: who makes accounts, who arms them, who reads the journals) ----


class Duty(StrEnum):
    """What is done to accounts and rules."""

    CREATE = "create"
    CHANGE = "change"
    RESET_PASSWORD = "reset_password"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    CHANGE_UNIT = "change_unit"
    APPOINT = "appoint"
    END_POST = "end_post"
    UNLOCK = "unlock"
    FORGET_SECOND_FACTOR = "forget_second_factor"
    SET_PARAMETER = "set_parameter"
    SET_LIMIT = "set_limit"
    SET_ROUTE = "set_route"
    SET_CATEGORY = "set_category"
    SET_NOTICE_TEXT = "set_notice_text"
    RUN_CHANNEL = "run_channel"
    SET_DUTY = "set_duty"
    SET_SECTOR = "set_sector"
    POST_OFFICER = "post_officer"
    RECALL_OFFICER = "recall_officer"
    READ_JOURNAL = "read_journal"


# fmt: off
DUTIES: dict[Duty, tuple[str, Role]] = {
    # what                        label                 whose
    Duty.CREATE:               (N_("新建账号"),       Role.ADMIN),
    Duty.CHANGE:               (N_("修改账号"),       Role.ADMIN),
    Duty.RESET_PASSWORD:       (N_("重置密码"),       Role.ADMIN),
    Duty.DEACTIVATE:           (N_("停用账号"),       Role.ADMIN),
    Duty.REACTIVATE:           (N_("恢复账号"),       Role.ADMIN),
    Duty.CHANGE_UNIT:          (N_("修改单位"),       Role.ADMIN),
    Duty.APPOINT:              (N_("任命岗位"),       Role.SECURITY),
    Duty.END_POST:             (N_("免去岗位"),       Role.SECURITY),
    Duty.UNLOCK:               (N_("解除锁定"),       Role.SECURITY),
    Duty.FORGET_SECOND_FACTOR: (N_("重置动态口令"),   Role.SECURITY),
    Duty.SET_PARAMETER:        (N_("修改参数"),       Role.SECURITY),
    Duty.SET_LIMIT:            (N_("修改时限"),       Role.SECURITY),
    Duty.SET_ROUTE:            (N_("修改派遣规则"),   Role.SECURITY),
    Duty.SET_CATEGORY:         (N_("修改事项类别"),   Role.SECURITY),
    Duty.SET_NOTICE_TEXT:      (N_("修改消息文字"),   Role.SECURITY),
    Duty.RUN_CHANNEL:          (N_("管理消息渠道"),   Role.ADMIN),
    Duty.SET_DUTY:             (N_("修改职责清单"),   Role.SECURITY),
    Duty.SET_SECTOR:           (N_("修改工作条线"),   Role.SECURITY),
    Duty.POST_OFFICER:         (N_("派驻街道"),       Role.SECURITY),
    Duty.RECALL_OFFICER:       (N_("结束派驻"),       Role.SECURITY),
    Duty.READ_JOURNAL:         (N_("查阅日志"),       Role.AUDITOR),
}
# fmt: on
# What a person does to their own account, and what the log-in itself writes down.
OWN_ENTRIES = {
    "log_in": N_("登录"),
    "log_in_refused": N_("登录失败"),
    "lock_out": N_("连续失败，账号锁定"),
    "log_out": N_("退出登录"),
    "change_password": N_("修改密码"),
    "change_email": N_("修改邮箱"),
    "set_second_factor": N_("启用动态口令"),
    "second_factor_refused": N_("动态口令不对"),
}


# What other apps write into the chain: places, whoever is responsible for them.
PLACE_ENTRIES = {
    "assign_contact": N_("指定联系户网格员"),
    "assign_contacts": N_("成批指定联系户网格员"),
    "draw_grid": N_("划定网格"),
    "set_asset_owner": N_("登记设施权属"),
    "plan_grid_change": N_("决定调整网格"),
    "cancel_grid_change": N_("取消网格调整"),
    "change_grid": N_("网格调整生效"),
    "import": N_("导入台账"),
    "undo_import": N_("撤销导入"),
    "name_chief": N_("登记楼栋长"),
    "end_chief": N_("免去楼栋长"),
    "record_defect": N_("登记小区设施问题"),
    "site_register": N_("登记积案点位"),
    "site_edit": N_("修改积案点位"),
    "site_link": N_("案件归入点位"),
    "site_unlink": N_("案件移出点位"),
    "site_solve": N_("点位办结"),
    "site_reopen": N_("点位重开"),
    "site_void": N_("点位作废"),
}
# The people in the grids: posts claimed, lists, cards, candidates, appraisal.
WORKFORCE_ENTRIES = {
    "claim_charge": N_("认领岗位"),
    "confirm_charge": N_("确认认领"),
    "decline_charge": N_("不予确认认领"),
    "publish_charge": N_("公布岗位"),
    "withdraw_charge": N_("撤回岗位"),
    "excuse": N_("登记免予分配"),
    "end_excuse": N_("取消免予分配"),
    "cover": N_("安排代管"),
    "end_cover": N_("结束代管"),
    "note_wish": N_("登记住户愿意保留网格员"),
    "end_wish": N_("取消住户意愿"),
    "set_home": N_("登记网格员住处"),
    "propose_lists": N_("生成联系户分配方案"),
    "confirm_lists": N_("执行联系户分配方案"),
    "draw_lists": N_("划分联系户名单"),
    "drop_drawing": N_("放弃名单划分草稿"),
    "adopt_lists": N_("采用联系户名单划分"),
    "count_members": N_("登记网格党员人数"),
    "open_selection": N_("开始选配网格员"),
    "nominate": N_("提名人选"),
    "mark_candidate": N_("给人选打分"),
    "publish_selection": N_("公示人选"),
    "answer_comment": N_("答复公示意见"),
    "close_selection": N_("终止选配"),
    "appoint_chosen": N_("按公示结果任命"),
    "disclose": N_("填写公开信息"),
    "promise": N_("作出承诺"),
    "end_promise": N_("撤下承诺"),
    "mark_promise": N_("评议承诺"),
    "ask_cards": N_("申请制发连心牌"),
    "issue_cards": N_("制发连心牌"),
    "print_board": N_("印制公示牌"),
    "set_charge": N_("修改六岗名称"),
    "set_criteria": N_("修改选配条件"),
    "set_indicators": N_("修改考核权重"),
    "open_period": N_("开设考核期"),
    "freeze_period": N_("锁定考核结果"),
    "appeal": N_("提出考核申诉"),
    "decide_appeal": N_("裁定考核申诉"),
    "send_announcement": N_("发出通知"),
    "close_announcement": N_("结束通知"),
    "withdraw_announcement": N_("撤回通知"),
    "discard_announcement": N_("作废通知草稿"),
    "keep_phone": N_("登记住户电话"),
    "look_at_phone": N_("查看住户电话"),
}


def entry_label(name: str) -> str:
    """Return the label of an entry of the account journal; its name where it has none."""
    known = (
        OWN_ENTRIES
        | PLACE_ENTRIES
        | WORKFORCE_ENTRIES
        | {duty.value: label for duty, (label, _) in DUTIES.items()}
    )
    return known.get(name, name)


class AccountRefused(Refusal):
    """The change to an account or a rule is not allowed. The message is fit to show to the user."""


def check_duty(duty: Duty, roles: Collection[Role]) -> None:
    """Test that a holder of `roles` over the unit concerned may do `duty`.

    :raises AccountRefused: if they may not.
    """
    label, role = DUTIES[duty]
    if role not in roles:
        raise AccountRefused(
            N_("{duty}由{role}办理，您的岗位没有这项权限"), duty=label, role=ROLE_LABELS[role]
        )


def check_together(role: Role, held: Collection[Role]) -> None:
    """Test that `role` may join the roles `held`: an administrator holds no other role.

    :raises AccountRefused: if it may not.
    """
    others = {Role(other) for other in held} - {role}
    for one in sorted(others):
        if role in THREE_ADMINISTRATORS or one in THREE_ADMINISTRATORS:
            raise AccountRefused(
                N_("{role}不能与{other}由同一人担任"),
                role=ROLE_LABELS[role],
                other=ROLE_LABELS[one],
            )


# ---- numbers a county may set --------------------------------------------------------------


class Measure(NamedTuple):
    """What a parameter means, in what it is counted and between which bounds it may lie."""

    label: str
    unit: str
    least: int
    most: int


# fmt: off
MEASURES: dict[str, Measure] = {
    "login_attempts":         Measure(N_("连续登录失败几次后锁定"),     N_("次"),   3,   10),
    "lock_minutes":           Measure(N_("锁定多长时间"),               N_("分钟"), 5,   1440),
    "idle_minutes":           Measure(N_("多长时间不操作就要重新登录"), N_("分钟"), 5,   480),
    "warn_percent":           Measure(N_("时限用去多少时提醒"),         "%",        10,  95),
    "extensions":             Measure(N_("一件案件最多延期几次"),       N_("次"),   0,   3),
    "reopen_days":            Measure(N_("结案后多少天内可以重开"),     N_("天"),   1,   365),
    "report_text_length":     Measure(N_("一条诉求最多多少字"),         N_("字"),   100, 5000),
    "report_photos":          Measure(N_("一条诉求最多几张照片"),       N_("张"),   1,   9),
    "device_reports_an_hour": Measure(N_("一台设备每小时最多上报"),     N_("条"),   1,   1000),
    "address_reports_an_hour": Measure(N_("一个网络地址每小时最多上报"), N_("条"),  10,  10000),
    "photo_bytes":            Measure(N_("一张照片最大"),               N_("字节"), 1_000_000, 50_000_000),
    "photo_pixels":           Measure(N_("一张照片最多"),               N_("像素"), 2_000_000, 200_000_000),
    "satisfied_score":        Measure(N_("评多少分起算满意"),           N_("分"),   1,   5),
    "urge_reply_hours":       Measure(N_("催办多长时间内答复"),         N_("工作时"), 1,  200),
    "yellow_reply_hours":     Measure(N_("黄牌督办多长时间内答复"),     N_("工作时"), 1,  200),
    "red_reply_hours":        Measure(N_("红牌督办多长时间内答复"),     N_("工作时"), 1,  200),
    "old_building_years":     Measure(N_("楼龄多少年算老旧"),           N_("年"),   10,  100),
    "import_undo_days":       Measure(N_("导入明细保留多少天（可撤销）"), N_("天"), 1,  365),
    "charges_a_person":       Measure(N_("一人在一个网格最多认领几个岗"), N_("个"), 1,  6),
    "list_least":             Measure(N_("一名网格员至少联系"),         N_("户"),   1,   100),
    "list_most":              Measure(N_("一名网格员至多联系"),         N_("户"),   1,   200),
    "list_wanted":            Measure(N_("一份联系户名单最好多少户"),    N_("户"),   1,   200),
    "list_reach_metres":      Measure(N_("划分名单时多远以内算邻居"),    N_("米"),   20,  5_000),
    "grid_households":        Measure(N_("一个网格最好多少户"),          N_("户"),   20,  2_000),
    "staff_people_per_worker": Measure(N_("普通网格多少人配一名网格员"), N_("人"),   10,  10_000),
    "staff_extra_percent":    Measure(N_("最难的网格多配百分之几"),      "%",          0,   500),
    "staff_least":            Measure(N_("每个网格至少几名网格员"),      N_("名"),   0,   20),
    "staff_old_percent":      Measure(N_("老人占比按百分之几计入难度"),  "%",          0,   500),
    "staff_young_percent":    Measure(N_("未成年人占比按百分之几计入难度"), "%",       0,   500),
    "list_change_metres":     Measure(N_("一份名单换人折合多少米路"),   N_("米"),   0,   100_000),
    "party_group_least":      Measure(N_("满多少名正式党员建党小组"),   N_("名"),   1,   50),
    "party_branch_least":     Measure(N_("满多少名正式党员建党支部"),   N_("名"),   1,   100),
    "party_general_least":    Measure(N_("满多少名正式党员建党总支"),   N_("名"),   1,   500),
    "party_committee_least":  Measure(N_("满多少名正式党员建党委"),     N_("名"),   1,   1000),
    "notice_days":            Measure(N_("选配网格员公示"),             N_("天"),   1,   60),
    "proactive_a_week":       Measure(N_("每周主动上报几件得满分"),     N_("件"),   1,   50),
    "may_whistle":            Measure(N_("这一类吹哨是否开通（1 是，0 不是）"), "",   0,   1),
    "report_in_metres":       Measure(N_("离现场多远以内算到场报到"),   N_("米"),   20,  5000),
    "whistle_weight":         Measure(N_("吹哨评分里这一项占多少"),     "%",        0,   100),
    "department_whistle_weight": Measure(N_("部门结果里吹哨得分占多少"), "%",       0,   100),
    "whistle_band_low":       Measure(N_("每千件案件吹哨的合理区间下限"), N_("次"), 0,   1000),
    "whistle_band_high":      Measure(N_("每千件案件吹哨的合理区间上限"), N_("次"), 1,   1000),
    "whistle_band_least":     Measure(N_("少于多少件案件不判断吹哨率"), N_("件"),   1,   10000),
    "visit_minutes":          Measure(N_("上门一户按多长时间排"),       N_("分钟"), 2,   120),
    "walking_metres_a_minute": Measure(N_("步行每分钟走多远"),          N_("米"),   20,  400),
    "street_detour_percent":  Measure(N_("走路是直线距离的多少"),       "%",        100, 300),
    "small_matter":           Measure(N_("算作小事（1 是，0 不是）"),   "",         0,   1),
    "notice_quiet_from":      Measure(N_("几点以后不打扰（紧急的除外）"), N_("时"), 0,   23),
    "notice_quiet_to":        Measure(N_("几点以后恢复发送（与上一项相同则全天发送）"), N_("时"), 0, 23),
    "notice_cap":             Measure(N_("每人每小时每个渠道最多几条，多的并成一条汇总"), N_("条"), 1, 100),
    "notice_attempts":        Measure(N_("一条消息最多发几次"),         N_("次"),   1,   20),
    "notice_retry_minutes":   Measure(N_("没送到时隔多久再发，以后加倍"), N_("分钟"), 1, 60),
    "notice_retry_most_hours": Measure(N_("两次发送最长相隔"),          N_("小时"), 1,   24),
    "notice_stale_hours":     Measure(N_("消息放置多久后不再发"),       N_("小时"), 1,   720),
    "notice_failures":        Measure(N_("渠道连续失败几次后停歇"),     N_("次"),   1,   100),
    "notice_rest_minutes":    Measure(N_("渠道停歇多久再试"),           N_("分钟"), 1,   240),
    "notice_bot_pace":        Measure(N_("群机器人每分钟最多发"),       N_("条"),   1,   100),
    "notice_by_email":        Measure(N_("默认也用电子邮件通知工作人员（1 是，0 否）"), "", 0, 1),
    "notice_by_sms":          Measure(N_("默认也用短信通知工作人员（1 是，0 否）"), "", 0, 1),
    "notice_by_wecom":        Measure(N_("默认也在企业微信群通知（1 是，0 否）"), "", 0, 1),
    "notice_by_dingtalk":     Measure(N_("默认也在钉钉群通知（1 是，0 否）"), "", 0, 1),
    "notice_by_feishu":       Measure(N_("默认也在飞书群通知（1 是，0 否）"), "", 0, 1),
}
# fmt: on


def check_value(name: str, value: str) -> None:
    """Test that `value` may be set for the parameter `name`; one that is no number is only not empty.

    :raises AccountRefused: if it may not.
    """
    measure = MEASURES.get(name)
    if measure is None:
        if not value.strip():
            raise AccountRefused(N_("请填写新的值"))
        return
    if (
        not value.isascii()
        or not value.isdigit()
        or not measure.least <= int(value) <= measure.most
    ):
        raise AccountRefused(
            N_("{label}须是 {least} 到 {most} 之间的整数"),
            label=measure.label, least=measure.least, most=measure.most,
        )  # fmt: skip


def check_start(*, valid_from: date, today: date) -> None:
    """Test that a rule may begin on a day: what is past is decided and stays as it is.

    :raises AccountRefused: if the day is past.
    """
    if valid_from < today:
        raise AccountRefused(N_("生效日期不能早于今天：已经过去的规则不再改动"))
