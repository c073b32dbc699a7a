"""From a procedure's end to visits and messages: the table of the protocol, and what must hold for every date, zone and protocol."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import Channel, Purpose, VisitKind
from server.followup.calendar import Hours, Offset
from server.followup.planning import Message, messages_for, visits_for
from server.followup.protocol import BUILT_IN, DEFAULT, DEFAULT_VERSION, Protocol, Rung, Step, from_content, to_content
from tests.followup.test_calendar import opening_hours, zones

BUDAPEST = ZoneInfo("Europe/Budapest")
ENDED = date(2026, 3, 2)
endings = st.dates(date(2000, 1, 1), date(2090, 12, 31))


def messages(step: str, protocol: Protocol = DEFAULT, ended: date = ENDED, zone: ZoneInfo = BUDAPEST) -> list[Message]:
    """Of one step of a procedure."""
    visit = next(one for one in visits_for(ended, protocol) if one.step == step)
    found = protocol.step(step)
    assert found is not None
    return messages_for(found, visit.target_date, visit.closes_on, protocol, zone)


def said(found: list[Message]) -> list[tuple[int, Purpose, str]]:
    """What a reader of the plan looks at."""
    return [(one.rung, one.purpose, one.wall) for one in found]


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    """A protocol of a few steps, as the editor accepts them one by one."""
    hours = draw(opening_hours())
    minutes = draw(st.integers(hours.opens.hour * 60 + hours.opens.minute, hours.closes.hour * 60 + hours.closes.minute - 1))
    offsets = st.one_of(
        st.integers(7, 1000).map(lambda days: Offset(days=days)),
        st.integers(1, 60).map(lambda months: Offset(months=months)),
        st.integers(1, 10).map(lambda years: Offset(years=years)),
    )
    steps = []
    for number in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            ladder = tuple(Rung(days) for days in sorted(draw(st.sets(st.integers(0, 60), max_size=4)), reverse=True))
            chase = tuple(sorted(draw(st.sets(st.integers(1, 60), max_size=4))))
            steps.append(Step(f"v{number}", "Visit", draw(offsets), draw(st.integers(0, 7)), draw(st.integers(0, 60)), ladder, chase))
        else:
            ladder = (Rung(0, Purpose.CHECK_IN),)
            steps.append(Step(f"c{number}", "Check-in", draw(offsets), 0, draw(st.integers(0, 7)), ladder, kind=VisitKind.CHECK_IN))
    return Protocol("7", tuple(steps), time(minutes // 60, minutes % 60), hours)


def test_the_default_is_the_table_of_the_design() -> None:
    """Visits after two weeks, three months and a year with their windows; check-ins on days 7, 14, 21 and 28."""
    visits = visits_for(ENDED, DEFAULT)
    assert [(one.step, str(one.target_date), str(one.opens_on), str(one.closes_on)) for one in visits if one.kind == VisitKind.VISIT] == [
        ("2w", "2026-03-16", "2026-03-12", "2026-03-23"),
        ("3m", "2026-06-02", "2026-05-19", "2026-06-16"),
        ("1y", "2027-03-02", "2027-01-31", "2027-04-01"),
    ]
    assert [(one.step, str(one.target_date)) for one in visits if one.kind == VisitKind.CHECK_IN] == [
        ("d7", "2026-03-09"),
        ("d14", "2026-03-16"),
        ("d21", "2026-03-23"),
        ("d28", "2026-03-30"),
    ]


def test_the_default_messages() -> None:
    """Sundays are stepped over: towards the past before a visit, towards the future after a window."""
    book, near, chase, check_in = Purpose.BOOK, Purpose.NEAR, Purpose.CHASE, Purpose.CHECK_IN
    assert said(messages("2w")) == [
        (3, near, "2026-03-13T10:00"),
        (1, near, "2026-03-14T10:00"),  # the 15th is a Sunday
        (-4, chase, "2026-03-27T10:00"),
        (-11, chase, "2026-04-03T10:00"),
    ]
    assert said(messages("3m")) == [
        (14, book, "2026-05-19T10:00"),
        (3, near, "2026-05-30T10:00"),
        (1, near, "2026-06-01T10:00"),
        (-4, chase, "2026-06-20T10:00"),
        (-11, chase, "2026-06-27T10:00"),
    ]
    assert said(messages("1y")) == [
        (30, book, "2027-01-30T10:00"),  # the 31st is a Sunday
        (7, near, "2027-02-23T10:00"),
        (3, near, "2027-02-27T10:00"),
        (1, near, "2027-03-01T10:00"),
        (-4, chase, "2027-04-05T10:00"),
        (-11, chase, "2027-04-12T10:00"),
    ]
    assert said(messages("d7")) == [(0, check_in, "2026-03-09T10:00"), (-1, check_in, "2026-03-10T10:00")]


def test_a_check_in_takes_answers_two_days_before_and_after() -> None:
    """What the built-in protocol said before stays with those who were scheduled under it."""
    visits = [one for one in visits_for(date(2026, 3, 2), DEFAULT) if one.kind == VisitKind.CHECK_IN]
    assert {((one.target_date - one.opens_on).days, (one.closes_on - one.target_date).days) for one in visits} == {(2, 2)}
    before = [one for one in BUILT_IN["default-1"].steps if one.kind == VisitKind.CHECK_IN]
    assert {(one.opens, one.closes, one.ladder) for one in before} == {(0, 3, (Rung(0, Purpose.CHECK_IN),))}


def test_a_question_of_a_closed_day_is_asked_on_the_next_open_one() -> None:
    """Day 7 after Sunday 8 March is a Sunday, and the Monday after it a holiday."""
    protocol = Protocol("2", DEFAULT.steps, hours=Hours(holidays=frozenset({"2026-03-16"})))
    assert said(messages("d7", protocol, date(2026, 3, 8))) == [(-1, Purpose.CHECK_IN, "2026-03-17T10:00")], "once"


def test_two_messages_that_closed_days_push_together_become_the_nearer_one() -> None:
    """Friday, Saturday and Sunday are closed: three days and one day before Monday are both Thursday."""
    protocol = Protocol("2", DEFAULT.steps, hours=Hours(closed_weekdays=frozenset({4, 5, 6})))
    assert said(messages("2w", protocol))[0] == (1, Purpose.NEAR, "2026-03-12T10:00")


def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change() -> None:
    """The wall time stays, the instant moves: Budapest's clocks go forward on 29 March 2026."""
    before, after = messages("2w")[0], messages("2w")[-1]
    assert (before.wall[11:], after.wall[11:]) == ("10:00", "10:00")
    assert (before.due_at.hour, after.due_at.hour) == (9, 8)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Europe/Budapest", "2026-03-13T09:00+00:00"),
        ("America/New_York", "2026-03-13T14:00+00:00"),
        ("Pacific/Auckland", "2026-03-12T21:00+00:00"),
        ("Asia/Kolkata", "2026-03-13T04:30+00:00"),
    ],
)
def test_the_hour_is_the_patients_and_the_day_the_clinics(zone: str, utc: str) -> None:
    """Who has gone home to another part of the world is not woken at night."""
    first = messages("2w", zone=ZoneInfo(zone))[0]
    assert (first.wall, first.zone, first.due_at) == ("2026-03-13T10:00", zone, datetime.fromisoformat(utc))


