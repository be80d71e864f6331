"""The rules of taking a report in: by which doors, how places are given, how much is too much."""

from dataclasses import dataclass
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal


class Kind(StrEnum):
    """What a category is about; the routing order differs (cases.policy.ROUTING_ORDER)."""

    EVENT = "EVENT"  # 事件
    COMPONENT = "COMPONENT"  # 部件
    SERVICE = "SERVICE"  # 点单办事


class Channel(StrEnum):
    WEB = "WEB"
    QR = "QR"
    ON_BEHALF = "ON_BEHALF"
    PATROL = "PATROL"
    PHONE = "PHONE"
    MEETING = "MEETING"
    OPEN311 = "OPEN311"


CHANNEL_LABELS = {
    Channel.WEB: N_("网页上报"),
    Channel.QR: N_("扫码上报"),
    Channel.ON_BEHALF: N_("网格员代报"),
    Channel.PATROL: N_("巡查发现"),
    Channel.PHONE: N_("热线电话"),
    Channel.MEETING: N_("会议交办"),
    Channel.OPEN311: N_("第三方接入"),
}
# 主动发现: found before anybody had to complain.
PROACTIVE = frozenset({Channel.PATROL, Channel.MEETING})


class PlaceBy(StrEnum):
    """How the place was given."""

    POSITION = "POSITION"
    MAP = "MAP"
    LINE = "LINE"
    ADDRESS = "ADDRESS"
    GRID = "GRID"
    ASSET = "ASSET"
    NONE = "NONE"


PLACE_LABELS = {
    PlaceBy.POSITION: N_("手机定位"),
    PlaceBy.MAP: N_("地图选点"),
    PlaceBy.LINE: N_("沿路画线"),
    PlaceBy.ADDRESS: N_("地址或楼栋"),
    PlaceBy.GRID: N_("网格二维码或列表"),
    PlaceBy.ASSET: N_("设施编码"),
    PlaceBy.NONE: N_("未提供"),
}


@dataclass(frozen=True)
class ReportLimits:
    """How much one report and one sender may bring; the values are dated Parameter rows."""

    photos: int
    photo_bytes: int
    photo_pixels: int
    text_length: int
    per_device_hour: int
    per_address_hour: int


class ReportRefused(Refusal):
    """The report cannot be taken as it is. `field` names where; the message is for the user."""

    def __init__(self, field: str, message: str, **values: object):
        super().__init__(message, **values)
        self.field = field


class TooManyReports(ReportRefused):
    """So many came from one sender in this hour that the next has to wait."""
