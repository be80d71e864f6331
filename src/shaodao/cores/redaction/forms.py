"""Details that show by their form: numbers, accounts, plates, and the door behind a building."""

import re
from collections.abc import Iterator
from enum import StrEnum


class Kind(StrEnum):
    """What a personal detail is."""

    EMAIL = "EMAIL"
    ID_NUMBER = "ID_NUMBER"
    PHONE = "PHONE"
    BANK_CARD = "BANK_CARD"
    QQ = "QQ"
    WECHAT = "WECHAT"
    PLATE = "PLATE"
    DOOR = "DOOR"
    NAME = "NAME"


# One sign for one, so that a place in the plain text is the same place in the text as given.
_PLAIN: dict[int, int | str] = {
    **{full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "—–−‐‑‒﹣―"), "-"),
    **dict.fromkeys(map(ord, "\u3000\xa0\t\u2009"), " "),
}
_NUMERALS = str.maketrans("零〇○一壹幺二贰三叁四肆五伍六陆七柒八捌九玖", "0001112233445566778899")

_EMAIL = re.compile(r"(?P<it>[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.I | re.A)
_BIRTHDAY = r"(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID_NUMBERS = (
    re.compile(rf"(?<!\d)(?P<it>[1-9]\d{{5}}[ -]?{_BIRTHDAY}[ -]?\d{{3}}[\dX])(?![\dA-Z])", re.I),
    re.compile(r"(?:身份证|证件)[^\d\n]{0,8}(?P<it>\d[\dX* -]{5,20}[\dX*])(?![\dA-Z])", re.I),
)
_MOBILES = (
    re.compile(
        r"(?<!\d)(?P<it>(?:\+?86[ -]?)?1[3-9]\d"
        r"(?:\d{8}|[ .-]{1,2}\d{4}[ .-]{0,2}\d{4}|\d{4}[ .-]{1,2}\d{4}|\d[ .-]\d{3}[ .-]\d{4}"
        r"|[ .-]\d{3}[ .-]\d{5}|(?:[ .-]\d{2}){4}|[*x]{4}\d{4}))(?!\d)",
        re.I,
    ),
    re.compile(r"(?<!\d)(?P<it>1(?P<gap>[ .-])[3-9](?:(?P=gap)\d){9})(?!\d)"),
    # Two or three numbers written without anything between them.
    re.compile(r"(?<!\d)(?P<it>(?:1[3-9]\d{9}){2,3})(?!\d)"),
)
_AREA_CODE = r"(?:\(0(?:10|2\d|[3-9]\d{2})\)|0(?:10|2\d|[3-9]\d{2}))"
_LANDLINES = (
    re.compile(
        rf"(?<!\d)(?P<it>{_AREA_CODE}[ -]{{0,2}}[1-9]\d{{2,3}}[ -]?\d{{4}}"
        r"(?:[ -]*转[ -]*\d{1,5}|-\d{1,4})?)(?!\d)"
    ),
    re.compile(
        r"(?:电话|座机|号码|致电|拨打|来电|联系|手机|传真|Tel)[^\d\n]{0,8}"
        r"(?P<it>(?!20[0-3]\d[01]\d[0-3]\d)[2-8]\d{2,3}[ -]?\d{4})(?!\d)",
        re.I,
    ),
)
_ONE_MORE_PHONE = re.compile(r" *(?:[/、,;|]|或者?|和|及)+ *(?P<it>[2-8]\d{2,3}[ -]?\d{4})(?!\d)")
_CARD = re.compile(r"(?<!\d)(?P<it>[3-6]\d(?:[ -]?\d){13,17})(?!\d)")
_CARD_NAMED = re.compile(
    r"(?:银行|卡号|[账帐][号户]|存折)[^\d\n]{0,10}(?P<it>\d(?:[ -]?\d){11,20})(?!\d)"
)
_QQ = re.compile(
    r"(?<![A-Z])(?:QQ|扣扣)(?:群|号码|号)*[: =是为]{0,4}(?P<it>[1-9]\d{4,10})(?!\d)", re.I
)
_WECHAT_ID = re.compile(r"(?<![A-Z0-9])(?P<it>wxid[-_][A-Z0-9]{6,20})", re.I | re.A)
_WECHAT = re.compile(
    r"(?:微信(?:号码|号|ID)?|[薇威]信号?|(?<![A-Z])(?:VX|WX|V信|WeChat))[: =是为加]{0,4}"
    r"(?P<it>[A-Z][-_A-Z0-9]{5,19})(?![A-Z0-9])",
    re.I | re.A,
)
_PLATE = re.compile(
    r"(?P<it>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• .-]?"
    r"(?=[A-Z]{0,5}\d)[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Z0-9])",
    re.I | re.A,
)
_FORMS = (
    (Kind.EMAIL, (_EMAIL,)),
    (Kind.ID_NUMBER, _ID_NUMBERS),
    (Kind.PHONE, _MOBILES),
    (Kind.BANK_CARD, (_CARD, _CARD_NAMED)),
    (Kind.PHONE, _LANDLINES),
    (Kind.QQ, (_QQ,)),
    (Kind.WECHAT, (_WECHAT_ID, _WECHAT)),
    (Kind.PLATE, (_PLATE,)),
)
_SPOKEN = {Kind.ID_NUMBER, Kind.PHONE, Kind.QQ}