def test_how_late_a_message_may_be() -> None:
    """A reminder of tomorrow is worthless after the day itself; an invitation to book keeps for a week."""
    book, _, near, chase, last = messages("3m")
    assert book.expires_at - book.due_at == timedelta(days=7)
    assert near.expires_at - near.due_at == timedelta(days=1)
    assert chase.expires_at < chase.due_at + timedelta(days=7)  # the second one takes its place
    assert last.expires_at - last.due_at == timedelta(days=7)
    asked, again = messages("d7")
    assert asked.expires_at == again.due_at - timedelta(hours=12)
    assert again.expires_at - again.due_at == timedelta(hours=38), "until the window ends"


def test_a_reminder_of_the_day_itself_is_never_sent_after_it() -> None:
    """On a closed day it goes out on the open day before."""
    step = Step("x", "X", Offset(days=14), 4, 7, (Rung(0),))
    (today,) = messages_for(step, date(2026, 3, 15), date(2026, 3, 22), DEFAULT, BUDAPEST)
    assert said([today]) == [(0, Purpose.NEAR, "2026-03-14T10:00")]
    (open_day,) = messages_for(step, date(2026, 3, 16), date(2026, 3, 23), DEFAULT, BUDAPEST)
    assert open_day.expires_at == datetime(2026, 3, 16, 23, tzinfo=UTC)


