import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.words import fold, query_terms, similarity, terms, words

# What people type: Chinese, full-width forms, digits, letters, signs, and now and then anything.
texts = st.text(
    st.sampled_from("南门口路灯坏了三天没人修,，。 　ＡＢＣａ12３４Ⅳ㎡①éÅΣς-_/\n")
    | st.characters(codec="utf-8"),
    max_size=30,
)


def finds(query, text):
    return set(query_terms(query)) <= set(terms(text))


class TestByHand:
    def test_a_text_is_indexed_by_words_runs_pairs_and_characters(self):
        assert terms("自来水LED灯") == [
            *["自来水", "led"],
            *["自来", "来水", "水l", "le", "ed", "d灯"],
            *["自", "来", "水", "l", "e", "d", "灯"],
        ]

    def test_the_words_of_a_text_are_the_segmenters_and_its_latin_runs(self):
        assert words("自来水和LED灯,自来水") == ["自来水", "led"]

    def test_a_query_asks_for_all_its_pairs(self):
        assert query_terms("路灯不亮") == ["路灯", "灯不", "不亮"]

    def test_words_apart_are_asked_for_apart(self):
        assert query_terms("章贡区　路灯") == ["章贡", "贡区", "路灯"]
        assert finds("章贡区 路灯", "路灯坏了,在章贡区南门口")

    def test_a_single_character_is_asked_for_itself(self):
        assert query_terms("灯") == ["灯"]
        assert finds("灯", "路口的灯")
        assert finds("灯", "灯泡")
        assert not finds("灯", "路口")

    @pytest.mark.parametrize("query", ["门口", "路灯", "12", "3", "ed路", "ＬＥＤ", "Led", "口１"])
    def test_any_piece_finds_the_text(self, query):
        assert finds(query, "南门口１２３号的LED路灯,坏了")

    @pytest.mark.parametrize("query", ["门灯", "坏路", "124", "灯坏"])
    def test_what_is_not_in_the_text_does_not_find_it(self, query):
        assert not finds(query, "南门口１２３号的LED路灯,坏了")

    def test_nothing_but_signs_asks_for_nothing(self):
        assert query_terms(" ,。!") == terms("……") == []

    @pytest.mark.parametrize(
        ("typed", "folded"),
        [
            ("ＡＢ１２", "ab12"),
            ("é", "e"),
            ("㎡", "m2"),
            ("Ⅳ级", "iv级"),
            ("ß", "ss"),
            ("ΑΣ", "ας"),
        ],
    )
    def test_one_spelling_for_what_looks_alike(self, typed, folded):
        assert fold(typed) == folded.replace("ς", "σ")

    def test_texts_that_say_the_same_are_alike(self):
        lamp = "南门口路灯坏了"
        assert similarity(lamp, lamp) == 1
        # 南门 门口 口路 路灯 灯坏 坏了, and 南门 门口 口的 的路 路灯 灯不 不亮: 3 shared of 6 and 7
        assert similarity(lamp, "南门口的路灯不亮") == pytest.approx(6 / 13)
        assert similarity(lamp, "菜市场污水横流") == 0
        assert similarity(lamp, "") == similarity("", "") == 0


class TestWhatAlwaysHolds:
    @given(texts, st.data())
    def test_every_piece_of_a_text_finds_it(self, text, data):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        assert finds(text[start:end], text)

    @given(texts, texts)
    def test_folding_goes_through_pieces(self, one, other):
        assert fold(one + other) == fold(one) + fold(other)

    @given(texts)
    def test_terms_are_folded_distinct_and_never_empty(self, text):
        found = terms(text)
        assert len(found) == len(set(found))
        assert all(term and fold(term) == term for term in found)

    @given(texts, texts)
    def test_likeness_is_symmetric_and_within_bounds(self, one, other):
        alike = similarity(one, other)
        assert 0 <= alike <= 1
        assert alike == similarity(other, one)
        assert similarity(one, one) == bool(query_terms(one))
