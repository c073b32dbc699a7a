"""What the cohort's figures are made of: scales, axes, and marks with a title that lead to their case.

X runs in per cent and y in pixels, so that text keeps its size on any screen; colours are classes of `static/figures.css`.
Plain text with numbers formatted into it, since a figure holds hundreds of marks; whatever is text goes through `safe`.
"""

import math
import re
from collections.abc import Iterable, Sequence
from html import escape

from markupsafe import Markup

LEFT, RIGHT = 11.0, 97.0
"""Per cent between which values are drawn; numbers of the upright axis stand left of it."""
_MOST = 1e12
"""Beyond it nothing was measured; it keeps the arithmetic of scales finite."""
_LEAST = 1e-9
"""Below it two values are one: no scale divides by less."""
_MARKUP = re.compile("[&<>\"']")


def safe(text: object) -> str:
    """Text that cannot become markup, in an element or in quotes."""
    words = str(text)
    return escape(words) if _MARKUP.search(words) else words


class Scale:
    """From values to places: per cent across, or pixels down, where `begin` lies below `end`."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        """Where the range holds one value only, everything stands in the middle."""
        self.low, self.high, self.begin, self.end = max(-_MOST, low), min(_MOST, high), begin, end
        wide = self.high - self.low
        self._per = (end - begin) / wide if wide > _LEAST else 0.0
        self._zero = begin if wide > _LEAST else (begin + end) / 2

    def __call__(self, value: float) -> float:
        """The place; what lies outside is drawn on the border."""
        inside = self.low if value < self.low else min(self.high, value)
        return self._zero + (inside - self.low) * self._per


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values from `low` to `high`, at most `most` + 1 of them."""
    low, high = max(-_MOST, low), min(_MOST, high)
    if not high > low:
        return [low]
    step = _step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    return [round((first + place) * step, 10) for place in range(most + 1) if (first + place) * step <= high * (1 + 1e-12) + 1e-9]


def reach(values: Iterable[float], *, zero: bool = True) -> tuple[float, float]:
    """Round values that hold all of them, and `zero` unless it is not wanted; never empty."""
    known = [*values, *((0.0,) if zero else ())] or [0.0]
    low, high = max(-_MOST, min(known)), min(_MOST, max(known))
    if not high > low:
        return low, low + 1
    step = _step((high - low) / 4)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(max(rough, _LEAST)))
    return next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= rough * (1 - 1e-9))


def plain(value: float) -> str:
    """A tick's number: no trailing zeros, a true minus."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def across(y: float, kind: str = "fig-grid", begin: float = LEFT, end: float = RIGHT) -> str:
    """A level line."""
    return f'<line class="{kind}" x1="{begin:.2f}%" y1="{y:.1f}" x2="{end:.2f}%" y2="{y:.1f}"/>'


def upright(x: float, top: float, bottom: float, kind: str = "fig-grid") -> str:
    """An upright line."""
    return f'<line class="{kind}" x1="{x:.2f}%" y1="{top:.1f}" x2="{x:.2f}%" y2="{bottom:.1f}"/>'


def text(x: float, y: float, words: object, kind: str = "fig-text") -> str:
    """Words at a place; the class says how they are aligned."""
    return f'<text class="{kind}" x="{x:.2f}%" y="{y:.1f}">{safe(words)}</text>'


def bar(x: float, end: float, y: float, height: float, kind: str, title: str) -> str:
    """A level bar from `x` to `end`, never so thin that it is not seen."""
    width = max(0.25, end - x)
    return f'<rect class="{kind}" x="{x:.2f}%" y="{y:.1f}" width="{width:.2f}%" height="{height:.1f}"><title>{safe(title)}</title></rect>'


def dot(x: float, y: float, title: str, *, case: str | None = None, kind: str = "fig-dot", radius: float = 4) -> str:
    """A point; one that is of one case leads there. The keyboard goes by the table below, whose rows are the same."""
    mark = f'<title>{safe(title)}</title><circle class="{kind}" cx="{x:.2f}%" cy="{y:.1f}" r="{radius:.3g}"/>'
    return to_case(case, mark) if case else f"<g>{mark}</g>"


def to_case(case: str, mark: str) -> str:
    """The mark as a link to its case."""
    return f'<a href="/procedures/{safe(case)}" tabindex="-1">{mark}</a>'


def diamond(x: float, y: float, size: float = 5.5) -> str:
    """A square on its corner around a place; as a nested drawing, since points know no per cent."""
    return (
        f'<svg class="fig-nest" x="{x:.2f}%" y="{y:.1f}"><path class="fig-outside" '
        f'd="M0 {-size:g}L{size:g} 0L0 {size:g}L{-size:g} 0Z"/></svg>'
    )


def curve(points: Sequence[tuple[float, float]], height: float, kind: str) -> str:
    """A line through (per cent, pixel) places; stretched across, with a stroke that is not."""
    path = " ".join(f"{x:.2f},{y:.1f}" for x, y in points)
    return (
        f'<svg class="fig-nest" width="100%" height="{height:.0f}" viewBox="0 0 100 {height:.0f}" preserveAspectRatio="none">'
        f'<polyline class="{kind}" points="{path}" vector-effect="non-scaling-stroke"/></svg>'
    )


def y_axis(scale: Scale, unit: str, steps: Sequence[float] | None = None) -> list[str]:
    """Grid and numbers at the left; the unit stands above them."""
    drawn = [text(0, scale.end - 12, unit, "fig-unit")] if unit else []
    for value in steps if steps is not None else ticks(scale.low, scale.high, 4):
        drawn += [across(scale(value)), text(LEFT - 1.5, scale(value) + 4, plain(value), "fig-tick fig-end")]
    return drawn


def x_axis(scale: Scale, bottom: float, unit: str, most: int = 5) -> list[str]:
    """Line and numbers below; the unit stands under them."""
    drawn = [across(bottom, "fig-axis")]
    for value in ticks(scale.low, scale.high, most):
        drawn.append(upright(scale(value), bottom, bottom + 4, "fig-axis"))
        drawn.append(text(scale(value), bottom + 17, plain(value), "fig-tick fig-middle"))
    return [*drawn, text(RIGHT, bottom + 33, unit, "fig-unit fig-end")]


def svg(height: float, label: str, parts: Iterable[str]) -> Markup:
    """The drawing. `label` is what it says to whoever does not see it."""
    body = "".join(parts)
    role = "group" if "<a " in body else "img"
    return Markup(  # noqa: S704  # reason: made of numbers and of text that went through `safe`
        f'<svg class="fig" width="100%" height="{height:.0f}" role="{role}" aria-label="{safe(label)}">{body}</svg>'
    )


def too_few(y: float) -> str:
    """What stands in a figure of fewer patients than can be summarised."""
    return text(LEFT, y, "Too few to summarise: single points only.", "fig-note")


_LINK = re.compile(r"<a [^>]*>(?:<title>[^<]*</title>)?")


def without_cases(drawing: Markup) -> Markup:
    """The drawing as it may leave the clinic: no mark leads to a case, or says its day."""
    return Markup(_LINK.sub("<g>", str(drawing)).replace("</a>", "</g>").replace('role="group"', 'role="img"'))  # noqa: S704  reason: it was
