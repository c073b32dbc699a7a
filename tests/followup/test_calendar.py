"""Days and hours of the follow-up: month ends, leap days, clock changes, sending hours, closed days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.followup.calendar import Hours, Offset, end_of, instant

ZONES = ["Europe/Budapest", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
zones = st.sampled_from(ZONES).map(ZoneInfo)
walls = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31))  # noqa: DTZ001  reason: wall times have no zone
moments = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  reason: Hypothesis adds the zone
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
weekdays = st.frozensets(st.integers(0, 6), max_size=6)
EPIPHANY, CHRISTMAS = "01-06", "12-25"


@st.composite
def opening_hours(draw: st.DrawFn) -> Hours:
    """Hours as a clinic may set them: some of each day, some of each week."""
    first, second = sorted(
        draw(st.lists(st.times().map(lambda one: one.replace(second=0, microsecond=0)), min_size=2, max_size=2, unique=True))
    )
    holidays = draw(st.frozensets(days.map(date.isoformat) | st.sampled_from([EPIPHANY, CHRISTMAS, "02-29"]), max_size=5))
    return Hours(first, second, draw(weekdays), holidays)


@pytest.mark.parametrize(
    ("begins", "offset", "ends"),
    [
        ("2026-03-02", Offset(days=14), "2026-03-16"),
        ("2026-03-02", Offset(months=3), "2026-06-02"),
        ("2026-03-02", Offset(years=1), "2027-03-02"),
        ("2026-01-31", Offset(months=3), "2026-04-30"),  # April has no 31st
        ("2026-01-31", Offset(months=1), "2026-02-28"),
        ("2028-01-31", Offset(months=1), "2028-02-29"),
        ("2026-11-30", Offset(months=3), "2027-02-28"),
        ("2026-12-31", Offset(months=2), "2027-02-28"),
        ("2028-02-29", Offset(years=1), "2029-02-28"),  # the next leap day is four years away
        ("2028-02-29", Offset(years=4), "2032-02-29"),
        ("2096-02-29", Offset(years=4), "2100-02-28"),  # 2100 is no leap year
        ("2027-02-28", Offset(years=1), "2028-02-28"),
        ("2026-12-24", Offset(days=14), "2027-01-07"),
        ("2028-02-15", Offset(days=14), "2028-02-29"),
    ],
)
def test_distances_are_counted_on_the_calendar(begins: str, offset: Offset, ends: str) -> None:
    """A month too short for the day gives its last day."""
    assert offset.after(date.fromisoformat(begins)) == date.fromisoformat(ends)


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        # skipped: the time moves forward by the change
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30+00:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30+00:00"),
        ("2026-03-08T02:30", "America/St_Johns", "2026-03-08T06:00+00:00"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45+00:00"),  # half an hour is skipped
        ("2011-12-30T10:00", "Pacific/Apia", "2011-12-30T20:00+00:00"),  # Samoa left out this whole day
        # happens twice: the first
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30+00:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30+00:00"),
        ("2026-11-01T01:30", "America/St_Johns", "2026-11-01T04:00+00:00"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45+00:00"),
        ("2026-10-25T01:30", "Europe/London", "2026-10-25T00:30+00:00"),
        # ordinary
        ("2026-07-01T10:00", "Asia/Kolkata", "2026-07-01T04:30+00:00"),
        ("2026-03-30T10:00", "Europe/Budapest", "2026-03-30T08:00+00:00"),
        ("2026-03-28T10:00", "Europe/Budapest", "2026-03-28T09:00+00:00"),
    ],
)
def test_a_wall_time_is_one_instant_whatever_the_clocks_do(wall: str, zone: str, utc: str) -> None:
    """One instant for each, never none and never two."""
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == datetime.fromisoformat(utc)


@given(walls, zones)
def test_a_wall_time_is_never_early(wall: datetime, zone: ZoneInfo) -> None:
    """Read back on the same clock it is the same time, or a later one where that time was skipped."""
    assert instant(wall, zone).astimezone(zone).replace(tzinfo=None) >= wall


@pytest.mark.parametrize(
    ("day", "zone", "utc"),
    [
        ("2026-03-29", "Europe/Budapest", "2026-03-29T22:00+00:00"),  # a day of 23 hours
        ("2026-10-25", "Europe/Budapest", "2026-10-25T23:00+00:00"),  # and one of 25
        ("2026-06-03", "America/New_York", "2026-06-04T04:00+00:00"),
    ],
)
def test_a_day_ends_at_its_own_midnight(day: str, zone: str, utc: str) -> None:
    assert end_of(date.fromisoformat(day), ZoneInfo(zone)) == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("2026-03-14", "2026-03-14", "2026-03-14"),  # a Saturday is open
        ("2026-03-15", "2026-03-14", "2026-03-16"),  # a Sunday is not
        ("2026-12-25", "2026-12-24", "2026-12-28"),  # Christmas, every year; then the 26th, this year only; then a Sunday
        ("2026-12-26", "2026-12-24", "2026-12-28"),
        ("2027-12-26", "2027-12-24", "2027-12-27"),  # the 26th is open in 2027, but a Sunday
        ("2027-12-25", "2027-12-24", "2027-12-27"),
        ("2029-12-26", "2029-12-26", "2029-12-26"),
    ],
)
def test_closed_days_are_stepped_over(day: str, before: str, after: str) -> None:
    """Holidays of one year and of every year, and Sundays."""
    hours = Hours(holidays=frozenset({CHRISTMAS, "2026-12-26"}))
    asked = date.fromisoformat(day)
    assert (hours.day_before(asked), hours.day_after(asked)) == (date.fromisoformat(before), date.fromisoformat(after))


def test_a_leap_day_may_be_a_holiday_of_every_year_that_has_one() -> None:
    hours = Hours(holidays=frozenset({"02-29"}))
    assert hours.day_after(date(2028, 2, 29)) == date(2028, 3, 1)
    assert hours.is_open(date(2027, 3, 1))


@pytest.mark.parametrize(
    ("at", "moved"), [("08:59", "09:00"), ("09:00", "09:00"), ("18:59", "18:59"), ("19:00", "09:00"), ("00:00", "09:00")]
)
def test_a_time_outside_the_hours_is_moved_to_the_opening(at: str, moved: str) -> None:
    assert Hours().inside(time.fromisoformat(at)) == time.fromisoformat(moved)


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        ("2026-03-13T12:00", "2026-03-13T12:00"),  # now
        ("2026-03-13T08:59", "2026-03-13T09:00"),  # before opening
        ("2026-03-13T19:00", "2026-03-14T09:00"),  # just closed, tomorrow is Saturday
        ("2026-03-14T19:00", "2026-03-16T09:00"),  # then comes Sunday
        ("2026-03-15T00:00", "2026-03-16T09:00"),
        ("2026-03-15T23:59", "2026-03-16T09:00"),
        ("2026-10-24T20:00", "2026-10-26T09:00"),  # the clocks go back on that Sunday
    ],
)
def test_what_may_not_go_out_now_waits_for_the_next_opening(now: str, next_at: str) -> None:
    zone = ZoneInfo("Europe/Budapest")
    at = instant(datetime.fromisoformat(now), zone)
    assert Hours().next_moment(at, zone) == instant(datetime.fromisoformat(next_at), zone)


def test_hours_that_open_inside_the_hour_that_comes_twice_never_point_back() -> None:
    """At 02:10 for the second time, half past two has been once already."""
    zone = ZoneInfo("Europe/Berlin")
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert Hours(opens=time(2, 30), closed_weekdays=frozenset()).next_moment(second, zone) == second


@given(opening_hours(), days)
def test_a_moved_day_is_open_and_the_nearest(hours: Hours, day: date) -> None:
    """Between the day and where it is moved, everything is closed."""
    before, after = hours.day_before(day), hours.day_after(day)
    assert before <= day <= after
    assert hours.is_open(before)
    assert hours.is_open(after)
    closed = [before + timedelta(days=count) for count in range(1, (after - before).days)]
    assert not any(hours.is_open(one) for one in closed)


@given(opening_hours(), moments, zones)
def test_the_next_moment_is_inside_the_hours_and_not_before_now(hours: Hours, now: datetime, zone: ZoneInfo) -> None:
    """Inside the hours as the wall shows them; only where clocks skip or repeat an hour may they be missed, by that change."""
    moment = hours.next_moment(now, zone)
    assert moment >= now
    local = moment.astimezone(zone)
    if moment == now:
        return
    change = abs(local.utcoffset() - (local - timedelta(hours=25)).utcoffset()) + abs(  # type: ignore[operator]  # reason: aware times have one
        local.utcoffset() - (local + timedelta(hours=25)).utcoffset()  # type: ignore[operator]  # reason: the same
    )
    if not change:
        assert hours.is_open(local.date())
        assert local.time() == hours.opens
