"""Protocols that cannot be: each refused by the name of its field with what to do, and nothing stored."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.protocol_rules import WEEKDAYS
from server.db import Database
from tests import make
from tests.api import Api
from tests.followup.editing import PATH, content, head, put

As = Callable[[make.Person], Api]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def adam(clinic: make.Clinic, as_: As) -> Api:
    """Ádám Varga, administrator of Riverside: he sets up the clinic and reads no patient."""
    return as_(clinic.admin)


def the_other_way_round(one: dict[str, Any]) -> None:
    """First the reminder, then the invitation to book."""
    one["steps"][5]["messages"][0]["purpose"], one["steps"][5]["messages"][1]["purpose"] = "near", "book"


def message(step: int, place: int, **fields: Any) -> Change:
    """Change one message."""
    return lambda one: one["steps"][step]["messages"][place].update(fields)


def chased(step: int, *days: int) -> Change:
    """Chase after these days."""
    return lambda one: one["steps"][step].update(chase_days_after_window=list(days))


FAULTS: dict[str, tuple[Change, str, str]] = {
    "windows overlap": (lambda one: one["steps"][5].update(opens_days_before=75), "/steps/5/opens_days_before", "overlap by 8 days"),
    "a window before the procedure": (lambda one: one["steps"][4].update(opens_days_before=15), "/steps/4/opens_days_before", "at most 14"),
    "two units": (lambda one: one["steps"][5].update(after={"days": 9, "months": 3}), "/steps/5/after", "exactly one"),
    "no unit": (lambda one: one["steps"][5].update(after={}), "/steps/5/after", "exactly one"),
    "too far away": (lambda one: one["steps"][6].update(after={"years": 11}), "/steps/6/after/years", "1 to 10"),
    "out of order": (lambda one: one["steps"].reverse(), "/steps/1/after", "not after “1 year”"),
    "a name twice": (lambda one: one["steps"][4].update(step="d7"), "/steps/4/step", "Step 1 has this name"),
    "a name with a space": (lambda one: one["steps"][4].update(step="2 w"), "/steps/4/step", "for example 3m"),
    "no title": (lambda one: one["steps"][4].update(title=" "), "/steps/4/title", "write something"),
    "messages out of order": (lambda one: one["steps"][4]["messages"].reverse(), "/steps/4/messages/1/days_before", "furthest"),
    "two messages on one day": (message(4, 1, days_before=3), "/steps/4/messages/1/days_before", "one a day"),
    "booking after reminding": (the_other_way_round, "/steps/5/messages/1/purpose", "book before near"),
    "a message before the procedure": (message(4, 0, days_before=14), "/steps/4/messages/0/days_before", "at most 13"),
    "a question in a visit": (message(4, 0, purpose="check_in"), "/steps/4/messages/0/purpose", "book or near"),
    "a reminder in a check-in": (message(0, 0, purpose="near"), "/steps/0/messages/0/purpose", "check_in"),
    "a question after its window": (message(0, 1, days_before=-3), "/steps/0/messages/1/days_before", "at most 2 days after"),
    "a reminder after the visit": (message(4, 1, days_before=-1), "/steps/4/messages/1/days_before", "to whoever did not come"),
    "a chased check-in": (chased(0, 3), "/steps/0/chase_days_after_window", "not chased"),
    "chases out of order": (chased(4, 9, 4), "/steps/4/chase_days_after_window/1", "in order"),
    "sent at night": (lambda one: one.update(send_at="20:00"), "/send_at", "from 09:00 until before 19:00"),
    "hours that end before they begin": (lambda one: one["sending_hours"].update({"from": "19:00"}), "/sending_hours/until", "after 19:00"),
    "no clock": (lambda one: one.update(send_at="9.30"), "/send_at", "for example 10:00"),
    "closed for good": (lambda one: one.update(closed_weekdays=list(WEEKDAYS)), "/closed_weekdays", "one weekday open"),
    "30 February": (lambda one: one.update(holidays=["12-24", "02-30"]), "/holidays/1", "no such day"),
    "29 February of a common year": (lambda one: one.update(holidays=["2027-02-29"]), "/holidays/0", "no such day"),
    "a holiday twice": (lambda one: one.update(holidays=["12-24", "12-24"]), "/holidays/1", "twice"),
    "a month of holidays": (lambda one: one.update(holidays=[f"08-{day:02}" for day in range(1, 32)]), "/holidays", "21 days"),
    "no channel": (lambda one: one.update(channels=[]), "/channels", "at least one"),
    "a channel for staff": (lambda one: one.update(channels=["push"]), "/channels/0", "one of: email, sms"),
    "a channel twice": (lambda one: one.update(channels=["sms", "sms"]), "/channels", "Each once"),
    "lost at once": (lambda one: one.update(lost_after_days=6), "/lost_after_days", "7 to 365"),
    "no steps": (lambda one: one.update(steps=[]), "/steps", "1 to 20"),
    "an unknown field": (lambda one: one.update(colour="red"), "/colour", "Unknown field"),
}


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("dry_run", [True, False])
def test_an_impossible_protocol_is_refused_by_name_and_nothing_is_stored(
    what: str, dry_run: bool, adam: Api, db: Database, clinic: make.Clinic
) -> None:
    change, pointer, words = FAULTS[what]
    wanted = content()
    change(wanted)
    before = head(db, clinic)
    refusal = put(adam, {"content": wanted, "applies_to": "open"}, "default-2", dry_run=dry_run, expect=422)
    assert refusal["errors"][0]["pointer"] == f"/content{pointer}"
    assert words in refusal["errors"][0]["message"]
    assert adam.get(PATH)["version"] == "default-2"
    assert head(db, clinic) == before
