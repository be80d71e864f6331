"""The corpus marks every detail as {KIND:text}; what stands outside braces must stay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.redaction import (
    Kind,
    mask_address,
    mask_id,
    mask_name,
    mask_phone,
    redact,
)

MARK = re.compile(r"\{(\w+):([^}]*)\}")

NUMBERS = [
    "请打我电话{PHONE:13800138000},谢谢",
    "手机{PHONE:138 0013 8000}或者{PHONE:139-0013-9000}都行",
    "两个号码:{PHONE:13800138000}、{PHONE:15912345678}。",
    "电话{PHONE:13800138000}/{PHONE:8221234}",
    "电话{PHONE:13800138000} {PHONE:13900139000}",
    "连着写的{PHONE:1380013800013900139000}也要去掉",
    "{PHONE:+86 13800138000}",
    "{PHONE:１３８００１３８０００}是全角的",
    "我的号{PHONE:一三八零零一三八零零零}",
    "电话是{PHONE:幺三八〇〇幺三八〇〇〇}",
    "联系人之一{PHONE:13800138000}",
    "{PHONE:138****8000}也不必留",
    "{PHONE:1 3 8 0 0 1 3 8 0 0 0}",
    "座机{PHONE:0797-8221234}转告,也可以打{PHONE:(0797)8221235}",
    "{PHONE:0797—82212340}",
    "{PHONE:010-66668888-801}",
    "家里电话:{PHONE:8221234},晚上打",
    "身份证{ID_NUMBER:360702199001011234}复印件",
    "身份证号码:{ID_NUMBER:36070219900101123X}",
    "证件号 {ID_NUMBER:360702 19900101 1234}",
    "老身份证{ID_NUMBER:360702570101123}",
    "身份证号{ID_NUMBER:360702********1234}",
    "退到卡上 {BANK_CARD:6222 0212 3456 7890 128}",
    "账号{BANK_CARD:1510202009024567890}",
    "赣州银行{BANK_CARD:622202123456789012}",
    "占道的是{PLATE:赣B12345},白色",
    "{PLATE:赣B·D1234}和{PLATE:粤BD12345}",
    "新能源车{PLATE:赣BF12345}堵在门口",
    "挂车{PLATE:鄂AT123挂}",
    "加微信{WECHAT:zhangsan_88}详谈",
    "微信号:{WECHAT:a123456}",
    "vx{WECHAT:hongqi-2020}",
    "{WECHAT:wxid_ab12cd34ef}",
    "微信{PHONE:13800138000}同号",
    "QQ:{QQ:123456789}",
    "加qq群{QQ:87654321}",
    "发到{EMAIL:zhang.san88@example.com}",
    "邮箱{EMAIL:12345678@qq.com}。",
]

DOORS = [
    "阳光小区3栋{DOOR:2单元301室}漏水",
    "阳光小区3栋{DOOR:2单元301}漏水",
    "3栋{DOOR:二单元5楼501}的住户",
    "3幢{DOOR:301}装修",
    "3号楼{DOOR:1203室}噪音大",
    "住在A座{DOOR:1502}",
    "幸福花园3{DOOR:-2-301}",
    "幸福花园3{DOOR:-301}",
    "我家在{DOOR:5楼501室}",
    "楼上{DOOR:304房}把阳台改了",
    "3栋{DOOR:2单元3楼}住着老人",
]

NAMES = [
    "我叫{NAME:张三丰},今年82岁",
    "我叫{NAME:李四},住在西津路",
    "本人{NAME:王小明},男,汉族",
    "联系人:{NAME:赵钱孙} 电话{PHONE:13800138000}",
    "联系人{NAME:周吴},电话见下",
    "投诉人:{NAME:郑王}",
    "户主{NAME:冯陈褚}不同意",
    "姓名:{NAME:欧阳小红}",
    "{NAME:王}先生说没人管",
    "请与{NAME:黄}女士联系",
    "{NAME:张三丰}先生和{NAME:李}大爷都在场",
    "楼下的{NAME:刘}阿姨、{NAME:陈}奶奶",
    "当事人{NAME:王某某}已经离开",
    "{NAME:李某}把门锁了",
    "{NAME:曹}老师一直没回复",
    "{NAME:诸葛}先生",
    "我是{NAME:吴小燕},想问低保",
    "村民{NAME:黄大福}家的猪跑了",
    "我儿子{NAME:周小军}在三中读书",
    "具报人:{NAME:黄志平}",
    "求助人:{NAME:黄志平}、{NAME:周大海},{NAME:吴小燕}",
    "举报人:{NAME:唐大军} {NAME:李和平}",
    "户主{NAME:陈德茂}不同意,{NAME:陈德茂}的儿子也不同意",
    "副队长{NAME:姚大}没来。{NAME:姚大}说忙",
    "{NAME:曾}书记、{NAME:易}局长",
    "我儿子{NAME:朱小杭}(3岁)",
    "你妻子{NAME:易小梅}于2018年住院",
    "他姐夫({NAME:陈鼎一})打来电话",
    "{NAME:张某}、{NAME:李某军},都在",
]

NOTHING = [
    "南门口的路灯坏了三天没人修",
    "拨打12345没有人接,110来过",
    "从2019年3月12日到2020-04-15一直漏水",
    "编号360702001001001的网格有300户居民",
    "退款13800元,合同20190301号",
    "第三中学旁边的1路车站",
    "先生们女士们,请把车停好",
    "代课老师和全体老师的工资",
    "我是外地人,2017年毕业来的",
    "居民方便了,业主常年投诉",
    "向书记反映过,和主任说过",
    "申请人应当提交材料,当事人和见证人都签字",
    "阳光小区3栋2单元的楼道灯不亮",
    "2室1厅的房子,100房源",
    "黄金广场和金山大道,白云路口",
    "3栋电梯坏了,1栋5号车位被占",
    "谢谢政府,谢谢公正的领导",
    "幼儿园的家长长期排队",
    "高校长期没有食堂",
    "车队长批评了驾驶员",
    "老人房,客厅也漏,没那多钱(医生说)",
    "业主许可后才能装,住户谢谢了",
    "联系人:黄石镇农办",
    "户主和租户,都同意",
    "电量1380013度,水费8221234吨",
    "2018-2019年度,3-5天内",
    "微信公众号和QQ群里都说了",
    "章贡区解放街道荷花村和黄屋组",
    "",
]


def read(marked):
    """Return a marked sentence as it would be written, and its details."""
    plain, details, end = "", [], 0
    for match in MARK.finditer(marked):
        plain += marked[end : match.start()]
        details.append((len(plain), len(plain) + len(match[2]), Kind[match[1]]))
        plain += match[2]
        end = match.end()
    return plain + marked[end:], details


class TestTheCorpus:
    @pytest.mark.parametrize("marked", [*NUMBERS, *DOORS, *NAMES, *NOTHING])
    def test_every_detail_is_found_and_nothing_else(self, marked):
        text, details = read(marked)
        assert list(redact(text).spans) == details

    @pytest.mark.parametrize("marked", [*NUMBERS, *DOORS, *NAMES, *NOTHING])
    def test_a_redacted_text_has_nothing_left_to_redact(self, marked):
        once = redact(read(marked)[0]).text
        assert redact(once).text == once

    def test_a_message_with_everything(self):
        text = "我叫张三丰,住阳光小区3栋2单元301,电话13800138000或0797-8221234,车赣B12345被刮。"
        assert redact(text).text == ("我叫某某,住阳光小区3栋,电话[电话]或[电话],车[车牌]被刮。")


class TestMasking:
    @pytest.mark.parametrize(
        ("name", "masked"),
        [
            ("张三丰", "张**"),
            ("张三", "张*"),
            ("欧阳修", "欧阳*"),
            ("欧阳", "欧*"),
            ("买买提·艾力", "买**"),
            (" 张三丰 ", "张**"),
            ("张", "*"),
            ("", ""),
        ],
    )
    def test_a_name(self, name, masked):
        assert mask_name(name) == masked

    @pytest.mark.parametrize(
        ("phone", "masked"),
        [
            ("13800131234", "138****1234"),
            ("138 0013 1234", "138****1234"),
            ("+86 13800131234", "138****1234"),
            ("１３８００１３１２３４", "138****1234"),
            ("0797-8221234", "0797-****234"),
            ("010-66661234", "010-****234"),
            ("8221234", "****234"),
            ("110", "***"),
            ("", ""),
        ],
    )
    def test_a_telephone_number(self, phone, masked):
        assert mask_phone(phone) == masked

    @pytest.mark.parametrize(
        ("number", "masked"),
        [
            ("360702199001011234", "3607**********1234"),
            ("360702570101123", "3607*******1123"),
            ("12345678", "********"),
        ],
    )
    def test_an_identity_number(self, number, masked):
        assert mask_id(number) == masked

    @pytest.mark.parametrize(
        ("address", "masked"),
        [
            ("西津路56号阳光小区3栋2单元301室", "西津路56号阳光小区3栋"),
            ("阳光小区三号楼1203", "阳光小区三号楼"),
            ("国际广场A座1502", "国际广场A座"),
            ("阳光小区2单元301", "阳光小区"),
            ("供销社宿舍301室", "供销社宿舍"),
            ("幸福花园3-2-301", "幸福花园3"),
            ("西津路56号", "西津路56号"),
            ("", ""),
        ],
    )
    def test_an_address_goes_down_to_its_building(self, address, masked):
        assert mask_address(address) == masked

    @given(st.text())
    def test_masks_never_fail_and_never_show_more_than_before(self, text):
        for mask in (mask_name, mask_phone, mask_id, mask_address):
            assert len(mask(text)) <= max(len(text), 12) + 1


phones = st.from_regex(r"1[3-9]\d{9}", fullmatch=True, alphabet="0123456789")
around = st.text("路灯坏了，。 :联系王先生abc()", max_size=8)


class TestWhatAlwaysHolds:
    @given(st.text())
    def test_spans_are_in_order_and_apart_and_what_lies_between_stays(self, text):
        redacted = redact(text)
        end = 0
        rest = redacted.text
        for span in redacted.spans:
            assert end <= span.start < span.end <= len(text)
            between = text[end : span.start]
            assert rest.startswith(between)
            rest = rest[len(between) :]
            rest = rest[rest.find("]") + 1 :] if rest.startswith("[") else rest
            rest = rest[2:] if span.kind == Kind.NAME else rest
            end = span.end
        assert rest == text[end:]

    @given(st.lists(st.tuples(around, phones), min_size=1, max_size=4), around)
    def test_no_mobile_number_stays_however_many_there_are(self, parts, tail):
        text = "".join(before + "," + phone + "," for before, phone in parts) + tail
        shown = redact(text).text
        assert not any(phone in shown for _, phone in parts)
