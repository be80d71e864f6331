"""Pictures for the sample town, drawn from shapes: a place before, and the same place after."""

from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

SIZE = (960, 720)  # pixels scenes are drawn in
SMALL = (480, 360)
Draw = ImageDraw.ImageDraw


def pictures(scene: str, rng: Generator) -> tuple[bytes, bytes]:
    """Return two JPEGs of one place: as it was found, and as it was left."""
    state = rng.bit_generator.state
    drawn = []
    for is_after in (False, True):
        rng.bit_generator.state = state  # the same street, the same houses
        image = SCENES[scene](rng, is_after)
        drawn.append(jpeg(_as_photographed(image, rng)))
    return drawn[0], drawn[1]


def jpeg(image: Image.Image) -> bytes:
    """Return an image as a JPEG."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=78)
    return buffer.getvalue()


def small_of(picture: bytes) -> bytes:
    """Return the small picture that stands beside one."""
    with Image.open(BytesIO(picture)) as image:
        return jpeg(image.resize(SMALL, Image.Resampling.BILINEAR))


_SHOWN = (800, 600)  # pixels of the finished picture


def _as_photographed(image: Image.Image, rng: Generator) -> Image.Image:
    """Soften the edges, darken the corners and add grain, as a phone's lens does."""
    pixels = np.asarray(image.resize(_SHOWN, Image.Resampling.BILINEAR), np.float32)
    grain = np.roll(_grain(), int(rng.integers(1000)), axis=1)
    seen = np.clip(pixels * _shade()[..., None] + grain[..., None], 0, 255)
    return Image.fromarray(seen.astype(np.uint8))


@cache
def _shade() -> np.ndarray:
    ys, xs = np.mgrid[-1 : 1 : _SHOWN[1] * 1j, -1 : 1 : _SHOWN[0] * 1j]
    return (1.0 - 0.26 * np.clip(xs**2 + ys**2 - 0.35, 0, None)).astype(np.float32)


@cache
def _grain() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 4.5, _SHOWN[::-1]).astype(np.float32)


def _sky(top, low) -> Image.Image:
    """Return a ground to draw on: a sky that pales to the horizon."""
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(SIZE[1]):
        share = y / SIZE[1]
        draw.line(
            [(0, y), (SIZE[0], y)],
            tuple(int(a + (b - a) * share) for a, b in zip(top, low, strict=True)),
        )
    return image


_DAY = ((178, 203, 222), (226, 228, 222))
_NIGHT = ((14, 18, 34), (30, 32, 46))


def _street(rng: Generator, *, is_night: bool = False) -> tuple[Image.Image, Draw]:
    """Return a street seen along its length: houses on both sides, pavement and road."""
    image = _sky(*(_NIGHT if is_night else _DAY))
    draw = ImageDraw.Draw(image)
    dim = 0.28 if is_night else 1.0
    for side in (0, 1):
        for k in range(5, 0, -1):
            near, far = 120 * k, 120 * (k - 1)
            tone = rng.integers(150, 215)
            wall = tuple(int(c * dim) for c in (tone, tone - 8, tone - 22))
            rise = 330 * k / 5 + rng.integers(10, 50)
            xs = (
                (480 - near * 0.98, 480 - far * 0.98)
                if side == 0
                else (480 + far * 0.98, 480 + near * 0.98)
            )
            draw.polygon(
                [
                    (xs[0], 420 - rise),
                    (xs[1], 420 - rise * 0.8),
                    (xs[1], 470 + far * 0.2),
                    (xs[0], 470 + near * 0.3),
                ],
                wall,
            )
            _windows(draw, xs, 420 - rise * 0.8, rng, dim=dim, is_night=is_night)
    road = tuple(int(c * dim) for c in (120, 120, 122))
    pave = tuple(int(c * dim) for c in (176, 170, 160))
    draw.polygon([(-160, 720), (1120, 720), (560, 430), (400, 430)], pave)
    draw.polygon([(110, 720), (850, 720), (532, 430), (428, 430)], road)
    for k in range(6):
        y, w = 450 + k * k * 9, 2 + k * 2
        draw.polygon(
            [
                (480 - w, y),
                (480 + w, y),
                (480 + w * 1.3, y + 10 + k * 5),
                (480 - w * 1.3, y + 10 + k * 5),
            ],
            tuple(int(230 * dim) for _ in "rgb"),
        )
    return image, draw


