"""What physicians said of photo pairs: per rater and together, stacked to both sides of no change, with the counts over the bars.

Below ten patients each grade is a dot in the place that its bar would have.
"""

from collections.abc import Sequence

from markupsafe import Markup

from server.reports.shape import Physicians
from server.web.drawings.cohort import plot

GRADES = (-3, -2, -1, 0, 1, 2, 3)
WORDS = {
    -3: "much worse",
    -2: "worse",
    -1: "a little worse",
    0: "no change",
    1: "a little better",
    2: "better",
    3: "much better",
}
_ROW = 52
_KINDS = ("fig-m3", "fig-m2", "fig-m1", "fig-zero", "fig-p1", "fig-p2", "fig-p3")
_NARROW = 4.2
"""Per cent of a bar over which two digits find room."""
_MOST_DOTS = 99
"""Of a rater who has graded far more pairs than there are patients who can be summarised."""
_BEGIN, _END = 2.0, 98.0


def draw(physicians: Physicians) -> Markup:
    """A row for each rater and one for all; below ten patients the raters' rows alone, a dot for each pair."""
    given = [(one["label"], one["counts"], one["cannot"]) for one in physicians["raters"]]
    if physicians["enough"]:
        given.append(("Median of all raters", physicians["consensus"], 0))
    reach = [_halves(counts) for _, counts, _ in given]
    left, right = max((one for one, _ in reach), default=0.0), max((one for _, one in reach), default=0.0)
    scale = plot.Scale(-left, right, _BEGIN, _END) if left + right else plot.Scale(-1, 1, _BEGIN, _END)
    drawn, y = [], 0.0
    bottom = y + _ROW * len(given)
    if not physicians["enough"]:
        drawn.append(plot.text(0, bottom + 6, "Too few to summarise: a dot is one pair.", "fig-note"))
    for label, counts, cannot in given:
        drawn += _row(label, counts, cannot, scale, y, single=not physicians["enough"])
        y += _ROW
    drawn += _legend(bottom + 28)
    return plot.svg(bottom + 88, "Grades from much worse to much better, per rater and together", drawn)


def _halves(counts: Sequence[int]) -> tuple[float, float]:
    """How far a row reaches to both sides, the middle grade lying half on each."""
    return sum(counts[:3]) + sum(counts[3:4]) / 2, sum(counts[4:]) + sum(counts[3:4]) / 2


def _row(label: str, counts: Sequence[int], cannot: int, scale: plot.Scale, y: float, *, single: bool) -> list[str]:
    drawn = [plot.text(0, y + 12, label + (f" ({cannot} could not be judged)" if cannot else ""), "fig-name")]
    begin = -_halves(counts)[0]
    for grade, count, kind in zip(GRADES, counts, _KINDS, strict=True):
        if single:
            said = f"{label}: {WORDS[grade]} ({_signed(grade)})"
            drawn += [plot.dot(scale(begin + place + 0.5), y + 37, said, kind=kind, radius=5) for place in range(min(count, _MOST_DOTS))]
        elif count:
            here, there = scale(begin), scale(begin + count)
            drawn.append(plot.bar(here, there, y + 30, 14, kind, f"{label}: {count} {WORDS[grade]} ({_signed(grade)})"))
            if there - here >= _NARROW:
                drawn.append(plot.text((here + there) / 2, y + 27, count, "fig-count fig-middle"))
        begin += count
    return [*drawn, plot.upright(scale(0), y + 27, y + 47, "fig-zero-line")]


def _signed(grade: int) -> str:
    return plot.plain(grade) if grade <= 0 else f"+{grade}"


def _legend(y: float) -> list[str]:
    """Three columns, so that it is read on a telephone; down each, worse first."""
    drawn = []
    for place, (grade, kind) in enumerate(zip(GRADES, _KINDS, strict=True)):
        x, row = (1 + 33 * (place // 3), y + 19 * (place % 3))
        drawn.append(f'<rect class="{kind}" x="{x:.2f}%" y="{row:.0f}" width="11" height="11"/>')
        drawn.append(plot.text(x + 4.6, row + 10, WORDS[grade], "fig-tick"))
    return drawn
