"""Three protocols as a clinic writes them: the design's table, the same with holidays, and a later one with other steps and hours."""

from typing import Any

TWO_WEEKS = {
    "step": "2w",
    "title": "2 weeks",
    "kind": "visit",
    "after": {"days": 14},
    "opens_days_before": 4,
    "closes_days_after": 7,
    "messages": [{"days_before": 3, "purpose": "near"}, {"days_before": 1, "purpose": "near"}],
    "chase_days_after_window": [4, 11],
}
THREE_MONTHS = {
    "step": "3m",
    "title": "3 months",
    "kind": "visit",
    "after": {"months": 3},
    "opens_days_before": 14,
    "closes_days_after": 14,
    "messages": [{"days_before": 14, "purpose": "book"}, {"days_before": 3, "purpose": "near"}, {"days_before": 1, "purpose": "near"}],
    "chase_days_after_window": [4, 11],
}
ONE_YEAR = {
    "step": "1y",
    "title": "1 year",
    "kind": "visit",
    "after": {"years": 1},
    "opens_days_before": 30,
    "closes_days_after": 30,
    "messages": [
        {"days_before": 30, "purpose": "book"},
        {"days_before": 7, "purpose": "near"},
        {"days_before": 3, "purpose": "near"},
        {"days_before": 1, "purpose": "near"},
    ],
    "chase_days_after_window": [4, 11],
}


def _check_in(days: int) -> dict[str, Any]:
    return {
        "step": f"d{days}",
        "title": f"Day {days}",
        "kind": "check_in",
        "after": {"days": days},
        "opens_days_before": 2,
        "closes_days_after": 2,
        "messages": [{"days_before": 0, "purpose": "check_in"}, {"days_before": -1, "purpose": "check_in"}],
        "chase_days_after_window": [],
    }


DEFAULT: dict[str, Any] = {
    "steps": [*(_check_in(days) for days in (7, 14, 21, 28)), TWO_WEEKS, THREE_MONTHS, ONE_YEAR],
    "send_at": "10:00",
    "sending_hours": {"from": "09:00", "until": "19:00"},
    "closed_weekdays": ["sunday"],
    "holidays": [],
    "channels": ["email", "sms"],
    "lost_after_days": 28,
}
HOLIDAYS = DEFAULT | {
    "holidays": ["01-01", "03-15", "05-01", "08-20", "10-23", "11-01", "12-24", "12-25", "12-26", "2027-03-29", "2028-04-17"]
}
SIX_WEEKS = HOLIDAYS | {
    "steps": [
        _check_in(7),
        _check_in(28),
        TWO_WEEKS,
        THREE_MONTHS | {"step": "6w", "title": "6 weeks", "after": {"days": 42}, "opens_days_before": 7, "closes_days_after": 7},
        ONE_YEAR | {"chase_days_after_window": [5]},
    ],
    "send_at": "16:30",
    "sending_hours": {"from": "08:00", "until": "18:00"},
    "closed_weekdays": ["saturday", "sunday"],
}
PROTOCOLS = {"default": DEFAULT, "holidays": HOLIDAYS, "six_weeks": SIX_WEEKS}
