"""Days before today as Riverside counts them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server import clock

ZONE = ZoneInfo("Europe/Budapest")


def today() -> date:
    """The day it is at Riverside."""
    return clock.now().astimezone(ZONE).date()


def days_ago(days: float) -> datetime:
    """Noon at Riverside so many days ago (UTC).

    The day is then the same whenever the tests run: a time of day carried from winter into summer is an hour later on the wall, and so
    the next day for one hour of each night.
    """
    whole = int(days)
    noon = datetime.combine(today() - timedelta(days=whole), time(12), ZONE)
    return noon.astimezone(UTC) - timedelta(days=days - whole)


def camera(days: float) -> str:
    """The same, as a camera's clock says it."""
    return days_ago(days).isoformat(timespec="seconds")
