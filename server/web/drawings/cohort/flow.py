"""Who was operated, due, asked and answered, visit by visit; who did not answer is a bar of its own."""

from collections.abc import Sequence

from markupsafe import Markup

from schemas.vocabulary import VisitKind
from server.followup.protocol import DEFAULT
from server.reports.shape import Flow, FlowStep
from server.web.drawings.cohort import plot

_BEGIN, _END = 27.0, 90.0
_ROW, _FOOT = 18, 6
_KNOWN = {one.step: one for one in DEFAULT.steps}


def in_order(steps: Sequence[FlowStep]) -> list[FlowStep]:
    """As they come, but of two on one day the check-in before the visit; a step that the default protocol lacks keeps its place."""
    placed, day = [], 0
    for place, one in enumerate(steps):
        known = _KNOWN.get(one["step"])
        day = known.about if known else day
        placed.append((day, known is not None and known.kind == VisitKind.VISIT, place))
    return [steps[place] for *_, place in sorted(placed)]


def rows(step: FlowStep) -> list[tuple[str, int, str]]:
    """(words, procedures, class of the bar); who did not answer are those due who have not. To a check-in nobody comes."""
    known = _KNOWN.get(step["step"])
    visit = known.kind == VisitKind.VISIT if known else step["seen"] > 0
    return [
        ("due", step["due"], "fig-due"),
        ("asked", step["asked"], "fig-asked"),
        ("answered", step["answered"], "fig-answered"),
        ("did not answer", silent(step), "fig-silent"),
        *([("came in person", step["seen"], "fig-seen")] if visit else []),
    ]


def silent(step: FlowStep) -> int:
    """Procedures whose visit was due and that nobody has answered for."""
    return max(0, step["due"] - step["answered"])


def draw(flow: Flow) -> list[tuple[str, Markup]]:
    """(title, bars) of what was operated and of each visit, in numbers of procedures, all on one scale."""
    steps = in_order(flow["steps"])
    if not steps:
        return []
    operated = steps[0]["operated"]
    scale = plot.Scale(0, max(1, operated, *(count for one in steps for _, count, _ in rows(one))), _BEGIN, _END)
    first = plot.svg(
        _ROW + _FOOT, "Procedures operated", _bar(scale, 0, "operated", operated, "fig-operated", f"Operated: {operated} procedures")
    )
    return [("Procedures", first), *((one["title"], _step(one, scale)) for one in steps)]


def _step(step: FlowStep, scale: plot.Scale) -> Markup:
    drawn, known = [], rows(step)
    for place, (words, count, kind) in enumerate(known):
        drawn += _bar(scale, _ROW * place, words, count, kind, f"{step['title']}, {words}: {count} of {step['operated']} procedures")
    return plot.svg(_ROW * len(known) + _FOOT, f"{step['title']}: procedures due, asked, answered and not answered", drawn)


def _bar(scale: plot.Scale, y: float, words: str, count: int, kind: str, title: str) -> list[str]:
    return [
        plot.text(_BEGIN - 1.5, y + 12, words, "fig-tick fig-end"),
        plot.bar(_BEGIN, scale(count), y + 2, 13, kind, title),
        plot.text(scale(count) + 1.2, y + 13, count, "fig-count"),
    ]
