"""The plots of a replay's page as SVG, which needs no script and no other file. Pure.

Colours are the page's: each mark has a class, and the style sheet says how it looks in the light
and in the dark. What two colours tell apart is told apart by dashes, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 30, 44
TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """From figures to places in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, point: Point) -> Point:
        """Where a point is, in pixels from the upper left corner."""
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )


def histogram(
    title: str,
    edges: Sequence[float],
    counts: Sequence[tuple[str, str, Sequence[int]]],
    x_title: str,
) -> str:
    """Bars for each of `counts`: a name, a class of the style sheet, and the rows within each two
    edges. Several stand before each other."""
    most = max((max(rows) for _, _, rows in counts), default=0) or 1
    axes = Axes((edges[0], edges[-1]), (0, most))
    bars = [
        _bar(axes, low, high, rows, style, name)
        for name, style, each in counts
        for low, high, rows in zip(edges[:-1], edges[1:], each, strict=True)
        if rows
    ]
    names = [(name, style) for name, style, _ in counts] if len(counts) > 1 else []
    return _picture(title, axes, bars, names, x_title, "rows")


def curves(
    title: str, lines: Sequence[tuple[str, str, Sequence[Point]]], titles: tuple[str, str],
    dots: bool = False,
) -> str:  # fmt: skip
    """Lines between 0 and 1, each with a name and a class of the style sheet, over the diagonal;
    with `dots` where the points are."""
    axes = Axes((0, 1), (0, 1))
    marks = [_path(axes, [(0, 0), (1, 1)], "diagonal")]
    for name, style, points in lines:
        marks.append(_path(axes, points, style))
        if dots:
            marks += [_dot(axes, point, style, name) for point in points]
    return _picture(title, axes, marks, [(name, style) for name, style, _ in lines], *titles)


def _picture(
    title: str, axes: Axes, marks: Iterable[str], names: Sequence[tuple[str, str]],
    x_title: str, y_title: str,
) -> str:  # fmt: skip
    middle = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_grid(axes),
        *marks,
        *_legend(names),
        f'<text class="title" x="{middle[0]:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_title)}</text>",
        f'<text class="title" transform="translate(12 {middle[1]:.1f}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>',
        "</svg>",
    ]
    return "".join(parts)


def _grid(axes: Axes) -> Iterator[str]:
    for place in range(TICKS):
        share = place / (TICKS - 1)
        x = axes.x[0] + share * (axes.x[1] - axes.x[0])
        y = axes.y[0] + share * (axes.y[1] - axes.y[0])
        across, bottom = axes.at((x, axes.y[0]))
        left, up = axes.at((axes.x[0], y))
        ends = f'x1="{left:.1f}" x2="{WIDTH - RIGHT}" y1="{up:.1f}" y2="{up:.1f}"'
        yield f'<line class="grid" {ends}/>'
        yield (
            f'<text x="{across:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{_tick(x)}</text>'
            f'<text x="{left - 6:.1f}" y="{up + 4:.1f}" text-anchor="end">{_tick(y)}</text>'
        )


def _tick(number: float) -> str:
    if abs(number) >= 10_000:
        return f"{number / 1000:,.0f}k"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def _legend(names: Sequence[tuple[str, str]]) -> Iterator[str]:
    x = LEFT
    for name, style in names:
        yield f'<line class="{style}" x1="{x}" x2="{x + 24}" y1="14" y2="14"/>'
        yield f'<text x="{x + 30}" y="18">{escape(name)}</text>'
        x += 56 + 7 * len(name)


def _bar(axes: Axes, low: float, high: float, rows: int, style: str, name: str) -> str:
    left, top = axes.at((low, rows))
    right, bottom = axes.at((high, 0))
    told = escape(f"{name}: {rows:,} rows between {low:.3g} and {high:.3g}")
    width, height = max(right - left - 1, 0.5), bottom - top
    return (
        f'<rect class="{style}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}"><title>{told}</title></rect>'
    )


def _path(axes: Axes, points: Sequence[Point], style: str) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(axes.at, points))
    return f'<polyline class="{style}" points="{places}"/>'


def _dot(axes: Axes, point: Point, style: str, name: str) -> str:
    x, y = axes.at(point)
    told = escape(f"{name}: {point[1]:.3f} at {point[0]:.3f}")
    return (
        f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{told}</title></circle>'
    )
