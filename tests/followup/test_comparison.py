"""What stands against what should stand: after the difference is carried out nothing is left to do, whatever changed before."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import Purpose, ReminderState, VisitState
from server.followup import comparison
from server.followup.comparison import ALREADY_TOLD, NO_CONSENT, SUPERSEDED, WINDOW_CLOSED, Facts
from server.followup.planning import Message, PlannedVisit
from server.followup.protocol import DEFAULT, Protocol
from tests.followup.test_calendar import opening_hours, zones
from tests.followup.test_planning import protocols

BUDAPEST = ZoneInfo("Europe/Budapest")
ENDED = date(2026, 3, 2)
FACTS = Facts(ENDED, DEFAULT, BUDAPEST, BUDAPEST)
DURING = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Row:
    """A stored message."""

    rung: int
    purpose: Purpose
    due_at: datetime
    expires_at: datetime
    about_on: date | None
    state: ReminderState = ReminderState.PENDING
    reason: str | None = None


@dataclass
class Kept:
    """A stored visit with its messages, carried on as the service does it."""

    step: str
    title: str
    protocol_version: str
    target_date: date
    opens_on: date
    closes_on: date
    state: VisitState = VisitState.PLANNED
    reason: str | None = None
    booked_for: datetime | None = None
    rows: list[Row] = field(default_factory=list)

    def carry_out(self, facts: Facts, now: datetime, *, fresh: bool = False) -> comparison.Difference:
        """Make the messages what they should be."""
        todo = comparison.difference(self, self.rows, facts, now, fresh=fresh)
        for row in todo.drop:
            assert isinstance(row, Row)
            row.state = ReminderState.CANCELLED if facts.consent else ReminderState.SUPPRESSED
            row.reason = SUPERSEDED if facts.consent else NO_CONSENT
        self.rows += [self._row(one, facts) for one in todo.add]
        self.rows += [replace(self._row(one, facts), state=ReminderState.SUPPRESSED, reason=ALREADY_TOLD) for one in todo.told]
        return todo

    def _row(self, one: Message, facts: Facts) -> Row:
        return Row(one.rung, one.purpose, one.due_at, one.expires_at, comparison.about(self, facts.clinic))

    def waiting(self) -> list[tuple[int, datetime]]:
        """(rung, due) of what is still to be sent."""
        return sorted(((row.rung, row.due_at) for row in self.rows if row.state == ReminderState.PENDING), key=lambda one: one[1])


def kept(planned: PlannedVisit, version: str = DEFAULT.version) -> Kept:
    """The visit as it is first stored."""
    return Kept(planned.step, planned.title, version, planned.target_date, planned.opens_on, planned.closes_on)


def scheduled(step: str = "3m", facts: Facts = FACTS, now: datetime = DURING) -> Kept:
    """A visit with its messages, as completing the procedure left it."""
    visit = kept(comparison.wanted(facts)[0][step], facts.protocol.version)
    visit.carry_out(facts, now, fresh=True)
    return visit


def moved(visit: Kept, facts: Facts) -> None:
    """Put the visit where the facts want it."""
    planned = comparison.wanted(facts)[0][visit.step]
    visit.target_date, visit.opens_on, visit.closes_on = planned.target_date, planned.opens_on, planned.closes_on


def test_scheduling_again_changes_nothing() -> None:
    visit = scheduled()
    assert [rung for rung, _ in visit.waiting()] == [14, 3, 1, -4, -11]
    assert not visit.carry_out(FACTS, DURING)


def test_a_corrected_date_replaces_what_was_not_sent() -> None:
    visit, later = scheduled(), replace(FACTS, ended_on=date(2026, 3, 9))
    moved(visit, later)
    todo = visit.carry_out(later, DURING)
    assert (len(todo.add), len(todo.drop), len(todo.told)) == (5, 5, 0)
    assert not visit.carry_out(later, DURING)


def test_a_message_that_was_sent_is_not_sent_again_for_the_same_day() -> None:
    """The hour of sending changed after the first message had gone out: that one is noted as told."""
    visit = scheduled()
    visit.rows[0].state = ReminderState.DELIVERED
    evening = replace(FACTS, protocol=replace(DEFAULT, send_at=DEFAULT.hours.opens))
    todo = visit.carry_out(evening, visit.rows[0].due_at - timedelta(hours=2))
    assert [one.rung for one in todo.told] == [14]
    assert [rung for rung, _ in visit.waiting()] == [3, 1, -4, -11]
    assert not visit.carry_out(evening, visit.rows[0].due_at)


@pytest.mark.parametrize("state", [ReminderState.SENDING, ReminderState.UNCERTAIN, ReminderState.ACCEPTED])
def test_what_may_have_gone_out_counts_as_sent(state: ReminderState) -> None:
    """Never a second message for the same day because of a doubt."""
    visit = scheduled()
    visit.rows[0].state = state
    assert 14 not in [one.rung for one in visit.carry_out(FACTS, DURING).add]


def test_another_day_is_other_news() -> None:
    """Told of 2 June already, the patient is told of 9 June as well."""
    visit, later = scheduled(), replace(FACTS, ended_on=date(2026, 3, 9))
    visit.rows[0].state = ReminderState.DELIVERED
    moved(visit, later)
    assert [one.rung for one in visit.carry_out(later, DURING).add] == [14, 3, 1, -4, -11]


def test_consent_withdrawn_takes_all_back_and_given_again_brings_back_what_is_not_over() -> None:
    visit, silent = scheduled(), replace(FACTS, consent=False)
    assert len(visit.carry_out(silent, DURING).drop) == 5
    assert visit.waiting() == []
    assert not visit.carry_out(silent, DURING)
    after_the_first = visit.rows[0].expires_at + timedelta(minutes=1)
    assert [one.rung for one in visit.carry_out(FACTS, after_the_first).add] == [3, 1, -4, -11]


def test_a_booked_visit_is_not_asked_to_be_booked_and_never_reminded_after_it() -> None:
    """Agreed on for 4 June at nine: nothing about booking, and the last reminder is over when she comes."""
    visit = scheduled()
    visit.state, visit.booked_for = VisitState.BOOKED, datetime(2026, 6, 4, 7, tzinfo=UTC)
    visit.carry_out(FACTS, DURING)
    assert [rung for rung, _ in visit.waiting()] == [3, 1]
    before = [row for row in visit.rows if row.state == ReminderState.PENDING and row.rung > 0]
    assert all(row.due_at < row.expires_at <= visit.booked_for for row in before)
    assert not visit.carry_out(FACTS, DURING)


def test_whose_clock_is_far_behind_is_not_reminded_after_the_visit() -> None:
    """In Honolulu it is still yesterday when she is expected in Auckland, and ten o'clock there is too late."""
    clinic, patient = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
    facts = Facts(ENDED, DEFAULT, clinic, patient)
    visit = scheduled(facts=facts)
    visit.state, visit.booked_for = VisitState.BOOKED, datetime(2026, 6, 4, 8, tzinfo=clinic).astimezone(UTC)
    visit.carry_out(facts, DURING)
    before = [row for row in visit.rows if row.state == ReminderState.PENDING and row.rung > 0]
    assert [row.rung for row in before] == [3]
    assert all(row.due_at < row.expires_at <= visit.booked_for for row in before)