_N = "[0-9一二三四五六七八九十百零〇]"
_NOT_A_COUNT = r"(?![0-9年月日元米人个辆次户栋楼层多余万块平㎡mM.])"
_ROOM_SIGN = r"(?:号房间?|房间|[室房](?![源产价款贷租改]))"
_ROOM = (
    rf"(?:[A-Z]?{_N}{{3,5}}(?:-{_N}{{1,4}})?(?:{_ROOM_SIGN}|号(?![楼车店铺商]))?"
    rf"|{_N}{{1,3}}{_ROOM_SIGN})"
)
_SIDE = r"(?:[左右东西][边侧手户])?"
_FLOOR = rf"(?:第?{_N}{{1,3}}[层楼])"
_INSIDE = rf"(?:{_FLOOR}(?:[ ,-]*{_ROOM}{_NOT_A_COUNT})?|{_ROOM}{_NOT_A_COUNT}){_SIDE}"
_DOORS = (
    re.compile(rf"(?P<it>[ ,-]*{_N}{{1,3}}单元[ ,-]*{_INSIDE})"),
    re.compile(rf"(?P<it>{_FLOOR}[ ,-]*{_ROOM}{_NOT_A_COUNT}{_SIDE})"),
    re.compile(rf"(?:(?<=[栋幢座#])|(?<=号楼))(?P<it>[ ,-]*{_ROOM}{_NOT_A_COUNT}{_SIDE})"),
    re.compile(
        r"(?<=[\u4e00-\u9fff])\d{1,3}(?:栋|幢|#)?(?P<it>-\d{1,2}-\d{3,4})(?:室|房|号)?(?![\d-])"
    ),
    re.compile(
        r"(?<=[区苑园城庭府湾家邨里村寓居厦])\d{1,3}(?P<it>-\d{3,4}(?:室|房|号)?)(?![\d年-])"
    ),
    re.compile(
        r"(?<![0-9A-Z#-])(?P<it>[A-Z]?\d{3,4}(?:号房间?|房间|室|房(?![源产价款贷租改])))", re.I
    ),
)


def plain(text: str) -> str:
    """Return a text with full-width signs, dashes and blanks as plain ones, of equal length."""
    return text.translate(_PLAIN)


def find_numbers(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield (kind, start, end) of what shows by its form, the stricter forms first.

    Spans may overlap; the first of two is the likelier.
    """
    written = plain(text)
    # A numeral beside a number would hide it, so digits are looked for as written first.
    for spelling, is_spoken in ((written, False), (written.translate(_NUMERALS), True)):
        for kind, patterns in _FORMS:
            if is_spoken and kind not in _SPOKEN:
                continue
            for pattern in patterns:
                for match in pattern.finditer(spelling):
                    if pattern is not _CARD or _has_luhn_digit(match["it"]):
                        yield kind, *match.span("it")
                        if kind == Kind.PHONE:
                            yield from _phones_after(spelling, match.end("it"))


def find_doors(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what leads from a building to a door: unit, floor, room.

    Spans may overlap; the first of two is the longer.
    """
    written = plain(text)
    for pattern in _DOORS:
        for match in pattern.finditer(written):
            yield match.span("it")


def _phones_after(spelling: str, end: int) -> Iterator[tuple[Kind, int, int]]:
    """Yield the short numbers that go on a list begun by a whole one."""
    while match := _ONE_MORE_PHONE.match(spelling, end):
        yield Kind.PHONE, *match.span("it")
        end = match.end()


def _has_luhn_digit(number: str) -> bool:
    digits = [int(sign) for sign in number if sign.isdigit()][::-1]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
