"""Who was operated, due, asked and answered, visit by visit; who did not answer is a bar of its own."""

from markupsafe import Markup

from server.reports.shape import Flow, FlowStep
from server.web.drawings.cohort import plot

_BEGIN, _END = 27.0, 90.0
_ROW, _HEAD, _GAP = 18, 24, 12


def rows(step: FlowStep) -> list[tuple[str, int, str]]:
    """(words, procedures, class of the bar); who did not answer are those due who have not."""
    return [
        ("due", step["due"], "fig-due"),
        ("asked", step["asked"], "fig-asked"),
        ("answered", step["answered"], "fig-answered"),
        ("did not return", silent(step), "fig-silent"),
        ("came in person", step["seen"], "fig-seen"),
    ]


def silent(step: FlowStep) -> int:
    """Procedures whose visit was due and that nobody has answered for."""
    return max(0, step["due"] - step["answered"])


def draw(flow: Flow) -> Markup:
    """Bars in numbers of procedures, all on one scale."""
    most = max([1, *(one["operated"] for one in flow["steps"]), *(count for one in flow["steps"] for _, count, _ in rows(one))])
    scale = plot.Scale(0, most, _BEGIN, _END)
    drawn, y = [], 0.0
    if flow["steps"]:
        operated = flow["steps"][0]["operated"]
        drawn += _bar(scale, y, "operated", operated, "fig-operated", f"Operated: {operated} procedures")
        y += _ROW + _GAP
    for step in flow["steps"]:
        drawn.append(plot.text(0, y + 14, step["title"], "fig-name"))
        y += _HEAD
        for words, count, kind in rows(step):
            drawn += _bar(scale, y, words, count, kind, f"{step['title']}, {words}: {count} of {step['operated']} procedures")
            y += _ROW
        y += _GAP
    drawn.append(plot.text(_END, y + 6, "procedures", "fig-unit fig-end"))
    return plot.svg(y + 12, "Bars of procedures operated, due, asked, answered and not answered, per visit", drawn)


def _bar(scale: plot.Scale, y: float, words: str, count: int, kind: str, title: str) -> list[str]:
    return [
        plot.text(_BEGIN - 1.5, y + 12, words, "fig-tick fig-end"),
        plot.bar(_BEGIN, scale(count), y + 2, 13, kind, title),
        plot.text(scale(count) + 1.2, y + 13, count, "fig-count"),
    ]