def test_a_missed_visit_is_only_chased_and_a_settled_one_left_alone() -> None:
    visit = scheduled()
    visit.state, visit.reason = VisitState.MISSED, WINDOW_CLOSED
    assert [one.purpose for one in comparison.messages_of(visit, FACTS)] == [Purpose.CHASE, Purpose.CHASE]
    for state in (VisitState.ATTENDED, VisitState.ANSWERED, VisitState.DECLINED, VisitState.LOST_TO_FOLLOW_UP, VisitState.CANCELLED):
        visit.state = state
        assert comparison.messages_of(visit, FACTS) == []


@pytest.mark.parametrize(
    ("facts", "stands", "why"),
    [
        (replace(FACTS, unfollowed="patient_died"), [], {"patient_died"}),
        (replace(FACTS, unfollowed="procedure_entered_in_error"), [], {"procedure_entered_in_error"}),
        (replace(FACTS, retreated_on=date(2026, 4, 1)), ["d7", "d14", "d21", "d28", "2w"], {"re_treatment"}),
        (replace(FACTS, ended_on=None), [], set()),
    ],
)
def test_who_is_no_longer_followed(facts: Facts, stands: list[str], why: set[str]) -> None:
    """A later treatment ends what lies after it; a death or a withdrawal ends all."""
    steps, refused = comparison.wanted(facts)
    assert list(steps) == stands
    assert set(refused.values()) == why


