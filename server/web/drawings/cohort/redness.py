"""When redness ended: what the data allow of P(clear by day), from its lowest to its highest, with 2 to 3 weeks shaded."""

from markupsafe import Markup

from server.reports.shape import Clear, Cleared, Redness
from server.web.drawings.cohort import plot

_TOP, _BOTTOM, _HEIGHT = 30, 290, 332
_SHORTEST = 28
_WEEK = 7
"""Days that a line without an end goes on at least, so that it is seen to."""
_WEEKS = (14, 21)
_LONGEST = 56
"""Days: beyond it nothing changes that the question is about, and the first weeks would be squeezed."""


def draw(redness: Redness) -> Markup:
    """Step curves of all that is known; below ten patients a line for each procedure, from the last look at red to the first at clear."""
    x = plot.Scale(0, _last(redness), plot.LEFT, plot.RIGHT)
    y = plot.Scale(0, 100, _BOTTOM, _TOP)
    drawn = [_shade(x)]
    if redness["enough"]:
        drawn += plot.y_axis(y, "% clear")
        drawn += _band([one for one in redness["curve"] if one["day"] <= x.high], x, y)
        drawn += [_by(one, x, y) for one in redness["clear_by"] if one["day"] <= x.high]
    else:
        drawn += _single(redness["points"], x)
    drawn += plot.x_axis(x, _BOTTOM, "days after the procedure", 6)
    return plot.svg(_HEIGHT, "Share of procedures after which the skin is clear, by days after the procedure", drawn)


def _last(redness: Redness) -> float:
    days = [one["day"] for one in redness["curve"]] + [one["day"] for one in redness["clear_by"]]
    ends = [one["right"] for one in redness["masses"] if one["right"] is not None]
    single = [one["left"] + _WEEK if one["right"] is None else one["right"] for one in redness["points"]]
    return float(max([min(_LONGEST, max([_SHORTEST, *days, *ends])), *single]))


def _shade(x: plot.Scale) -> str:
    begin, end = (x(day) for day in _WEEKS)
    shade = plot.bar(begin, end, _TOP, _BOTTOM - _TOP, "fig-weeks", "From day 14 to day 21: 2 to 3 weeks")
    return shade + plot.text(plot.RIGHT, _TOP - 12, "shaded: 2 to 3 weeks", "fig-note fig-end")


def _band(curve: list[Clear], x: plot.Scale, y: plot.Scale) -> list[str]:
    """Between two days nothing is known to change, so each holds until the next."""
    known = _changes(curve)
    drawn, low, high = [], [], []
    for place, one in enumerate(known):
        begin = x(one["day"])
        end = x(known[place + 1]["day"]) if place + 1 < len(known) else x(x.high)
        floor, roof = sorted((y(100 * one["low"]), y(100 * one["high"])), reverse=True)
        said = f"By day {one['day']}: between {100 * one['low']:.1f} and {100 * one['high']:.1f} % clear"
        drawn.append(plot.bar(begin, end, roof, max(1.0, floor - roof), "fig-band", said))
        low += [(begin, floor), (end, floor)]
        high += [(begin, roof), (end, roof)]
    if known:
        drawn += [plot.curve(high, _HEIGHT, "fig-line"), plot.curve(low, _HEIGHT, "fig-line fig-dashed")]
    return drawn


def _changes(curve: list[Clear]) -> list[Clear]:
    """Only the days on which something changes."""
    days = sorted(curve, key=lambda one: one["day"])
    before = [None, *((one["low"], one["high"]) for one in days)]
    return [one for one, was in zip(days, before, strict=False) if (one["low"], one["high"]) != was]


def _by(one: Clear, x: plot.Scale, y: plot.Scale) -> str:
    said = f"By day {one['day']}: between {100 * one['low']:.1f} and {100 * one['high']:.1f} % clear"
    ends = "".join(plot.dot(x(one["day"]), y(100 * one[end]), said, radius=3.2) for end in ("low", "high"))
    return plot.upright(x(one["day"]), y(100 * one["high"]), y(100 * one["low"]), "fig-line") + ends


def _told(one: Cleared) -> str:
    """What is known of one procedure."""
    begun = f"Red on day {one['left']}" if one["red"] else "Never seen red"
    ended = "not seen to clear" if one["right"] is None else f"clear on day {one['right']}"
    return f"{begun}, {ended}"


def _single(points: list[Cleared], x: plot.Scale) -> list[str]:
    """Each procedure on its own row: the skin became clear between the hollow point, which was still red, and the full one."""
    height = min(22.0, (_BOTTOM - _TOP - 10) / max(1, len(points)))
    drawn = []
    for place, one in enumerate(points):
        row, open_end, case = _TOP + 12 + place * height, one["right"] is None, one["procedure_id"]
        begin, stop = x(one["left"]), x(x.high if one["right"] is None else one["right"])
        drawn.append(plot.across(row, "fig-line fig-dashed" if open_end else "fig-line", begin, stop))
        drawn += [plot.dot(begin, row, _told(one), case=case, kind="fig-hollow")] if one["red"] else []
        drawn += [] if open_end else [plot.dot(stop, row, _told(one), case=case)]
    return drawn
