"""What the design system promises: icons that exist, contrast to read by, no foreign hosts."""

import re
from pathlib import Path

import pytest

from shaodao.kit import navigation, specimens
from shaodao.kit.templatetags import kit

SOURCE = Path(kit.__file__).parents[2]
STATIC = SOURCE / "kit" / "static" / "kit"
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
BASE = (STATIC / "base.css").read_text()
PARTS = (STATIC / "parts.css").read_text()


def _tokens(block):
    return dict(re.findall(r"--([\w-]+): ([^;]+);", block))


def _block(opening):
    start = BASE.index(opening) + len(opening)
    return _tokens(BASE[start : BASE.index("}", start)])


LIGHT = _block(":root {")
DARK = _block(":root[data-theme=dark] {")
THEMES = {
    "light": LIGHT,
    "dark": LIGHT | DARK,
    "contrast": LIGHT | _block(":root[data-theme=contrast] {"),
}
TEXT_PAIRS = (
    *[
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("paper", "surface", "sunk")
    ],
    *[("link", ground) for ground in ("paper", "surface", "sunk")],
    *[(tone, f"{tone}-soft") for tone in specimens.TONES],
    *[(tone, "surface") for tone in specimens.TONES],
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("brand-strong", "brand-soft"),
    ("brand", "surface"),
    ("on-bar", "bar"),
    ("on-bar-2", "bar"),
    ("on-seal", "seal"),
    ("surface", "late"),
    ("map-label", "map-land"),
)
# Edges of controls and what the focus is shown by: 3:1 (WCAG 2.2, 1.4.11).
EDGE_PAIRS = (
    *[("line-strong", ground) for ground in ("surface", "paper")],
    *[("focus", ground) for ground in ("surface", "paper")],
    ("star", "surface"),
    *[(f"chart-{n}", "surface") for n in range(1, 7)],
)


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one, other):
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(theme, ink, ground):
    colours = THEMES[theme]
    least = 7 if theme == "contrast" else 4.5
    assert _contrast(colours[ink], colours[ground]) >= least


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_and_focus_can_be_seen(theme, edge, ground):
    assert _contrast(THEMES[theme][edge], THEMES[theme][ground]) >= 3


def test_the_dark_chosen_by_the_device_is_the_dark_chosen_by_hand():
    assert _block(":root[data-theme=auto] {") == DARK


def test_dark_and_contrast_leave_no_colour_of_the_light_theme_behind():
    coloured = {name for name, value in LIGHT.items() if re.match(r"#|rgba|transparent", value)}
    assert coloured == set(DARK)
    assert coloured == set(_block(":root[data-theme=contrast] {"))


def test_every_custom_property_that_is_used_is_defined():
    set_by_parts = {"tone", "tone-soft", "tone-line", "share", "control", "bar-label"}
    sources = [BASE, PARTS, (STATIC / "icons.svg").read_text()]
    used = {name for text in sources for name in re.findall(r"var\(--([\w-]+)", text)}
    defined = {name for text in sources for name in re.findall(r"--([\w-]+):", text)}
    assert used - defined <= set_by_parts


def _named_icons():
    for template in SOURCE.rglob("templates/**/*.html"):
        for name in re.findall(r"{% icon \"([\w-]+)\"", template.read_text()):
            yield name, template.name
        for name in re.findall(r"\bname=\"([\w-]+)\" (?:only|solid)", template.read_text()):
            yield name, template.name
    for script in STATIC.glob("*.js"):
        for name in re.findall(r"\bicon\(\"([\w-]+)\"\)", script.read_text()):
            yield name, script.name


def test_every_icon_that_is_named_is_drawn():
    missing = {(name, where) for name, where in _named_icons() if name not in SPRITE}
    assert not missing


def test_every_tone_and_every_place_has_an_icon():
    assert set(kit.TONE_ICONS.values()) <= SPRITE
    places = (*navigation.STAFF, *navigation.WORKER, *navigation.RESIDENT)
    assert {place.icon for place in places} <= SPRITE


def test_the_design_page_shows_every_icon():
    assert set(specimens.ICONS) | {f"tile-{code}" for code, _label in specimens.PICTURES} == SPRITE


def test_nothing_comes_from_a_foreign_host():
    allowed = {"http://www.w3.org/2000/svg"}
    for file in (
        *STATIC.glob("*.*s"),
        *STATIC.glob("*.svg"),
        *SOURCE.glob("kit/templates/**/*.html"),
    ):
        found = set(re.findall(r"https?://[^\s\"'`)]+", file.read_text()))
        assert found <= allowed, file.name


def test_styles_stay_within_what_older_phones_know():
    for text in (BASE, PARTS):
        assert "@layer" not in text
        assert "light-dark(" not in text
        assert "color-mix(" not in text
        assert not re.search(r"\n\s+&", text)


def test_chinese_is_not_spread_or_italic():
    for text in (BASE, PARTS):
        assert "letter-spacing" not in text
        assert "italic" not in text


def test_a_chart_without_series_has_rows_without_values():
    chart = {"labels": ["周一", "周二"], "series": []}
    assert kit.chart_rows(chart) == [("周一", ()), ("周二", ())]