@pytest.mark.parametrize(
    ("day", "state", "stands"),
    [
        ("2026-05-18", VisitState.PLANNED, VisitState.PLANNED),
        ("2026-05-19", VisitState.PLANNED, VisitState.DUE),
        ("2026-06-16", VisitState.DUE, VisitState.DUE),
        ("2026-06-17", VisitState.DUE, VisitState.MISSED),
        ("2026-06-17", VisitState.BOOKED, VisitState.BOOKED),
    ],
)
def test_where_a_visit_stands_by_the_calendar(day: str, state: VisitState, stands: VisitState) -> None:
    """Both days of the window are included; what was arranged is for a person to say."""
    planned = comparison.wanted(FACTS)[0]["3m"]
    assert comparison.state_on(date.fromisoformat(day), planned, state) == stands


@pytest.mark.parametrize("reason", ["re_treatment", "patient_died", "procedure_abandoned", "not_in_protocol"])
def test_what_a_rule_cancelled_a_rule_may_bring_back(reason: str) -> None:
    visit = kept(comparison.wanted(FACTS)[0]["3m"])
    visit.state, visit.reason = VisitState.CANCELLED, reason
    assert comparison.may_return(visit)
    visit.reason = "somebody said so"
    assert not comparison.may_return(visit)


facts_of = st.builds(
    lambda ended, protocol, clinic, patient, consent: Facts(ended, protocol, clinic, patient, consent=consent),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.one_of(st.just(DEFAULT), protocols(), opening_hours().map(lambda hours: Protocol("5", DEFAULT.steps, hours.opens, hours))),
    zones,
    zones,
    st.sampled_from([True, True, True, False]),
)


@given(facts_of, st.lists(st.tuples(facts_of, st.integers(0, 500), st.integers(0, 9)), min_size=1, max_size=4), st.data())
def test_carrying_out_the_difference_leaves_none(first: Facts, changes: list[tuple[Facts, int, int]], data: st.DataObject) -> None:
    """However the facts change and whatever was sent meanwhile: done twice is done once, and nothing is said twice of one day."""
    planned = next(iter(comparison.wanted(first)[0].values()))
    visit, now = kept(planned), datetime(2024, 1, 1, tzinfo=UTC)
    visit.carry_out(first, now, fresh=True)
    assert not comparison.difference(visit, visit.rows, first, now)
    for facts, hours, turn in changes:
        now += timedelta(hours=hours)
        _some_are_sent(visit, now, data)
        if (again := comparison.wanted(facts)[0].get(visit.step)) is not None:
            visit.target_date, visit.opens_on, visit.closes_on = again.target_date, again.opens_on, again.closes_on
        if turn == 0:
            visit.state, visit.booked_for = VisitState.BOOKED, now + timedelta(hours=hours + 1)
        elif turn == 1:
            visit.state = VisitState.MISSED
        visit.carry_out(facts, now)
        assert not comparison.difference(visit, visit.rows, facts, now)
    _nothing_twice(visit)


def _some_are_sent(visit: Kept, now: datetime, data: st.DataObject) -> None:
    for row in visit.rows:
        if row.state == ReminderState.PENDING and row.due_at <= now:
            row.state = data.draw(
                st.sampled_from([ReminderState.DELIVERED, ReminderState.UNCERTAIN, ReminderState.EXPIRED, ReminderState.DEAD])
            )


def _nothing_twice(visit: Kept) -> None:
    live = [row for row in visit.rows if row.state in comparison.TOLD | {ReminderState.PENDING}]
    news = [(row.purpose, row.rung, row.about_on) for row in live]
    assert len(news) == len(set(news))
