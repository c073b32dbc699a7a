"""The protocol in words and as a picture: distances, windows, messages, the timeline, and what differs between two versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from schemas.protocol_rules import bounds
from schemas.vocabulary import Channel, Purpose, VisitKind

Content = Mapping[str, Any]
CHANNELS = {Channel.EMAIL: "e-mail", Channel.SMS: "text message"}
_TICKS = ((7, "1 week"), (30, "1 month"), (91, "3 months"), (182, "6 months"), (365, "1 year"), (730, "2 years"), (1826, "5 years"))
_CLOSE, _CLOSE_ON_A_PHONE = 11, 30
"""Percent of the width within which two labels would touch."""


def counted(number: int, unit: str) -> str:
    """`1 day`, `3 months`."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def grouped(number: int) -> str:
    """`1 250`, with a space that does not break."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def due(step: Content) -> str:
    """`after 3 months`."""
    ((unit, number),) = step["after"].items()
    return f"after {counted(number, unit.removesuffix('s'))}"


def window(step: Content) -> str:
    """`4 days before to 7 days after`."""
    before, after = step["opens_days_before"], step["closes_days_after"]
    begins = f"{counted(before, 'day')} before" if before else "that day"
    return f"{begins} to {counted(after, 'day')} after" if after else begins if not before else f"{begins} to that day"


def messages(step: Content) -> str:
    """`14 days before (asks to book), 3 days, 1 day before`."""
    said = []
    for one in step["messages"]:
        days = one["days_before"]
        day = f"{counted(abs(days), 'day')} {'before' if days > 0 else 'after'}" if days else "on the day"
        said.append(f"{day} (asks to book)" if one["purpose"] == Purpose.BOOK else day)
    return ", ".join(said) or "none"


def chase(step: Content) -> str:
    """`4 and 11 days after the window`."""
    days = step["chase_days_after_window"]
    return f"{listed([str(day) for day in days])} days after the window" if days else "none"


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def weekdays(content: Content) -> str:
    """`Saturdays and Sundays`; empty when every weekday is open."""
    return listed([f"{day.capitalize()}s" for day in content["closed_weekdays"]])


def holidays(content: Content) -> str:
    """`25 December (every year), 20 August 2026` would need languages: dates stay as they were entered."""
    return ", ".join(f"{day} (every year)" if len(day) == len("MM-DD") else day for day in content["holidays"])


def channels(content: Content) -> str:
    """`e-mail, else text message`."""
    return ", else ".join(CHANNELS[Channel(one)] for one in content["channels"])


@dataclass(frozen=True)
class Bar:
    """One row of the timeline, in percent of its width."""

    title: str
    words: str
    is_visit: bool
    due: float
    begins: float
    width: float
    messages: tuple[float, ...]
    chase: tuple[float, ...]


@dataclass(frozen=True)
class Timeline:
    """Rows, and (place, label, whether a narrow screen has room for it) of the marks below them."""

    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str, bool], ...]


def timeline(content: Content) -> Timeline:
    """Days by their square root: the first month, in which most happens, gets the room it needs."""
    last = max(bounds(step)[1] + max([step["closes_days_after"], *_chases(step)]) for step in content["steps"])
    span = max(last * 1.04, 30)

    def place(day: float) -> float:
        return round(100 * sqrt(max(day, 0) / span), 2)

    bars = []
    for step in sorted(content["steps"], key=bounds):
        day, opens, closes = bounds(step)[0], step["opens_days_before"], step["closes_days_after"]
        begins, ends = place(day - opens), place(day + closes + 1)
        before = tuple(place(day - one["days_before"]) for one in step["messages"])
        after = tuple(place(day + one) for one in _chases(step))
        words = f"{step['title']}: {due(step)}, window {window(step)}"
        bars.append(Bar(step["title"], words, step["kind"] == VisitKind.VISIT, place(day), begins, ends - begins, before, after))
    marks: list[tuple[float, str, bool]] = []
    roomy = 0.0
    for day, label in _TICKS:
        if place(day) <= 97 and (not marks or place(day) - marks[-1][0] > _CLOSE):  # noqa: PLR2004  reason: percent, where a label still fits
            has_room = place(day) - roomy >= _CLOSE_ON_A_PHONE
            roomy = place(day) if has_room else roomy
            marks.append((place(day), label, has_room))
    return Timeline(tuple(bars), tuple(marks))


def _chases(step: Content) -> list[int]:
    return [step["closes_days_after"] + day for day in step["chase_days_after_window"]]


def changes(old: Content, new: Content) -> list[str]:
    """What a version did to the one before it, a phrase for each thing."""
    before, after = ({step["step"]: step for step in content["steps"]} for content in (old, new))
    said = [f"“{step['title']}” added" for key, step in after.items() if key not in before]
    said += [f"“{step['title']}” removed" for key, step in before.items() if key not in after]
    for key, step in after.items():
        if key in before and step != before[key]:
            said.append(f"“{step['title']}”: {', '.join(_step_changes(before[key], step))}")
    names = {
        "send_at": f"sent at {new['send_at']}",
        "sending_hours": f"hours {new['sending_hours']['from']} to {new['sending_hours']['until']}",
        "closed_weekdays": f"closed on {weekdays(new) or 'no weekday'}",
        "holidays": "holidays changed",
        "channels": channels(new),
        "lost_after_days": f"lost after {counted(new['lost_after_days'], 'day')}",
    }
    return said + [phrase for name, phrase in names.items() if old[name] != new[name]]


def _step_changes(old: Content, new: Content) -> list[str]:
    said = [f"was “{old['title']}”"] if old["title"] != new["title"] else []
    said += [due(new)] if old["after"] != new["after"] else []
    said += [f"window {window(new)}"] if window(old) != window(new) else []
    said += [f"messages {messages(new)}"] if old["messages"] != new["messages"] else []
    said += [f"if missed {chase(new)}"] if chase(old) != chase(new) else []
    return said or ["other kind"]