def _windows(draw: Draw, xs, top: float, rng: Generator, *, dim: float, is_night: bool) -> None:
    for row in range(4):
        for column in (0.3, 0.65):
            x = xs[0] + (xs[1] - xs[0]) * column
            lit = is_night and rng.random() < 0.3
            glass = (236, 200, 120) if lit else tuple(int(c * dim) for c in (96, 112, 126))
            draw.rectangle([x - 9, top + 34 + row * 44, x + 9, top + 60 + row * 44], glass)


def _yard(rng: Generator) -> tuple[Image.Image, Draw]:
    """Return the foot of a block of flats: wall, ground floor windows, paved ground."""
    image = _sky(*_DAY)
    draw = ImageDraw.Draw(image)
    tone = int(rng.integers(165, 205))
    draw.rectangle([0, 60, 960, 430], (tone, tone - 10, tone - 28))
    for k in range(7):
        x = 40 + k * 135
        draw.rectangle([x, 120, x + 80, 210], (98, 116, 128))
        draw.rectangle([x, 280, x + 80, 380], (88, 104, 118))
        draw.rectangle([x - 4, 210, x + 84, 218], (210, 205, 196))
    draw.rectangle([0, 430, 960, 446], (120, 116, 110))
    draw.rectangle([0, 446, 960, 720], (172, 167, 158))
    for k in range(9):
        draw.line([(480 + (k - 4) * 70, 446), (480 + (k - 4) * 210, 720)], (158, 153, 145), 2)
    for y in (490, 550, 630):
        draw.line([(0, y), (960, y)], (158, 153, 145), 2)
    return image, draw


def _heap(draw: Draw, rng: Generator, centre, n: int, spread: float) -> None:
    """Draw bags, boxes and scraps lying on one another."""
    colours = (
        (40, 42, 46),
        (225, 225, 222),
        (64, 98, 160),
        (170, 128, 84),
        (190, 60, 52),
        (96, 140, 90),
    )
    for _ in range(n):
        x = centre[0] + rng.normal(0, spread)
        y = centre[1] - abs(rng.normal(0, spread * 0.35))
        size = rng.uniform(16, 46)
        colour = colours[int(rng.integers(len(colours)))]
        if colour == (170, 128, 84):
            draw.polygon(
                [
                    (x - size, y),
                    (x + size, y - 6),
                    (x + size * 0.9, y + size * 0.8),
                    (x - size * 0.9, y + size * 0.9),
                ],
                colour,
            )
        else:
            draw.ellipse([x - size, y - size * 0.6, x + size, y + size * 0.7], colour)
            draw.polygon(
                [(x - 5, y - size * 0.55), (x + 5, y - size * 0.55), (x, y - size)], colour
            )


def _bins(draw: Draw, x: float, y: float, *, is_open: bool = False) -> None:
    for k, colour in enumerate(((44, 110, 72), (60, 84, 140))):
        left = x + k * 86
        draw.polygon([(left, y), (left + 70, y), (left + 62, y + 120), (left + 8, y + 120)], colour)
        lid = [(left - 4, y), (left + 74, y), (left + 74, y - 14), (left - 4, y - 14)]
        draw.polygon(
            [(a, b - 44 if is_open and n > 1 else b) for n, (a, b) in enumerate(lid)], colour
        )


