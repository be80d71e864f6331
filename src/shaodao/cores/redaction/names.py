"""Personal names in running Chinese text, by the evidence around them."""

import re
from collections.abc import Iterator

import rjieba

# The surnames that some 98 % of people in China bear, from the yearly name reports of the
# Ministry of Public Security, and others met in Jiangxi.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏"
    "魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
    "万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘"
    "祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟"
    "艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞"
    "姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝幸揭刁肖赖温朝阙阎傅蓬诸谌敬匡练粟晏冼茹鄢蔺邰奚仝鞠揭习占"
)
DOUBLE_SURNAMES = frozenset(
    [
        *("欧阳", "上官", "司马", "司徒", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "东方"),
        *("夏侯", "端木", "南宫", "长孙", "轩辕", "宇文", "闻人", "钟离", "申屠", "呼延", "澹台"),
    ]
)
# Surnames that are more often something else: a name only with a stronger sign beside them.
_OTHERWISE = frozenset("于和应时向从成安方关解连相能水全平常单项任查师党景路阳车简明边管易华占习")
# And those of them that join what stands before a title to it: 向书记反映.
_JOINS = frozenset("于和应时向从关解连相能任查")
# Surnames so frequent, and so seldom anything else, that a word of two signs will do.
_FREQUENT = frozenset(
    "王李张刘陈杨赵吴周徐孙朱胡郭何罗郑谢宋唐韩冯邓曹彭曾肖董袁潘蒋蔡余杜叶程苏魏吕沈姚卢姜崔钟谭汪范"
    "廖贾邹孟熊邱尹薛闫段侯陶贺郝龚邵戴莫"
)
_NOT_IN_NAMES = frozenset(
    "的了在和与是说于住来去因请让把被向对要有不没也都就又还曾已将从到给跟为以及等之着过吗呢吧啊"
    "我你他她它们这那哪谁几个某您副两位名该其此每各男女岁今现系称打叫问找述拐后查"
)
_ALSO_IN_NAMES = frozenset("和有来之以向")
_AFTER_NAMES = frozenset("没不的家在和与说于来去因被把向对有也都又还将从到给跟以等之现称打")

_STRONG = re.compile(
    r"(?:我叫|本人叫|名字?叫做?|名为|姓名|名字是|联系人|投诉人|举报人|反映人|申请人|当事人|委托人|报案人"
    r"|求助人|来电人|来访人|登记人|户主|户名|经办人|法人代表|法定代表人|具报人|署名|签名|死者|伤者|嫌疑人)"
    r"[ \u3000]*(?:叫做|名叫|叫|是|为)?[ \u3000]*(?P<sign>[:：,，、]?)[ \u3000]*"
)
_WEAK = re.compile(
    r"(?:我是|本人|业主|村民|居民|住户|租户|房东|邻居|老人|同志|员工|职工|学生|家长|老板|店主|司机|保安"
    r"|[部队组所局处科股站会院校厂村镇乡县区市社]长|主任|书记|支书|经理|股东|医生|干部|民警|警官|律师"
    r"|网格员|联系户|父亲|母亲|爸爸|妈妈|老公|老婆|丈夫|妻子|儿子|女儿|哥哥|弟弟|姐姐|妹妹|爷爷|奶奶|外公"
    r"|外婆|岳父|岳母|儿媳|女婿|孙子|孙女|叔叔|婶婶|姑姑|舅舅|我[爸妈哥弟姐妹](?![爸妈哥弟姐妹子夫]))"
    r"(?:名叫|叫|是)?(?P<sign>[:：]?)"
)
_TITLE = re.compile(
    r"(?P<plain>先生|女士|小姐|太太|大爷|大妈|大叔|大伯|大娘|大姐|大哥|阿姨|叔叔|伯伯|爷爷|奶奶|婆婆|老汉"
    r"|老太|嫂子)|(?P<somebody>某(?:某|[\u4e00-\u9fff](?=[、，。,;；)） ]|$))?)"
    r"|(?P<office>老师|师傅|医生|同志|主任|书记|[部局所院校队组厂镇乡村科处市县区站]长|经理|律师|警官|护士|老板"
    r"|教练|会计|支书|老人)"
)
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_IN_A_LIST = re.compile(r"(?:、|，|,|和|及|与|以及|[ \u3000]+)\d*[ .]*")
_IN_BRACKETS = re.compile(r"[（(](?P<it>[\u4e00-\u9fff]{2,3})[)）]")
_A_PLACE_FOLLOWS = re.compile(
    r"大道|大厦|路|街|巷|弄|村|镇|乡|社区|小区|[山河湖岭桥湾塘坪坑坝沟城府苑]|花园|公园|广场|国际|公司"
    r"|集团|物业|超市|市场|医院|诊所|药|学[校院]|中学|小学|幼儿园|收费站|站|林场|水库|派出所|办事处|办|居委"
    r"|村委|组|屯|电站|变电|项目|工程|楼|家园|名[都邸苑城]|酒店|宾馆|厂|店|门口|立交|[区县市东西南北中]"
    r"|机械|科技|建材|置业|地产|房产|投资|校区|郡|矿|线|垸|纪念|故居|画室|电器|湿地|[”」》】]"
)
_PLACE_ENDS = frozenset(
    "村街路镇乡城湾桥山河湖岭坪园苑楼塘坝沟坑屋组区里巷庙寺塔港埠洞冲排背县市厂店站府家洲段线垸郡矿"
)


