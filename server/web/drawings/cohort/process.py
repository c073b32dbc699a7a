"""The work itself: run charts (XmR), the running median of one's own cases, and complications by day and grade."""

from collections.abc import Sequence
from datetime import date, datetime

from markupsafe import Markup

from server.procedures.note.words import short_day
from server.reports.shape import Learning, Run, RunPoint
from server.web.drawings.cohort import plot

SHOWN = 120
"""Cases drawn as points: more cannot be told apart in a column. Limits and medians are of all cases, the CSV has all that are kept."""
WHOLE = "passes"
"""The unit of what is never half."""
_TOP, _BOTTOM, _HEIGHT = 30, 130, 168


def shown(run: Run) -> Sequence[RunPoint]:
    """The newest cases, which are drawn."""
    return run["points"][-SHOWN:]


def day(on: str) -> str:
    """`2 Mar 2026`; what is no day stays as it is."""
    try:
        return short_day(datetime.fromisoformat(on).date() if "T" in on else date.fromisoformat(on))
    except ValueError:
        return on


def value_of(run: Run, value: float) -> str:
    """Passes are whole; anything else is printed to a tenth."""
    return plot.plain(round(value) if run["unit"] == WHOLE else round(value, 1))


def draw_run(run: Run) -> Markup:
    """Cases in order of time, the mean, and the limits; a case outside them is a diamond."""
    points = shown(run)
    bounds = [one for one in (run["low"], run["high"], run["mean"]) if one is not None]
    y = plot.Scale(*plot.reach([*(one["value"] for one in points), *bounds], zero=False), _BOTTOM - 6, _TOP)
    first = run["n"] - len(points) + 1
    x = plot.Scale(first, max(first + 1, run["n"]), plot.LEFT + 2, plot.RIGHT - 2)
    drawn = plot.y_axis(y, run["unit"])
    for value, kind in ((run["low"], "fig-limit"), (run["high"], "fig-limit"), (run["mean"], "fig-mean")):
        if value is not None:
            drawn.append(plot.across(y(value), kind))
    places = [(x(first + place), y(one["value"])) for place, one in enumerate(points)]
    if len(places) > 1 and run["mean"] is not None:
        drawn.append(plot.curve(places, _HEIGHT, "fig-thin"))
    for one, place in zip(points, places, strict=True):
        said = f"{day(one['on'])}: {value_of(run, one['value'])} {run['unit']}"
        drawn.append(_outside(one, *place, said) if one["outside"] else plot.dot(*place, said, case=one["procedure_id"], radius=3))
    drawn += plot.x_axis(x, _BOTTOM, "cases in order of time")
    return plot.svg(_HEIGHT, f"{run['measure']} of each case in order of time, {run['unit']}", drawn)


def _outside(one: RunPoint, x: float, y: float, said: str) -> str:
    return plot.to_case(one["procedure_id"], f"<title>{plot.safe(said)}, outside the limits</title>{plot.diamond(x, y)}")


def draw_learning(learning: Learning, *, enough: bool) -> Markup:
    """One's own cases from the first on, and the running median of eleven of them."""
    values = learning["values"]
    y = plot.Scale(*plot.reach([*(one["value"] for one in values), *learning["medians"]]), _BOTTOM - 6, _TOP)
    first = max(1, learning["n"] - len(values) + 1)
    x = plot.Scale(first, max(first + 1, first + len(values) - 1), plot.LEFT + 2, plot.RIGHT - 2)
    drawn = plot.y_axis(y, learning["unit"])
    for place, one in enumerate(values[:SHOWN]):
        said = f"Case {first + place}: {plot.plain(round(one['value'], 2))} {learning['unit']}"
        drawn.append(plot.dot(x(first + place), y(one["value"]), said, case=one["procedure_id"], kind="fig-hollow", radius=2.6))
    if enough and len(learning["medians"]) > 1:
        late = len(values) - len(learning["medians"])
        line = [(x(first + late + place), y(one)) for place, one in enumerate(learning["medians"])]
        drawn.append(plot.curve(line, _HEIGHT, "fig-line"))
    drawn += plot.x_axis(x, _BOTTOM, "own cases, first to last")
    return plot.svg(_HEIGHT, f"{learning['measure']} of one's own cases, with the running median", drawn)