def _rubbish(rng, is_after):
    image, draw = _yard(rng)
    x = float(rng.integers(340, 620))
    if is_after:
        draw.ellipse([x - 190, 500, x + 190, 580], (182, 178, 170))
        _bins(draw, x - 80, 410)
    else:
        _heap(draw, rng, (x, 540), 70, 120)
    return image


def _bin(rng, is_after):
    image, draw = _yard(rng)
    x = float(rng.integers(360, 600))
    _bins(draw, x - 80, 420, is_open=not is_after)
    if not is_after:
        _heap(draw, rng, (x, 430), 14, 46)
        _heap(draw, rng, (x, 580), 26, 110)
    return image


def _street_dirt(rng, is_after):
    image, draw = _street(rng)
    for _ in range(0 if is_after else 46):
        x, y = rng.normal(480, 150), rng.uniform(520, 710)
        size = rng.uniform(8, 46)
        draw.ellipse([x - size, y - size * 0.3, x + size, y + size * 0.3], (84, 74, 58))
    return image


def _water(rng, is_after):
    image, draw = _street(rng)
    if is_after:
        draw.rectangle([430, 600, 560, 640], (74, 74, 76))
        for k in range(6):
            draw.rectangle([440 + k * 20, 606, 450 + k * 20, 634], (36, 36, 38))
    else:
        for k in range(7):
            x, y, w = 480 + rng.normal(0, 70), 560 + k * 20, 220 + k * 26
            draw.ellipse([x - w, y - 20, x + w, y + 26], (112, 128, 134))
        draw.ellipse([380, 570, 560, 604], (188, 202, 206))
    return image


def _green(rng, is_after):
    image, draw = _yard(rng)
    draw.rectangle([0, 446, 960, 720], (126, 150, 92) if is_after else (110, 120, 70))
    for _ in range(60 if is_after else 520):
        x, y = rng.uniform(0, 960), rng.uniform(470, 720)
        rise = rng.uniform(5, 12) if is_after else rng.uniform(40, 130)
        draw.line(
            [(x, y), (x + rng.normal(0, 8), y - rise)], (70, int(rng.integers(100, 150)), 56), 3
        )
    return image


def _lamp(rng, is_after):
    image, draw = _street(rng, is_night=True)
    if is_after:
        glow = Image.new("RGB", SIZE)
        shine = ImageDraw.Draw(glow)
        for k in range(5):
            x, y, size = 180 + k * 56, 250 + k * 36, 120 - k * 20
            shine.polygon(
                [(x, y), (x - size * 1.5, y + size * 3.6), (x + size * 2.3, y + size * 3.6)],
                (150, 126, 70),
            )
            shine.ellipse([x - size / 2, y - size / 2, x + size / 2, y + size / 2], (255, 226, 150))
        glow = glow.filter(ImageFilter.GaussianBlur(34))
        image = Image.fromarray(
            np.clip(np.asarray(image, int) + np.asarray(glow, int), 0, 255).astype(np.uint8)
        )
        draw = ImageDraw.Draw(image)
    for k in range(5):
        x, y, rise = 180 + k * 56, 250 + k * 36, 380 - k * 74
        draw.line([(x - 34, y + rise), (x - 34, y - 6), (x, y - 6)], (52, 54, 60), max(8 - k, 3))
        draw.ellipse([x - 12, y - 10, x + 12, y + 4], (255, 240, 200) if is_after else (60, 62, 70))
    return image


def _manhole(rng, is_after):
    image, draw = _yard(rng)
    draw.ellipse([350, 520, 610, 640], (66, 66, 68) if is_after else (18, 18, 20))
    if is_after:
        for k in range(-4, 5):
            draw.line([(480 + k * 26, 534), (480 + k * 26, 626)], (92, 92, 94), 4)
    else:
        draw.polygon([(350, 580), (430, 524), (480, 560), (400, 636)], (86, 84, 80))
        draw.line([(520, 560), (640, 380)], (110, 84, 50), 8)
    return image


