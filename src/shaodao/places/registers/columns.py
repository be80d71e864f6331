"""The registers and their columns: what each is called, by which headings it is known, who keeps it.

A heading known here is found whatever the order of the columns; a column that is not there leaves
what is written untouched, and so does an empty cell.
"""

from typing import NamedTuple

from shaodao.cores.wording import N_

NOTHING = frozenset({"无", "没有", "-", "/", "—"})  # what empties a cell that may be empty


class Column(NamedTuple):
    """A column of a register. `known_by` are headings beside its own."""

    key: str
    label: str
    known_by: tuple[str, ...] = ()
    is_needed: bool = False
    hint: str = ""
    width: int = 14  # characters


class Register(NamedTuple):
    """A register as it is imported and exported. `may` names who keeps it (policy.MAY)."""

    code: str
    label: str
    hint: str
    may: str
    table: str
    columns: tuple[Column, ...]
    example: tuple[str, ...]

    @property
    def headings(self) -> dict[str, tuple[str, ...]]:
        """Each field with the headings it is known by."""
        return {column.key: (column.label, *column.known_by) for column in self.columns}

    def column(self, key: str) -> Column:
        """Return a column by its key."""
        return next(column for column in self.columns if column.key == key)


_TOWN = Column(
    "town",
    N_("乡镇街道"),
    ("乡镇", "街道", "镇街", "所属乡镇", "所属街道", "镇(街道)"),
    hint=N_("同名的社区村不止一个时必填"),
)
_COMMUNITY = Column(
    "community",
    N_("社区村"),
    (
        "社区",
        "村",
        "村居",
        "村(社区)",
        "所属社区",
        "所属村",
        "行政村",
        "社区(村)",
        "村(居)",
        "村社区",
    ),
    hint=N_("名称或 12 位编码"),
    width=16,
)
_GRID = Column(
    "grid",
    N_("网格"),
    ("网格名称", "所属网格", "网格号", "网格编码"),
    hint=N_("名称或 15 位编码"),
    width=24,
)
_COMPOUND = Column(
    "compound",
    N_("小区"),
    ("小区名称", "所属小区", "小区(屋场)", "屋场", "自然村", "院落"),
    width=16,
)
_LON = Column("lon", N_("经度"), ("东经", "lng", "longitude"), hint=N_("小数，坐标系在上传时说明"))
_LAT = Column("lat", N_("纬度"), ("北纬", "latitude"))
_PHONE = Column("phone", N_("电话"), ("联系电话", "办公电话"))

