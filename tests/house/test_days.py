"""Stories that begin some days ago begin that many days ago at every hour of the night."""

from datetime import UTC, datetime, timedelta

import pytest

from server import clock
from tests.days import ZONE, days_ago, today

EVENINGS = [
    datetime(2026, 11, 28, 20, 15, tzinfo=UTC),
    datetime(2026, 6, 10, 20, 15, tzinfo=UTC),
    datetime(2026, 10, 25, 20, 15, tzinfo=UTC),
]


@pytest.mark.parametrize("evening", EVENINGS, ids=["winter", "summer", "the clocks go back"])
def test_a_hundred_days_ago_is_one_day_all_night(evening: datetime) -> None:
    for hour in range(12):
        with clock.at(evening + timedelta(hours=hour)):
            assert (today() - days_ago(100).astimezone(ZONE).date()).days == 100
            assert days_ago(1) < clock.now()