def _road(rng, is_after):
    image, draw = _street(rng)
    for k in range(5):
        x, y, w = 330 + rng.uniform(0, 300), 560 + k * 30, 46 + rng.uniform(0, 60)
        colour = (96, 96, 98) if is_after else (70, 62, 54)
        draw.ellipse([x - w, y - 14, x + w, y + 16], colour)
        if not is_after:
            draw.ellipse([x - w * 0.6, y - 4, x + w * 0.6, y + 10], (126, 134, 138))
    return image


def _car(draw: Draw, x: float, y: float, scale: float, colour) -> None:
    w, h = 150 * scale, 52 * scale
    draw.rounded_rectangle([x, y - h, x + w, y], 14 * scale, colour)
    draw.polygon(
        [
            (x + w * 0.16, y - h),
            (x + w * 0.3, y - h * 1.9),
            (x + w * 0.74, y - h * 1.9),
            (x + w * 0.9, y - h),
        ],
        colour,
    )
    draw.polygon(
        [
            (x + w * 0.24, y - h),
            (x + w * 0.33, y - h * 1.72),
            (x + w * 0.7, y - h * 1.72),
            (x + w * 0.8, y - h),
        ],
        (70, 86, 98),
    )
    for wheel in (0.24, 0.76):
        draw.ellipse(
            [
                x + w * wheel - 18 * scale,
                y - 18 * scale,
                x + w * wheel + 18 * scale,
                y + 18 * scale,
            ],
            (28, 28, 30),
        )


def _parking(rng, is_after):
    image, draw = _street(rng)
    colours = [(196, 60, 52), (226, 226, 228), (54, 62, 76), (88, 120, 168)]
    if is_after:
        for k in range(5):
            x = 60 + k * 66
            draw.line([(x, 700 - k * 44), (x + 90, 690 - k * 52)], (236, 220, 120), 6)
        for k in range(4):
            draw.rectangle([720 + k * 40, 560 - k * 22, 730 + k * 40, 640 - k * 26], (220, 90, 40))
    else:
        for k in range(3, -1, -1):
            _car(draw, 30 + k * 90, 690 - k * 62, 1.6 - k * 0.3, colours[int(rng.integers(4))])
        _car(draw, 660, 660, 1.4, colours[int(rng.integers(4))])
    return image


def _corridor(rng, is_after):
    image = Image.new("RGB", SIZE, (198, 192, 180))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 720), (960, 720), (640, 420), (320, 420)], (150, 146, 138))
    draw.polygon([(320, 120), (640, 120), (640, 420), (320, 420)], (176, 170, 158))
    draw.rectangle([420, 190, 540, 420], (104, 74, 52))
    for x in (60, 760):
        draw.polygon(
            [
                (x, 150),
                (x + 140, 190 if x < 400 else 150),
                (x + 140, 600 if x > 400 else 520),
                (x, 660 if x < 400 else 540),
            ],
            (112, 82, 58),
        )
    if not is_after:
        _heap(draw, rng, (250, 620), 34, 70)
        _heap(draw, rng, (730, 640), 26, 60)
        draw.line([(960, 120), (700, 300), (620, 560)], (210, 60, 50), 5)
    else:
        draw.rectangle([700, 300, 760, 380], (200, 50, 44))
    return image


def _shed(rng, is_after):
    image, draw = _yard(rng)
    if is_after:
        draw.rectangle([250, 446, 720, 560], (132, 158, 98))
        for k in range(40):
            x = 260 + k * 11.4
            draw.line([(x, 556), (x + 4, 536)], (76, 124, 60), 3)
    else:
        draw.rectangle([240, 330, 730, 600], (124, 146, 170))
        for k in range(24):
            draw.line([(240 + k * 20.4, 330), (240 + k * 20.4, 600)], (104, 124, 146), 3)
        draw.polygon([(210, 336), (760, 336), (720, 286), (250, 286)], (150, 64, 54))
        draw.rectangle([560, 420, 650, 600], (70, 76, 82))
    return image


