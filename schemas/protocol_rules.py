"""What makes a protocol impossible, and what only makes it questionable: sentences with their place. Standard values in and out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from dateutil.relativedelta import relativedelta

from schemas.vocabulary import Purpose, VisitKind

Place = tuple[str | int, ...]
Content = Mapping[str, Any]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_CLOSED = 21
"""Days in a row without sending; a message moved by more would speak of another time than the one it was written for."""
_CYCLE = [date(2023, 3, 1) + timedelta(days=count) for count in range(4 * 365 + 1)]
_DAY = timedelta(days=1)


@lru_cache(maxsize=256)
def _bounds(unit: str, number: int) -> tuple[int, int]:
    if unit == "days":
        return number, number
    if unit == "months":
        spans = [(day + relativedelta(months=number) - day).days for day in _CYCLE]
    else:
        spans = [(day + relativedelta(years=number) - day).days for day in _CYCLE]
    return min(spans), max(spans)


def bounds(step: Content) -> tuple[int, int]:
    """(fewest, most) days from a procedure to this step, over all days on which the procedure may have ended."""
    ((unit, number),) = step["after"].items()
    return _bounds(unit, number)


def faults_of_step(step: Content) -> Iterator[tuple[Place, str]]:
    """What is wrong with one step by itself."""
    least, _ = bounds(step)
    if step["opens_days_before"] > least:
        yield ("opens_days_before",), f"The window would open before the procedure; at most {least} days."
    yield from _faults_of_messages(step, least)
    chase = step["chase_days_after_window"]
    if step["kind"] == VisitKind.CHECK_IN and chase:
        yield ("chase_days_after_window",), "A check-in is not chased; leave the list empty."
    for place, (before, after) in enumerate(pairwise(chase), start=1):
        if after <= before:
            yield ("chase_days_after_window", place), f"Put the days in order, each once: {after} comes after {before}."


def _faults_of_messages(step: Content, least: int) -> Iterator[tuple[Place, str]]:
    is_visit = step["kind"] == VisitKind.VISIT
    allowed = (Purpose.BOOK, Purpose.NEAR) if is_visit else (Purpose.CHECK_IN,)
    messages = step["messages"]
    for place, message in enumerate(messages):
        if message["purpose"] not in allowed:
            kind = "visit" if is_visit else "check-in"
            yield ("messages", place, "purpose"), f"A message of a {kind} has the purpose {' or '.join(allowed)}."
        if message["days_before"] >= least:
            yield ("messages", place, "days_before"), f"This message would go out before the procedure; at most {least - 1} days before."
        last = 0 if is_visit else step["closes_days_after"]
        if -message["days_before"] > last:
            until = "from the day of the visit on there are those to whoever did not come" if is_visit else f"at most {last} days after"
            yield ("messages", place, "days_before"), f"This message would go out after the window that it is for; {until}."
    for place, (earlier, later) in enumerate(pairwise(messages), start=1):
        if later["days_before"] >= earlier["days_before"]:
            yield ("messages", place, "days_before"), "Put the messages in order, one a day: the one furthest before the visit first."
        elif later["purpose"] == Purpose.BOOK and earlier["purpose"] != Purpose.BOOK:
            yield ("messages", place, "purpose"), "Ask to book before you remind: put book before near."


def faults_of_content(content: Content) -> Iterator[tuple[Place, str]]:
    """What is wrong with steps beside each other, hours and days; each step by itself is right already."""
    steps = content["steps"]
    yield from _faults_of_order(steps)
    yield from _overlaps(steps)
    hours = content["sending_hours"]
    if not hours["from"] < hours["until"]:
        yield ("sending_hours", "until"), f"Must be after {hours['from']}, within one day."
    elif not hours["from"] <= content["send_at"] < hours["until"]:
        yield ("send_at",), f"Must lie within the sending hours, from {hours['from']} until before {hours['until']}."
    yield from _faults_of_days(content)


def _faults_of_order(steps: Sequence[Content]) -> Iterator[tuple[Place, str]]:
    seen: dict[str, int] = {}
    last: dict[str, Content] = {}
    for place, step in enumerate(steps):
        if step["step"] in seen:
            yield ("steps", place, "step"), f"Step {seen[step['step']] + 1} has this name already; choose another."
        seen.setdefault(step["step"], place)
        before = last.get(step["kind"])
        if before is not None and bounds(step) <= bounds(before):
            yield ("steps", place, "after"), f"Put the steps in order of time: this one is not after “{before['title']}”."
        last[step["kind"]] = step


def _overlaps(steps: Sequence[Content]) -> Iterator[tuple[Place, str]]:
    visits = [(place, step) for place, step in enumerate(steps) if step["kind"] == VisitKind.VISIT]
    for index, (_, earlier) in enumerate(visits):
        closes = bounds(earlier)[1] + earlier["closes_days_after"]
        for place, later in visits[index + 1 :]:
            opens = bounds(later)[0] - later["opens_days_before"]
            if bounds(later) > bounds(earlier) and opens <= closes:
                windows = f"The windows of “{earlier['title']}” (until day {closes}) and “{later['title']}” (from day {opens})"
                by = f"overlap by {_counted(closes - opens + 1, 'day')}; make one of them shorter."
                yield ("steps", place, "opens_days_before"), f"{windows} {by}"


def _faults_of_days(content: Content) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for place, one in enumerate(content["holidays"]):
        if one in seen:
            yield ("holidays", place), f"{one} is in the list twice; remove one."
        seen.add(one)
    for name in ("closed_weekdays", "channels"):
        if len(set(content[name])) != len(content[name]):
            yield (name,), "Each once."
    run = _longest_closed(frozenset(WEEKDAYS.index(day) for day in content["closed_weekdays"]), seen)
    if run > LONGEST_CLOSED:
        yield ("holidays",), f"More than {LONGEST_CLOSED} days in a row would be closed; leave an open day among them."


def _longest_closed(weekdays: frozenset[int], holidays: set[str]) -> int:
    """Days closed in a row around the holidays; counting stops where it is surely too long."""

    def is_closed(day: date) -> bool:
        iso = day.isoformat()
        return day.weekday() in weekdays or iso in holidays or iso[5:] in holidays

    longest = 0
    for one in (day for holiday in holidays for day in _dates_of(holiday)):
        run, day = 0, one
        while is_closed(day) and run <= LONGEST_CLOSED:
            run, day = run + 1, day + _DAY
        longest = max(longest, run)
    return longest


def _dates_of(holiday: str) -> list[date]:
    if len(holiday) > len("MM-DD"):
        return [date.fromisoformat(holiday)]
    month, day = int(holiday[:2]), int(holiday[3:])
    return [date(year, month, day) for year in range(2024, 2052) if (month, day) != (2, 29) or year % 4 == 0]


def warnings_of(content: Content) -> list[str]:
    """Sentences about what may be meant and often is not."""
    visits = [step for step in content["steps"] if step["kind"] == VisitKind.VISIT]
    found = [] if visits else ["There are only check-ins: no visit is planned, and nobody counts as lost."]
    for earlier, later in pairwise(visits):
        last = max(earlier["chase_days_after_window"], default=0)
        chased = bounds(earlier)[1] + earlier["closes_days_after"] + last
        opens = bounds(later)[0] - later["opens_days_before"]
        if last and chased >= opens:
            found.append(
                f"The last message after a missed “{earlier['title']}” comes when the window of “{later['title']}” is already open."
            )
    for step in visits[-1:]:
        last = max(step["chase_days_after_window"], default=0)
        if last > content["lost_after_days"]:
            found.append(
                f"After “{step['title']}” a patient counts as lost after {content['lost_after_days']} days, "
                f"so the message on day {last} after its window is never sent."
            )
    found += [f"“{step['title']}” has no message before the visit: the patient is not reminded." for step in visits if not step["messages"]]
    return found + [f"“{step['title']}” asks nothing: it has no message." for step in content["steps"] if _is_silent_check_in(step)]


def _is_silent_check_in(step: Content) -> bool:
    return step["kind"] == VisitKind.CHECK_IN and not step["messages"]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