def test_after_an_outage_a_patient_gets_one_message_and_not_two() -> None:
    """A message is no longer sent when the next one of the same visit is half a day away."""
    for step in ("2w", "3m", "1y"):
        found = messages(step)
        assert all(one.expires_at <= following.due_at - timedelta(hours=12) for one, following in pairwise(found))


def test_a_visit_without_messages_has_none() -> None:
    step = Step("x", "X", Offset(days=14), 4, 7, ())
    assert messages_for(step, date(2026, 3, 16), date(2026, 3, 23), DEFAULT, BUDAPEST) == []


def test_no_message_about_a_day_outlives_it() -> None:
    """An invitation three days before can wait three days, not seven."""
    step = Step("x", "X", Offset(days=14), 4, 7, (Rung(3, Purpose.BOOK),))
    (book,) = messages_for(step, date(2026, 3, 16), date(2026, 3, 23), DEFAULT, BUDAPEST)
    assert book.expires_at == datetime(2026, 3, 16, 23, tzinfo=UTC)  # midnight in Budapest


def test_a_protocol_survives_its_wire_form() -> None:
    """What a person edits is what is planned by."""
    assert from_content(to_content(DEFAULT), DEFAULT_VERSION) == DEFAULT
    other = Protocol(
        "9",
        (Step("6w", "6 weeks", Offset(days=42), 3, 9, (Rung(10, Purpose.BOOK), Rung(2)), (5,)),),
        time(16, 30),
        Hours(time(8), time(20, 15), frozenset({5, 6}), frozenset({"12-25", "2026-08-20"})),
        (Channel.SMS,),
        60,
    )
    assert from_content(to_content(other), "9") == other


@given(protocols())
def test_every_protocol_survives_its_wire_form(protocol: Protocol) -> None:
    assert from_content(to_content(protocol), "7") == protocol


@given(protocols(), endings, zones)
def test_every_plan_is_sound(protocol: Protocol, ended: date, zone: ZoneInfo) -> None:
    """In order, in the sending hours, on open days, one a day, and none that speaks of a visit after it."""
    for visit in visits_for(ended, protocol):
        step = protocol.step(visit.step)
        assert step is not None
        assert visit.opens_on <= visit.target_date <= visit.closes_on
        found = messages_for(step, visit.target_date, visit.closes_on, protocol, zone)
        assert [one.due_at for one in found] == sorted(one.due_at for one in found)
        assert len({one.wall[:10] for one in found}) == len(found), "two messages on one day"
        for one in found:
            _is_sound(one, protocol, zone, visit.target_date, visit.closes_on)


def _is_sound(one: Message, protocol: Protocol, zone: ZoneInfo, target: date, closes_on: date) -> None:
    wall = datetime.fromisoformat(one.wall)
    assert protocol.hours.opens <= wall.time() < protocol.hours.closes
    assert protocol.hours.is_open(wall.date())
    assert one.due_at < one.expires_at
    local = one.due_at.astimezone(zone).replace(tzinfo=None)
    assert local >= wall
    if one.purpose == Purpose.CHASE:
        assert wall.date() >= closes_on - one.rung * timedelta(days=1)
    elif one.purpose != Purpose.CHECK_IN:
        assert wall.date() <= target - one.rung * timedelta(days=1)
        assert (one.expires_at - timedelta(hours=1)).astimezone(zone).replace(tzinfo=None) <= datetime.combine(
            target + timedelta(days=1), time()
        )
    else:
        assert wall.date() >= target - one.rung * timedelta(days=1)


@given(endings, zones, st.sampled_from([step.step for step in DEFAULT.steps]))
def test_the_default_never_sends_on_a_sunday_nor_at_night(ended: date, zone: ZoneInfo, step: str) -> None:
    """On the patient's own wall, with the one exception of a day that Samoa left out."""
    for one in messages(step, DEFAULT, ended, zone):
        local = one.due_at.astimezone(zone)
        assert 9 <= local.hour < 19
        assert local.weekday() != 6 or local.date() == date(2012, 1, 1)
