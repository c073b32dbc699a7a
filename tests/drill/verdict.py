"""What the provider's ledger and the rows say afterwards: every message once, every doubt marked, nothing lost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from schemas.vocabulary import Channel, ReminderState
from server.clinics.models import Clinic
from server.db import Database
from server.followup.models import Attempt, Reminder
from server.journal.reading import verify
from tests.followup.provider import read_ledger

UNDER_WAY = (ReminderState.PENDING, ReminderState.CLAIMED, ReminderState.SENDING)
EVERYWHERE = {"all_clinics": True}
HAS_TAKEN = frozenset({ReminderState.ACCEPTED, ReminderState.DELIVERED})


@dataclass
class Verdict:
    """`faults` is empty when the promise was kept."""

    messages: int
    taken: int
    states: Counter[str]
    outcomes: Counter[str]
    late_s: list[float]
    journal_rows: int
    unknowing: int
    faults: list[str] = field(default_factory=list)

    def lateness(self, share: float) -> float:
        """Seconds after the due time by which this share of the sent messages was accepted."""
        return self.late_s[min(len(self.late_s) - 1, int(len(self.late_s) * share))] if self.late_s else 0.0

    def lines(self) -> list[str]:
        """For people."""
        late = f"p50 {self.lateness(0.5):.2f} s, p99 {self.lateness(0.99):.2f} s, longest {self.lateness(1):.2f} s"
        return [
            f"messages {self.messages}, in the provider's ledger {self.taken}",
            "states: " + ", ".join(f"{number} {state}" for state, number in sorted(self.states.items())),
            "attempts: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items())),
            f"uncertain that the provider has taken all the same: {self.unknowing}",
            f"lateness: {late}",
            f"journal: {self.journal_rows} rows verified",
            *(f"FAULT: {one}" for one in self.faults),
        ]


def taken_keys(ledger: Path, channel: Channel) -> list[str]:
    """Keys of the messages in a ledger: the gateway's rows, or the mail server's Message-IDs."""
    if channel == Channel.SMS:
        return [row.key for row in read_ledger(ledger)]
    lines = ledger.read_text().split() if ledger.exists() else []
    return [line.strip("<>").partition("@")[0] for line in lines]


def under_way(db: Database) -> int:
    """Messages that are neither settled nor in doubt."""
    with db.transaction(write=False, everywhere=True) as session:
        query = sa.select(sa.func.count()).select_from(Reminder).where(Reminder.state.in_(UNDER_WAY))
        return session.scalar(query, execution_options=EVERYWHERE) or 0


def judge(db: Database, wanted: set[str], taken: Sequence[str], *, idempotent: bool) -> Verdict:
    """Compare rows with the ledger, and verify the journal of every clinic."""
    with db.transaction(write=False, everywhere=True) as session:
        columns = (Reminder.idempotency_key, Reminder.state, Reminder.due_at, Reminder.sent_at)
        rows = session.execute(sa.select(*columns), execution_options=EVERYWHERE).all()
        outcomes = session.execute(sa.select(Attempt.outcome, sa.func.count()).group_by(Attempt.outcome), execution_options=EVERYWHERE)
        counted = Counter({str(outcome): number for outcome, number in outcomes})
        journals = [(one.name, *verify(session, one.id)) for one in session.scalars(sa.select(Clinic))]
    times = Counter(taken)
    states = {str(key): state for key, state, _, _ in rows}
    verdict = Verdict(
        messages=len(wanted),
        taken=len(taken),
        states=Counter(str(state) for state in states.values()),
        outcomes=counted,
        late_s=sorted((sent - due).total_seconds() for _, _, due, sent in rows if sent),
        journal_rows=sum(count for _, count, _ in journals),
        unknowing=sum(states.get(key) == ReminderState.UNCERTAIN for key in times),
    )
    verdict.faults += [f"the journal of {name} is broken at row {fault[0]}" for name, _, fault in journals if fault]
    verdict.faults += _faults(wanted, states, times, idempotent=idempotent)
    return verdict


def _faults(wanted: set[str], states: dict[str, ReminderState], times: Counter[str], *, idempotent: bool) -> list[str]:
    said_taken = {key for key, state in states.items() if state in HAS_TAKEN}
    doubtful = {key for key, state in states.items() if state == ReminderState.UNCERTAIN}
    found = {
        "rows lost": wanted - states.keys(),
        "rows from nowhere": states.keys() - wanted,
        "messages sent more than once": {key for key, count in times.items() if count > 1},
        "messages sent that nobody asked for": times.keys() - wanted,
        "rows called accepted that the provider never took": said_taken - times.keys(),
        "rows neither accepted nor marked as uncertain": wanted - said_taken - doubtful,
    }
    if idempotent:
        found["rows left uncertain although the provider takes keys"] = doubtful
    return [f"{len(keys)} {what}, for example {_first(keys)}" for what, keys in found.items() if keys]


def _first(keys: Iterable[str]) -> str:
    return min(keys)
