"""Charts as SVG of our own: calm, legible in black and white, and with no text that is wider than its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from unicodedata import east_asian_width

from stoa.kit.languages import Locale
from stoa.kit.money import exponent_of
from stoa.kit.reporting.documents import Chart, Kind, Series, Shape
from stoa.kit.reporting.notation import figure, short_day, short_number

FONT = "Noto Sans CJK SC"
INK, FAINT, RULE = "#33414e", "#6b7785", "#e3e8ed"
COLOURS = ("#2f5d8a", "#d08c3c", "#5b9279")
WIDE, HALF, HEIGHT = 720, 350, 216
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 30, 24
BAR, LABELS, VALUES = 22, 136, 84  # of lying bars: height of one, room for labels and for values
SMALL = 9.5


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, in round steps; 0 is always on it."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> list[float]:
        return [self.low + self.step * i for i in range(round((self.high - self.low) / self.step) + 1)]

    @classmethod
    def of(cls, values: Sequence[float], lines: int = 4) -> Scale:
        low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
        if low == high:
            high = 1.0
        rough = (high - low) / lines
        size = 10.0 ** floor(log10(rough))
        step = next(each * size for each in (1, 2, 2.5, 5, 10) if each * size >= rough * 0.999)
        return cls(floor(low / step) * step, ceil(high / step) * step, step)


def svg(chart: Chart, locale: Locale, currency: str) -> str:
    """The chart as an SVG document."""
    body = _bars(chart, locale, currency) if chart.shape is Shape.BARS else _days(chart, locale, currency)
    width, height, drawn = body
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{FONT}" font-size="{SMALL}">{drawn}</svg>'
    )


def _days(chart: Chart, locale: Locale, currency: str) -> tuple[int, int, str]:
    """The first series as columns (or an area under a line), the others as lines over it."""
    scaled = [_scaled(each, currency) for each in chart.series]
    scale = Scale.of([value for values in scaled for value in values])
    room = WIDE - LEFT - RIGHT
    step = room / max(1, len(chart.labels))

    def x(i: int) -> float:
        return LEFT + step * (i + 0.5)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (scale.high - value) / (scale.high - scale.low)

    parts = [_grid(scale, y, locale), _day_labels(chart, x, locale)]
    for i, values in enumerate(scaled):
        colour = COLOURS[i % len(COLOURS)]
        if i == 0 and chart.shape is Shape.COLUMNS:
            parts.append(_columns(values, x, y, min(step * 0.68, 34), colour))
        else:
            parts.append(_line(values, x, y, colour, is_area=i == 0, is_dashed=i > 0))
    parts.append(_legend(chart))
    return WIDE, HEIGHT, "".join(parts)


def _grid(scale: Scale, y: object, locale: Locale) -> str:
    assert callable(y)
    lines = []
    for tick in scale.ticks:
        at = y(tick)
        stroke = FAINT if tick == 0 else RULE
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{stroke}" stroke-width="0.7"/>'
            f'<text x="{LEFT - 7}" y="{at + 3.3:.1f}" text-anchor="end" fill="{FAINT}">'
            f"{short_number(tick, locale)}</text>"
        )
    return "".join(lines)


def _day_labels(chart: Chart, x: object, locale: Locale) -> str:
    """As many as have room, the first among them."""
    assert callable(x)
    every = max(1, ceil(len(chart.labels) / 11))
    return "".join(
        f'<text x="{x(i):.1f}" y="{HEIGHT - 8}" text-anchor="middle" fill="{FAINT}">'
        f"{escape(short_day(label, locale) if chart.label_kind is Kind.DAY else label)}</text>"
        for i, label in enumerate(chart.labels)
        if i % every == 0
    )


def _columns(values: Sequence[float], x: object, y: object, width: float, colour: str) -> str:
    assert callable(x)
    assert callable(y)
    return "".join(
        f'<rect x="{x(i) - width / 2:.1f}" y="{min(y(value), y(0)):.1f}" width="{width:.1f}" '
        f'height="{abs(y(value) - y(0)):.1f}" rx="{min(1.5, width / 6):.1f}" fill="{colour}"/>'
        for i, value in enumerate(values)
        if value
    )


def _line(values: Sequence[float], x: object, y: object, colour: str, *, is_area: bool, is_dashed: bool) -> str:
    assert callable(x)
    assert callable(y)
    points = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in enumerate(values))
    if not points:
        return ""
    dashes = ' stroke-dasharray="4 3"' if is_dashed else ""
    stroke = f'stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"{dashes}'
    line = f'<polyline points="{points}" fill="none" {stroke}/>'
    if not is_area:
        return line
    under = f"{x(0):.1f},{y(0):.1f} {points} {x(len(values) - 1):.1f},{y(0):.1f}"
    return f'<polygon points="{under}" fill="{colour}" fill-opacity="0.12"/>{line}'


def _legend(chart: Chart) -> str:
    parts, at = [], float(LEFT)
    for i, each in enumerate(chart.series):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(
            f'<rect x="{at:.1f}" y="6" width="9" height="9" rx="1.5" fill="{colour}"/>'
            f'<text x="{at + 14:.1f}" y="14" fill="{INK}">{escape(each.title)}</text>'
        )
        at += 14 + width_of(each.title, SMALL) + 20
    return "".join(parts)


def _bars(chart: Chart, locale: Locale, currency: str) -> tuple[int, int, str]:
    """One bar for each label, its value behind it."""
    [series] = chart.series
    scaled = _scaled(series, currency)
    most = max((abs(value) for value in scaled), default=0.0) or 1.0
    room = HALF - LABELS - VALUES
    parts = []
    for i, (label, value, shown) in enumerate(zip(chart.labels, series.values, scaled, strict=True)):
        middle = BAR * (i + 0.5)
        length = max(1.0, room * abs(shown) / most)
        parts.append(
            f'<text x="{LABELS - 8}" y="{middle + 3.4:.1f}" text-anchor="end" fill="{INK}">'
            f"{escape(shortened(label, LABELS - 10, SMALL))}</text>"
            f'<rect x="{LABELS}" y="{middle - 6:.1f}" width="{length:.1f}" height="12" rx="1.5" fill="{COLOURS[0]}" '
            f'fill-opacity="{1 if value >= 0 else 0.4}"/>'
            f'<text x="{LABELS + length + 6:.1f}" y="{middle + 3.4:.1f}" fill="{FAINT}">'
            f"{escape(figure(value, series.kind, locale, currency))}</text>"
        )
    return HALF, max(1, len(chart.labels)) * BAR, "".join(parts)


def _scaled(series: Series, currency: str) -> list[float]:
    size = 10 ** exponent_of(currency) if series.kind is Kind.MONEY else 1
    return [value / size for value in series.values]


def width_of(text: str, size: float) -> float:
    """About how wide it is: a Chinese letter is as wide as high, another about half as wide."""
    return sum(size if east_asian_width(letter) in "WF" else size * 0.56 for letter in text)


def shortened(text: str, room: float, size: float) -> str:
    """What of it has room, with an ellipsis for the rest."""
    if width_of(text, size) <= room:
        return text
    start, dot, form = text.rpartition(" – ")
    if dot and width_of(form, size) < room / 2:  # what tells it from its like stays
        return shortened(start, room - width_of(dot + form, size), size) + dot + form
    while text and width_of(text, size) + size > room:
        text = text[:-1]
    return text.rstrip() + "…"
