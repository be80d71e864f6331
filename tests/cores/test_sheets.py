"""Reading sheets people typed for reading."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.reading_order import reading_order
from shaodao.cores.sheets import (
    Room,
    building_key,
    clean,
    column_letter,
    day_of,
    fill_merged,
    find_table,
    is_foot,
    is_yes,
    number_of,
    numeral,
    parse_room,
    text_of,
    whole,
)


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("12栋2单元301", Room("12栋", "2单元", "301")),
        ("１２幢二单元３０１室", Room("12栋", "2单元", "301")),
        ("十二号楼2单元301", Room("12栋", "2单元", "301")),
        ("12#2-301", Room("12栋", "2单元", "301")),
        ("12-2-301", Room("12栋", "2单元", "301")),
        ("12-301", Room("12栋", "", "301")),
        ("A座 301", Room("A栋", "", "301")),
        ("2单元301", Room("", "2单元", "301")),
        ("301", Room("", "", "301")),
        ("12栋", Room("12栋", "", "")),
    ],
)
def test_an_address_is_split_by_its_signs(text, room):
    assert parse_room(text) == room
    assert parse_room("".join(room)) == room or room.building == ""


def test_inside_a_building_two_numbers_are_entrance_and_room():
    assert parse_room("2-301", is_inside=True) == Room("", "2单元", "301")


@pytest.mark.parametrize("text", ["东边那户", "12栋后面", "2单元二楼"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="no room"):
        parse_room(text)


@pytest.mark.parametrize("name", ["12栋", "12幢", "12#", "12号楼", "十二栋", "１２", " 12 栋"])
def test_a_building_has_one_key_however_it_is_written(name):
    assert building_key(name) == "12栋"


@given(st.integers(1, 9999))
def test_a_numeral_is_read_back(number):
    assert number_of(numeral(number)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("４", 4),
        ("3人", 3),
        ("2.0", 2),
        ("二", 2),
        ("1,032", 1032),
        ("2部", 2),
        ("三人", 3),
        ("两户", 2),
    ],
)
def test_counts_are_read_as_people_write_them(text, number):
    assert whole(text) == number


@pytest.mark.parametrize("text", ["", "约3", "-1", "2.5", "很多", "人"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - whichever reader gave up
        whole(text)


@pytest.mark.parametrize(
    "text", ["2024-5-1", "2024.05.01", "2024年5月1日", "２０２４/5/1", "2024年5月"]
)
def test_days_are_read_as_people_write_them(text):
    assert day_of(text) == date(2024, 5, 1)


def test_cells_become_plain_text():
    cells = (301.0, 2.5, True, None, "　ＡＢ１２　", date(2024, 5, 1))
    assert [text_of(cell) for cell in cells] == ["301", "2.5", "是", "", "AB12", "2024-05-01"]
    assert clean("３６０７２２１０２２００") == "360722102200"
    assert (is_yes("有"), is_yes("未成立")) == (True, False)
    assert [column_letter(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


NAMES = {
    "community": ("社区村",),
    "number": ("房号",),
    "n_people": ("人数", "人口"),
    "old": ("老人",),
}


def test_a_table_is_found_under_its_title_with_two_heading_rows():
    rows = [
        ["登记表", "", "", ""],
        ["社区村", "房号", "户内情况", ""],
        ["", "", "人口(人)", "老 人"],
        ["古陂村", "301", 3, 1],
    ]
    titles = fill_merged(rows, [((0, 0), (0, 3)), ((1, 0), (2, 0)), ((1, 1), (2, 1))])
    table = find_table(rows, NAMES)
    assert titles == {0}
    assert table.columns == {"community": 0, "number": 1, "n_people": 2, "old": 3}
    assert (table.first_row, table.unknown) == (3, ())


def test_merged_cells_are_filled_down_and_a_title_among_the_rows_is_known():
    rows = [["村", "数"], ["古陂村", 1], ["", 2], ["二组", "", "", ""]]
    assert fill_merged(rows, [((1, 0), (2, 0)), ((3, 0), (3, 3))]) == {3}
    assert rows[2] == ["古陂村", 2]


def test_sums_and_signatures_are_no_rows():
    assert all(is_foot([word]) for word in ("合计", "填表人：某某", "备注：以上", "小 计"))
    assert not is_foot(["合计村委会路1号".removeprefix("合计"), "3"])


def test_there_is_no_table_in_a_letter():
    assert find_table([["您好"], ["请看附件"]], NAMES) is None


def test_places_are_numbered_west_to_east_then_north_to_south():
    corners = [(1, 0), (0, 1), (1, 1), (0, 0)]
    assert [corners[n] for n in reading_order(corners)] == [(0, 1), (1, 1), (0, 0), (1, 0)]
    assert reading_order([]) == []


@given(
    st.lists(st.tuples(st.floats(110, 120), st.floats(20, 30)), max_size=30, unique=True),
    st.randoms(),
)
def test_the_order_is_that_of_the_places_not_of_the_list(places, random):
    mixed = list(places)
    random.shuffle(mixed)
    ordered = [places[n] for n in reading_order(places)]
    assert [mixed[n] for n in reading_order(mixed)] == ordered
