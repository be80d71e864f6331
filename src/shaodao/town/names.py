"""Names for people, streets and estates that do not exist, drawn from a seed."""

from collections.abc import Iterator

from numpy.random import Generator

_SURNAMES = (
    "李王张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯程蔡彭潘袁于董余苏叶吕魏蒋田杜"
    "丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚"
)
_FIRST = "晓雨文明佳思嘉雅志建永春秋海云子承启宏俊立小国玉美冬丽桂兰慧静素振光锦绍仁茂德"
_SECOND = "华平芳林军强敏洁婷娟辉东斌涛峰宁波琴梅莲香珍玲萍生根发金福明清良安和民勇飞鹏亮健伟"


def people(rng: Generator) -> Iterator[str]:
    """Yield names of people, each once."""
    seen: set[str] = set()
    while True:
        given = rng.choice(list(_FIRST)) if rng.random() < 0.78 else ""
        name = str(rng.choice(list(_SURNAMES))) + str(given) + str(rng.choice(list(_SECOND)))
        if name not in seen:
            seen.add(name)
            yield name


MAIN_STREETS = ("迎宾大道", "文明大道", "长桥东路", "长桥西路")
SIDE_STREETS = (
    "青年路", "文昌路", "育才路", "朝阳路", "荷塘路", "竹山路", "新园路", "桂花路", "兴隆路", "双桥路",
    "迎春路", "清水塘路", "梅林路", "学府路", "枫林路", "虎形路", "芙蓉路", "银杏路", "友谊路", "向阳路",
    "松涛路", "菜市路", "广场东路", "广场西路", "望江路", "和平里", "仁和路", "沿河路", "西园路", "水塔路",
    "石榴路", "梧桐路", "五里亭路", "站前横路", "棉纺路", "糖厂路", "盐仓路", "塘湾路", "高桥路", "新村路",
)  # fmt: skip
_ESTATE = ("翠竹", "桂园", "江湾", "荷香", "锦绣", "金桥", "康乐", "春晖", "映山", "紫藤", "梅岭", "祥云",
           "阳光", "蓝湾", "书香", "兰亭", "玉泉", "枫丹", "云栖", "香樟", "橘颂", "听涛", "半山", "东篱")  # fmt: skip
_ESTATE_KIND = {
    "slabs": ("小区", "新村", "家属院", "宿舍", "苑"),
    "towers": ("花园", "公馆", "雅苑", "府", "城"),
    "courts": ("巷", "里", "井头", "弄"),
}
_HAMLET = (
    "上屋", "下屋", "塘背", "坳下", "石桥头", "樟树下", "禾坪", "井坑", "梅子坑", "老屋", "新屋下",
    "枫树坪", "油寮下", "水口", "竹头窝", "大岭脚", "桥头", "寨背", "围里", "河坝", "坝上", "门前垅",
    "茶亭", "庙背", "长坑", "黄泥岗", "榕树下", "高坎", "圳头", "松山脚",
)  # fmt: skip
SCHOOLS = (
    "育英小学",
    "晨光小学",
    "文澜中学",
    "启明小学",
    "百草幼儿园",
    "桃李中学",
    "新苗幼儿园",
    "芳草小学",
)
PARKS = (
    "竹影公园",
    "荷塘公园",
    "樟林游园",
    "月湖公园",
    "望江游园",
    "半亩园",
    "晨练广场",
    "桂香游园",
)


def estates(rng: Generator, kind: str) -> Iterator[str]:
    """Yield names of estates of a kind, each once; hamlets too."""
    if kind == "hamlet":
        yield from (f"{name}屋场" for name in rng.permutation(_HAMLET))
    pairs = [(name, end) for end in _ESTATE_KIND.get(kind, ()) for name in _ESTATE]
    for number in rng.permutation(len(pairs)):
        yield "".join(pairs[number])


_NUMERALS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """Write a number below a hundred as Chinese does: 6 → 六, 12 → 十二, 30 → 三十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _NUMERALS[tens] + "十"
    return head + (_NUMERALS[ones] if ones or not tens else "")