# fmt: off
REGISTERS: dict[str, Register] = {
    row.code: row
    for row in (
        Register("divisions", N_("区划"), N_("乡镇街道和社区村，编码按国家规则校验"), "keep_divisions", "people_unit", (
            Column("code", N_("区划编码"), ("编码", "代码", "统计用区划代码", "行政区划代码", "12位代码"), hint=N_("9 位乡镇街道、12 位社区村；可带末尾的 0"), width=16),
            Column("name", N_("名称"), ("区划名称", "单位名称", "村(居)名称", "社区名称", "村名"), True, width=22),
            Column("parent", N_("上级"), ("所属乡镇", "所属街道", "乡镇街道", "上级名称", "乡镇"), width=16),
            _PHONE,
        ), ("360722102200", "古陂村委会", "古陂镇", "")),
        Register("grids", N_("网格"), N_("名称与编码互推；边界另行导入"), "keep_divisions", "people_unit", (
            Column("code", N_("网格编码"), ("编码", "网格代码", "代码"), hint=N_("15 位；可空，由名称中的序号推出"), width=18),
            Column("name", N_("网格名称"), ("名称", "网格"), hint=N_("可空，由编码推出"), width=24),
            _COMMUNITY, _TOWN, _PHONE,
        ), ("", "古陂村第六网格", "古陂村", "古陂镇", "")),
        Register("compounds", N_("小区"), N_("物业、业委会、建成年份、电梯、水表"), "keep_places", "places_compound", (
            Column("name", N_("小区名称"), ("小区", "名称", "院落名称", "屋场"), True, width=20),
            _COMMUNITY, _TOWN,
            Column("built_year", N_("建成年份"), ("建成年代", "建设年代", "竣工年份", "年份")),
            Column("n_lifts", N_("电梯数"), ("电梯", "电梯数量", "电梯台数")),
            Column("company", N_("物业公司"), ("物业", "物业服务企业", "物业公司名称"), hint=N_("单位台账中的名称；没有就写“无”"), width=22),
            Column("has_committee", N_("业委会"), ("业主委员会", "是否成立业委会"), hint=N_("有、无")),
            Column("has_meters", N_("一户一表"), ("水表一户一表", "水表"), hint=N_("有、无")),
            _LON, _LAT,
        ), ("翠竹小区", "西津路社区", "解放街道", "1986", "0", "无", "无", "有", "", "")),
        Register("buildings", N_("楼栋"), N_("楼栋与楼栋长；没有坐标的先放在网格中间"), "keep_places", "places_building", (
            _COMMUNITY, _TOWN, _GRID, _COMPOUND,
            Column("building", N_("楼栋"), ("楼栋号", "栋号", "楼号", "楼栋名称", "门牌号", "幢号"), True, N_("12栋、12幢、12号楼都认得")),
            Column("address", N_("地址"), ("详细地址", "门牌地址", "坐落"), width=30),
            Column("n_floors", N_("层数"), ("楼层", "总层数", "楼层数")),
            Column("built_year", N_("建成年份"), ("建成年代", "年份")),
            Column("chief", N_("楼栋长"), ("楼长", "楼栋长姓名"), hint=N_("没有就写“无”")),
            Column("chief_phone", N_("楼栋长电话"), ("楼长电话",), width=16),
            _LON, _LAT,
        ), ("西津路社区", "解放街道", "西津路社区第一网格", "翠竹小区", "12栋", "西津路15号翠竹小区12栋", "7", "1986", "", "", "", "")),
        Register("households", N_("户"), N_("只登记人数，不登记姓名"), "keep_places", "places_household", (
            _COMMUNITY, _TOWN, _GRID, _COMPOUND,
            Column("building", N_("楼栋"), ("楼栋号", "栋号", "楼号", "幢号", "门牌号"), hint=N_("也可以和房号写在一格")),
            Column("number", N_("房号"), ("单元房号", "室号", "门牌", "房屋", "住址", "楼栋房号", "户号", "单元室"), hint=N_("2单元301；12栋2单元301 也认得"), width=16),
            Column("n_people", N_("人数"), ("常住人口", "人口", "家庭人口", "户内人数", "总人数"), True),
            Column("n_over_60", N_("60岁以上"), ("老人", "60岁及以上", "老年人", "老人数")),
            Column("n_under_18", N_("18岁以下"), ("未成年人", "未成年", "孩子", "儿童")),
            Column("needs", N_("需要关照"), ("需求", "需求标签", "特殊情况", "关爱类型"), hint=N_("行动不便、独居老人、看不清楚、听说不便；没有就写“无”"), width=18),
        ), ("西津路社区", "解放街道", "", "翠竹小区", "12栋", "2单元301", "3", "1", "0", "行动不便")),
        Register("units", N_("单位"), N_("部门、企业、事业单位，挂在所属区域之下"), "keep_divisions", "people_unit", (
            Column("name", N_("单位名称"), ("名称", "全称", "单位"), True, width=28),
            Column("short_name", N_("简称"), ("单位简称",), width=16),
            Column("kind", N_("类别"), ("性质", "单位性质", "单位类别"), True, N_("职能部门、企业、事业单位")),
            Column("parent", N_("所属区域"), ("所属区县", "所属乡镇", "上级", "属地"), True, N_("名称或编码"), 16),
            _PHONE,
            Column("office_hours", N_("办公时间"), ("上班时间",), hint="08:30-12:00,14:00-17:30", width=26),
        ), ("章贡区市政路灯管理所", "区路灯所", "事业单位", "章贡区", "0797-0000000", "")),
        Register("staff", N_("人员"), N_("只建账号，不设密码；由管理员发首次密码"), "keep_accounts", "people_user", (
            Column("name", N_("姓名"), ("人员姓名",), True),
            Column("phone", N_("手机"), ("手机号", "手机号码", "联系电话", "电话"), True, N_("用来登录，不公开"), 16),
            Column("username", N_("用户名"), ("账号", "登录名"), hint=N_("可空，默认用手机号"), width=18),
            Column("work_phone", N_("工作电话"), ("办公电话", "公开电话"), hint=N_("群众看得到"), width=16),
            Column("unit", N_("单位"), ("所在单位", "管理单位", "所属单位", "社区村"), True, N_("由谁管理这个账号：名称或编码"), 20),
            Column("is_member", N_("党员"), ("是否党员", "中共党员"), hint=N_("是、否")),
        ), ("叶知秋", "13900000000", "", "0797-0000000", "古陂村", "否")),
        Register("posts", N_("岗位"), N_("谁在哪个单位任什么岗"), "keep_posts", "people_post", (
            Column("name", N_("姓名"), ("人员姓名",)),
            Column("phone", N_("手机"), ("手机号", "手机号码", "联系电话", "用户名", "账号"), True, N_("手机或用户名"), 16),
            Column("unit", N_("单位"), ("所在单位", "任职单位", "网格", "网格名称"), True, N_("名称或编码"), 24),
            Column("parent", N_("上级"), ("所属社区", "社区村", "所属区域"), hint=N_("单位重名时必填"), width=16),
            Column("role", N_("岗位"), ("职务", "角色"), True, N_("网格员、派遣员、受理员……")),
            Column("is_head", N_("负责人"), ("网格长", "是否网格长"), hint=N_("是、否")),
            Column("since", N_("任职日期"), ("起始日期", "开始日期", "任职时间")),
        ), ("叶知秋", "13900000000", "古陂村第六网格", "古陂村", "网格员", "否", "2026-01-01")),
    )
}
# fmt: on