def find_names(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of what evidence says is a name, without the title beside it.

    Spans may overlap; the first of two has the better evidence.
    """
    reading = _Reading(text)
    found = [
        *_titled(reading),
        *_introduced(reading, _STRONG, is_strong=True),
        *_introduced(reading, _WEAK, is_strong=False),
        *_in_brackets(reading),
        *_taken_for_names(reading),
    ]
    for span in found:  # grows: a name found in a list speaks for the next one
        found += [other for other in _listed_beside(reading, span) if other not in found]
    names = {text[start:end] for start, end in found if end - start > 1}
    repeated = [
        again.span()
        for name in sorted(names, key=len, reverse=True)
        if len(name) > 2 or not rjieba.has_word(name)
        for again in re.finditer(re.escape(name), text)
    ]
    # A whole name found once is better evidence than a part of it found elsewhere.
    return [*(span for span in repeated if span[1] - span[0] > 2), *found, *repeated]


class _Reading:
    """A text and the words the segmenter cuts it into."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: dict[int, tuple[str, str]] = {}
        self.ends: set[int] = set()
        place = 0
        for word, tag in rjieba.tag(text):
            self.words[place] = (word, tag)
            place += len(word)
            self.ends.add(place)

    def surname_length(self, start: int) -> int:
        """Return how many signs of a surname stand at a place: 2, 1 or 0."""
        if self.text[start : start + 2] in DOUBLE_SURNAMES:
            return 2
        return int(self.text[start : start + 1] in SURNAMES)

    def is_known_word(self, start: int) -> bool:
        """Return whether a word of the dictionary that is no name begins at a place."""
        if self.surname_length(start) == 2:
            return False
        for length in (4, 3, 2):
            word = self.text[start : start + length]
            if len(word) == length and rjieba.has_word(word):
                tagged = rjieba.tag(word)
                if len(tagged) == 1 and not tagged[0][1].startswith("nr"):
                    return True
        return False

    def name_end(self, start: int) -> int | None:
        """Return where a name of a surname and one or two signs ends, None if there is none."""
        surname = self.surname_length(start)
        given = start + surname
        n_han = 0
        while n_han < 3 and "\u4e00" <= self.text[given + n_han : given + n_han + 1] <= "\u9fff":
            n_han += 1
        word, tag = self.words.get(start, ("", ""))
        if surname and tag.startswith("nr") and len(word) == surname + 2 <= surname + n_han:
            return given + 2
        if not surname or not n_han:
            return None
        if self.text[given] in _NOT_IN_NAMES - (_ALSO_IN_NAMES if n_han == 2 else frozenset()):
            return None
        if n_han == 1 or self.text[given + 1] in _NOT_IN_NAMES:
            return given + 1
        if n_han == 2:
            return given + 2
        following, _ = self.words.get(given + 1, ("", ""))
        return given + 1 if len(following) > 1 else given + 2


def _titled(reading: _Reading) -> Iterator[tuple[int, int]]:
    """Yield the names before titles: 王女士, 张三丰主任."""
    for match in _TITLE.finditer(reading.text):
        end = match.start()
        if match["office"] and match.end() not in reading.ends:
            continue
        for start in range(max(end - 4, 0), end):
            if _is_before_title(reading, start, end, is_plain=match["plain"] is not None):
                yield start, match.end() if match["somebody"] else end
                break


def _is_before_title(reading: _Reading, start: int, end: int, *, is_plain: bool) -> bool:
    surname = reading.surname_length(start)
    given = reading.text[start + surname : end]
    if not surname or len(given) > 2 or start + surname > end or start not in reading.words:
        return False
    if given and (not _HAN.fullmatch(given) or _NOT_IN_NAMES & set(given)):
        return False
    if given and reading.is_known_word(start):
        return False
    if reading.text[start] in _OTHERWISE:
        begins_a_word = rjieba.has_word(reading.text[start : start + 2])
        return not given and not begins_a_word and (is_plain or reading.text[start] not in _JOINS)
    return True


def _introduced(
    reading: _Reading, introduction: re.Pattern[str], *, is_strong: bool
) -> Iterator[tuple[int, int]]:
    """Yield the names after what announces them: 我叫张三丰, 业主李四."""
    for match in introduction.finditer(reading.text):
        start = match.end()
        end = reading.name_end(start)
        if end is None or not (is_strong or match["sign"] or start in reading.words):
            continue
        if _is_place(reading.text, start, end) and _HAN.match(reading.text, end):
            continue
        if not match["sign"]:
            if reading.text[start] in _JOINS or reading.is_known_word(start):
                continue
            is_sure = is_strong and reading.text[start] not in _OTHERWISE
            if not is_sure and not _looks_like_a_name(reading, start, end):
                continue
        yield start, end


def _looks_like_a_name(reading: _Reading, start: int, end: int) -> bool:
    name = reading.text[start:end]
    if rjieba.has_word(name) and (name[0] not in _FREQUENT or name[0] == name[-1]):
        return False
    _, tag = reading.words.get(start, ("", ""))
    after = reading.text[end : end + 1]
    ends_here = not "\u4e00" <= after <= "\u9fff" or after in _AFTER_NAMES
    return (tag.startswith("nr") or ends_here) and not _is_place(reading.text, start, end)


def _in_brackets(reading: _Reading) -> Iterator[tuple[int, int]]:
    """Yield the names that stand alone in brackets, mostly after what the person is."""
    for match in _IN_BRACKETS.finditer(reading.text):
        start, end = match.span("it")
        is_likely = end - start == 3 or reading.text[start] in _FREQUENT
        if is_likely and reading.name_end(start) == end and _stands_alone(reading, start, end):
            yield start, end


def _listed_beside(reading: _Reading, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the names that stand in a list beside one that was found."""
    text, (start, end) = reading.text, span
    if end - start < 2:
        return
    if after := _IN_A_LIST.match(text, end):
        beside = reading.name_end(after.end())
        if beside and _stands_alone(reading, after.end(), beside):
            yield after.end(), beside
    if start and text[start - 1] in "、，,和及与":
        for before in (start - 4, start - 3):
            fits = before in reading.words and reading.name_end(before) == start - 1
            if fits and _stands_alone(reading, before, start - 1):
                yield before, start - 1
                return


def _stands_alone(reading: _Reading, start: int, end: int) -> bool:
    return (
        end - start > 1
        and reading.text[start] not in _OTHERWISE
        and not reading.is_known_word(start)
        and not rjieba.has_word(reading.text[start:end])
        and not _is_place(reading.text, start, end)
    )


def _taken_for_names(reading: _Reading) -> Iterator[tuple[int, int]]:
    """Yield the words that the segmenter takes for names and nothing speaks against."""
    for start, (word, tag) in reading.words.items():
        surname = reading.surname_length(start)
        if not tag.startswith("nr") or not surname or not 1 <= len(word) - surname <= 2:
            continue
        if rjieba.has_word(word) or word[0] in _OTHERWISE:
            continue
        if word[-1] in _NOT_IN_NAMES or word[1] in _NOT_IN_NAMES - _ALSO_IN_NAMES:
            continue
        if len(word) == 2 and word[0] not in _FREQUENT:
            continue
        end = start + len(word)
        following, kind = reading.words.get(end, ("", ""))
        may_go_on = len(word) == surname + 1 and len(following) == 1
        if may_go_on and kind[:1] in "anjbx" and following not in _NOT_IN_NAMES:
            end += 1 if "\u4e00" <= following <= "\u9fff" else 0
        if not _is_place(reading.text, start, end):
            yield start, end


def _is_place(text: str, start: int, end: int) -> bool:
    return text[end - 1] in _PLACE_ENDS or _A_PLACE_FOLLOWS.match(text, end) is not None