def _meter(rng, is_after):
    image = Image.new("RGB", SIZE, (188, 182, 170))
    draw = ImageDraw.Draw(image)
    n = 8 if is_after else 1
    for k in range(n):
        x, y = (130 + (k % 4) * 200, 200 + (k // 4) * 240) if is_after else (420, 320)
        draw.line([(x - 80, y + 50), (x + 180, y + 50)], (120, 110, 96), 18)
        draw.ellipse([x, y, x + 110, y + 110], (40, 78, 128))
        draw.ellipse([x + 16, y + 16, x + 94, y + 94], (236, 236, 230))
        draw.line([(x + 55, y + 55), (x + 80, y + 40)], (190, 40, 40), 4)
    if not is_after:
        draw.ellipse([430, 470, 520, 500], (120, 140, 150))
    return image


def _lift(rng, is_after):
    image = Image.new("RGB", SIZE, (206, 202, 194))
    draw = ImageDraw.Draw(image)
    draw.rectangle([290, 110, 670, 660], (112, 116, 122))
    gap = 6 if is_after else 60
    draw.rectangle([306, 126, 480 - gap, 660], (176, 180, 186))
    draw.rectangle([480 + gap, 126, 654, 660], (168, 172, 178))
    if not is_after:
        draw.rectangle([480 - gap, 126, 480 + gap, 660], (22, 22, 26))
        draw.polygon([(380, 330), (600, 330), (600, 450), (380, 450)], (240, 210, 90))
        draw.line([(390, 340), (590, 440)], (30, 30, 30), 8)
    draw.rectangle([710, 320, 750, 420], (66, 70, 76))
    draw.ellipse([720, 340, 740, 360], (90, 210, 120) if is_after else (210, 70, 60))
    return image


def _works(rng, is_after):
    image = _sky(*(_DAY if is_after else _NIGHT))
    draw = ImageDraw.Draw(image)
    dim = 1.0 if is_after else 0.4
    for k in range(6):
        x, rise = 20 + k * 160, rng.integers(180, 380)
        draw.rectangle([x, 560 - rise, x + 130, 560], tuple(int(c * dim) for c in (176, 170, 160)))
    draw.rectangle([0, 560, 960, 720], tuple(int(c * dim) for c in (150, 140, 122)))
    draw.line([(640, 560), (640, 90), (860, 90)], (220, 170, 40), 10)
    if not is_after:
        draw.ellipse([560, 120, 720, 240], (250, 240, 190))
    draw.rectangle([0, 500, 960, 570], tuple(int(c * dim) for c in (66, 130, 160)))
    return image


def _talk(rng, is_after):
    image = Image.new("RGB", SIZE, (222, 208, 184))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 470, 960, 720], (156, 124, 92))
    draw.rectangle([600, 120, 840, 320], (150, 186, 206))
    draw.rectangle([600, 120, 840, 320], None, (120, 96, 70), 10)
    draw.polygon([(230, 470), (730, 470), (800, 560), (160, 560)], (122, 84, 54))
    coats = [(54, 74, 112), (150, 62, 54), (84, 112, 84)]
    for k, x in enumerate((290, 480, 660) if is_after else (300, 660)):
        draw.rounded_rectangle([x - 52, 330, x + 52, 480], 26, coats[k])
        draw.ellipse([x - 34, 248, x + 34, 326], (222, 180, 148))
        draw.pieslice([x - 36, 240, x + 36, 316], 180, 360, (40, 36, 34))
    return image


SCENES: dict[str, Callable[[Generator, bool], Image.Image]] = {
    "rubbish": _rubbish,
    "bin": _bin,
    "street": _street_dirt,
    "water": _water,
    "green": _green,
    "lamp": _lamp,
    "manhole": _manhole,
    "road": _road,
    "parking": _parking,
    "corridor": _corridor,
    "shed": _shed,
    "meter": _meter,
    "lift": _lift,
    "works": _works,
    "talk": _talk,
}
