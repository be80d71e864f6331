"""The demo accounts: who they are, and what to click first."""

from typing import NamedTuple

from shaodao.people.policy import Role

PASSWORD = "Shaodao-demo-2026"  # of the sample town only; never set outside it


class Account(NamedTuple):
    """A demo account, as the log-in page and `bin/manage town accounts` list it."""

    username: str
    unit: str  # the unit its posts are in
    roles: tuple[Role, ...]
    label: str
    english: str
    first: str
    first_english: str
    password: str = PASSWORD


R = Role
_DESK = (R.INTAKE, R.DISPATCHER)
# fmt: off
ACCOUNTS = (
    Account("street.desk", "360702001", _DESK,
            "解放街道 受理派遣员", "Street desk: files and dispatches",
            "案件队列 → 打开一件“待受理”→ 立案 → 派遣", "Queue → open one that is 待受理 → file → dispatch"),
    Account("worker", "360702001001001", (R.GRID_WORKER,),
            "西津路第一网格 网格长", "Grid worker (use at phone width)",
            "今日 → 接单 → 到场 → 拍照反馈", "Today → accept → arrive → handle with a photo"),
    Account("worker2", "360702001001001", (R.GRID_WORKER,),
            "西津路第一网格 网格员", "The other worker of the same grid",
            "我的联系户", "My households"),
    Account("verifier", "360702001", (R.VERIFIER,),
            "解放街道 核查员", "Verifier of the street",
            "案件队列 → 待核查 → 核查通过或返工", "Queue → 待核查 → pass, or send back"),
    Account("chief", "360702", (R.DUTY_CHIEF,),
            "章贡区 值班长", "Duty chief of the district",
            "案件队列 → 待审批、超期、结案", "Queue → approvals, late cases, closing"),
    Account("county.dispatcher", "360702", _DESK,
            "章贡区 派遣员", "District dispatcher",
            "案件队列 → 多选 → 批量派遣；派遣规则 → 试算", "Queue → select several → dispatch; routing → dry run"),
    Account("community.desk", "360702001001", (R.INTAKE, R.DISPATCHER, R.VERIFIER),
            "西津路社区 综合岗", "Community desk",
            "案件队列：网格退回来的、等核查的；更多栏目 → 划分名单 → 重新划分 → 拖动圆点", "Queue: what the grid gave back, what waits for checking; more → lists → draw anew → drag a dot"),
    Account("street.chief", "360702002", (R.DUTY_CHIEF,),
            "赣江街道 值班长", "Duty chief of the street that whistles",
            "吹哨报到 → 辖区吹哨 → 打开一哨 → 大屏：谁到了、谁没来", "Whistles → area → open one → wall: who came, who did not"),
    Account("city.bureau", "360702.CITY", (R.HANDLER,),
            "区城管局 处置员", "City bureau: called by whistles",
            "吹哨报到 → 签收 → 报到（手机宽度）", "Whistles → sign → report in (phone width)"),
    Account("lighting.bureau", "360702.LIGHTING", (R.HANDLER,),
            "区路灯所 处置员", "Lighting office: handles broken lamps",
            "案件队列 → 路灯不亮 → 接单", "Queue → a broken lamp → accept"),
    Account("water.company", "360702.WATER", (R.HANDLER,),
            "清泉供水 处置员", "Water company",
            "案件队列 → 水表、水管", "Queue → meters and pipes"),
    Account("township.desk", "360722102", _DESK,
            "古陂镇 受理派遣员", "Township desk, for the story of the dark road",
            "上报页沿路画一条线 → 队列 → 立案 → 派给古陂村网格", "Draw a line on the report page → queue → file → dispatch to the village grid"),
    Account("village.worker", "", (R.GRID_WORKER,),
            "古陂村 网格长（石桥路一带）", "Grid worker of the dark road",
            "今日 → 接单 → 到场 → 登记资金 → 反馈：安装 90 盏", "Today → accept → arrive → raise funds → handle: 90 lamps"),
    Account("township.verifier", "360722102", (R.VERIFIER, R.DUTY_CHIEF),
            "古陂镇 核查员、值班长", "Verifier and duty chief of the township",
            "待核查 → 核查通过 → 结案", "待核查 → pass → close"),
    Account("leader", "360702", (R.LEADER,),
            "章贡区 分管领导", "Leader: sees everything in the district, moves nothing",
            "统计", "Figures"),
    Account("admin", "360702", (R.ADMIN,),
            "系统管理员（要动态口令）", "System administrator (one-time code)",
            "账号与单位：新建、停用、重置密码", "Accounts and units: make, stop, reset a password"),
    Account("security", "360702", (R.SECURITY,),
            "安全管理员（要动态口令）", "Security administrator (one-time code)",
            "任命岗位、解锁；规则参数：时限、派遣、小事", "Appoint, unlock; rules: limits, routes, small matters"),
    Account("auditor", "360702", (R.AUDITOR,),
            "审计员（要动态口令）", "Auditor (one-time code)",
            "审计：谁做了什么、谁看过个人信息", "Audit: who did what, who looked at personal details"),
)
# fmt: on


def listed() -> tuple[Account, ...]:
    """Return the accounts for the log-in page of the sample town."""
    return ACCOUNTS
