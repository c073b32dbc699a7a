"""When visits fall due and messages go out: calendar cases, and what must hold for every date in every zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import VisitStep
from server.followup.protocol import Purpose, instant, message, visits_for

ZONES = ["Europe/Budapest", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  reason: Hypothesis adds the zone
zones = st.sampled_from(ZONES).map(ZoneInfo)


@pytest.mark.parametrize(
    ("ended", "zone", "dates"),
    [
        ("2026-03-02T12:40+01:00", "Europe/Budapest", ["2026-03-16", "2026-06-02", "2027-03-02"]),
        ("2026-01-31T09:00+01:00", "Europe/Budapest", ["2026-02-14", "2026-04-30", "2027-01-31"]),  # April has no 31st
        ("2026-11-30T09:00+01:00", "Europe/Budapest", ["2026-12-14", "2027-02-28", "2027-11-30"]),
        ("2028-02-29T09:00+01:00", "Europe/Budapest", ["2028-03-14", "2028-05-29", "2029-02-28"]),  # the next leap day is 4 years away
        ("2026-03-02T23:30+00:00", "Europe/Budapest", ["2026-03-17", "2026-06-03", "2027-03-03"]),  # already the 3rd in Budapest
        ("2026-03-02T23:30+00:00", "America/New_York", ["2026-03-16", "2026-06-02", "2027-03-02"]),  # still the 2nd in New York
    ],
)
def test_visits_fall_on_calendar_dates_of_the_clinic(ended: str, zone: str, dates: list[str]) -> None:
    """Days, months and years are counted on the clinic's calendar, not in hours."""
    visits = visits_for(datetime.fromisoformat(ended), ZoneInfo(zone))
    assert [str(visit.target_date) for visit in visits] == dates
    assert [visit.step for visit in visits] == [VisitStep.TWO_WEEKS, VisitStep.THREE_MONTHS, VisitStep.ONE_YEAR]


def test_windows_and_ladders() -> None:
    """The table of the protocol."""
    weeks, months, year = visits_for(datetime(2026, 3, 2, 11, 40, tzinfo=UTC), ZoneInfo("Europe/Budapest"))
    assert (weeks.opens_on, weeks.closes_on) == (date(2026, 3, 12), date(2026, 3, 23))
    assert (months.opens_on, months.closes_on) == (date(2026, 5, 19), date(2026, 6, 16))
    assert (year.opens_on, year.closes_on) == (date(2027, 1, 31), date(2027, 4, 1))
    assert [(one.rung, one.wall) for one in weeks.messages] == [(3, "2026-03-13T10:00"), (1, "2026-03-14T10:00")]  # the 15th is a Sunday
    assert [(one.rung, one.wall) for one in months.messages] == [
        (14, "2026-05-19T10:00"),
        (3, "2026-05-30T10:00"),
        (1, "2026-06-01T10:00"),
    ]
    assert [(one.rung, one.wall) for one in year.messages] == [
        (30, "2027-01-30T10:00"),  # the 31st is a Sunday
        (7, "2027-02-23T10:00"),
        (3, "2027-02-27T10:00"),
        (1, "2027-03-01T10:00"),
    ]
    assert [one.purpose for one in year.messages] == [Purpose.BOOK, Purpose.NEAR, Purpose.NEAR, Purpose.NEAR]


def test_summer_time_moves_the_instant_and_not_the_wall_clock() -> None:
    """Ten o'clock stays ten o'clock when the clocks change on 29 March."""
    zone = ZoneInfo("Europe/Budapest")
    before = message(date(2026, 3, 28), 1, Purpose.NEAR, zone)
    after = message(date(2026, 4, 1), 1, Purpose.NEAR, zone)
    assert (before.wall[11:], after.wall[11:]) == ("10:00", "10:00")
    assert (before.due_at.hour, after.due_at.hour) == (9, 8)


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30+00:00"),  # skipped: becomes 03:30 summer time
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30+00:00"),  # happens twice: the first
        ("2011-12-30T10:00", "Pacific/Apia", "2011-12-30T20:00+00:00"),  # Samoa left out this whole day
    ],
)
def test_a_wall_time_that_does_not_exist_or_exists_twice(wall: str, zone: str, utc: str) -> None:
    """One instant for each, never none and never two."""
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == datetime.fromisoformat(utc)


def test_how_late_a_message_may_be() -> None:
    """A reminder of tomorrow is worthless after the day itself; an invitation to book keeps for a week."""
    zone = ZoneInfo("Europe/Budapest")
    near, book = message(date(2026, 6, 3), 1, Purpose.NEAR, zone), message(date(2026, 6, 3), 14, Purpose.BOOK, zone)
    assert near.expires_at - near.due_at == timedelta(days=1)
    assert book.expires_at - book.due_at == timedelta(days=7)
    assert message(date(2026, 6, 3), 0, Purpose.NEAR, zone).expires_at == datetime(2026, 6, 3, 22, tzinfo=UTC)  # midnight in Budapest


@given(moments, zones)
def test_every_plan_is_sound(ended: datetime, zone: ZoneInfo) -> None:
    """Whatever the date and the zone: in order, inside the windows, never on a Sunday, never too late to be true."""
    visits = visits_for(ended, zone)
    assert [visit.target_date for visit in visits] == sorted(visit.target_date for visit in visits)
    for visit in visits:
        midnight = datetime.combine(visit.target_date + timedelta(days=1), time())
        assert visit.opens_on < visit.target_date < visit.closes_on
        due = [one.due_at for one in visit.messages]
        assert due == sorted(due)
        assert len({one.wall[:10] for one in visit.messages}) == len(due), "two messages on one day"
        for one in visit.messages:
            wall = datetime.fromisoformat(one.wall)
            assert wall.weekday() != 6
            assert 0 <= (visit.target_date - wall.date()).days - one.rung <= 1
            assert one.due_at.astimezone(ZoneInfo(one.zone)).replace(tzinfo=None) >= wall  # later only where Samoa left out a day
            assert one.due_at < one.expires_at
            assert one.expires_at.astimezone(zone).replace(tzinfo=None) <= midnight


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)), zones)  # noqa: DTZ001  reason: wall times have no zone
def test_a_wall_time_is_never_sent_early(wall: datetime, zone: ZoneInfo) -> None:
    """Read back on the clinic's clock it is the same time, or a later one where that time was skipped."""
    assert instant(wall, zone).astimezone(zone).replace(tzinfo=None) >= wall
