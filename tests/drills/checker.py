"""After every drill: acknowledged means exactly once, refused none, unknown none or once; the journal says the same, and is whole."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from server.clinics.models import Clinic, KeptAnswer
from server.db import Database
from server.journal.models import JournalRow
from server.journal.reading import verify
from server.patients.models import Patient
from server.procedures.models import Entry
from tests.drills.book import Broken
from tests.drills.load import Act, Load, Told
from tests.drills.serving import Answer

EVERYWHERE = {"all_clinics": True}
ASKED_AGAIN = 20
SHOWN = 3


@dataclass(frozen=True)
class _Record:
    """What the database holds, by the marks of the acts."""

    stored: Counter[str]
    journaled: Counter[str]
    keys: frozenset[str]


def _read(db: Database) -> _Record:
    with db.transaction(write=False, everywhere=True) as session:
        entries = session.execute(sa.select(Entry.id, Entry.details).where(Entry.kind == "note"), execution_options=EVERYWHERE).all()
        patients = session.execute(sa.select(Patient.id, Patient.mrn), execution_options=EVERYWHERE).all()
        rows = Counter(session.scalars(sa.select(JournalRow.record_id), execution_options=EVERYWHERE))
        keys = frozenset(session.scalars(sa.select(KeptAnswer.key).where(KeptAnswer.status.is_not(None))))
    found = [(one, str(details["text"])) for one, details in entries] + [(one, mrn) for one, mrn in patients]
    journaled: Counter[str] = Counter()
    for record_id, mark in found:
        journaled[mark] += rows[record_id]
    return _Record(Counter(mark for _, mark in found), journaled, keys)


def _faults(acts: list[Act], record: _Record) -> Iterator[tuple[str, str]]:
    for act in acts:
        times = record.stored[act.mark]
        if act.told == Told.DONE and times != 1:
            yield f"acknowledged and stored {times} times", act.mark
        if act.told == Told.REFUSED and times:
            yield "refused and stored", act.mark
        if act.told == Told.UNKNOWN and times > 1:
            yield f"unknown and stored {times} times", act.mark
        if act.nothing_was_stored and times:
            yield 'answered "Nothing was stored", and it was', act.mark
        if record.journaled[act.mark] != times:
            yield "not in the journal as often as in the record", act.mark
        if act.key and (act.key in record.keys) != (times == 1):
            yield "its key is kept and it is not stored, or the other way round", act.mark


def kept(db: Database, acts: list[Act]) -> None:
    """Broken where one of these acknowledged acts is not there exactly once."""
    record = _read(db)
    missing = [act.mark for act in acts if record.stored[act.mark] != 1]
    if missing:
        raise Broken(f"{len(missing)} of {len(acts)} acknowledged before the backup are not in it, for example {missing[0]}")


def whole(db: Database) -> int:
    """Rows of all journals, each with its chain, checkpoints and signatures verified; Broken where one is not whole."""
    with db.transaction(write=False, everywhere=True) as session:
        clinics = [one.id for one in session.scalars(sa.select(Clinic))]
    count = 0
    for clinic_id in clinics:
        with db.transaction(clinic_id, write=False) as session:
            rows, fault = verify(session, clinic_id)
        if fault:
            raise Broken(f"the journal is broken at row {fault[0]}: {fault[1]}")
        count += rows
    return count


def _same_again(load: Load, send: Callable[[Act], Answer]) -> int:
    """How many acknowledged acts, asked for again, got the answer of the first time."""
    done = [act for act in load.acts if act.told == Told.DONE and act.key][-ASKED_AGAIN:]
    for act in done:
        answer = send(act)
        if answer.status >= 300 or answer.body != act.answer:
            raise Broken(f"{act.mark} asked for again under its key: {answer.status}, another answer than before")
    return len(done)


def check(load: Load, ask: Callable[[Act], Answer] | None = None) -> list[str]:
    """What was counted; Broken with the first faults. `ask` sends an act again, where a server is there to answer."""
    if any(thread.is_alive() for thread in load.threads):
        raise Broken("a writer never came back")
    again = _same_again(load, ask) if ask else 0
    load.db.close()  # connections that broke are not asked
    record = _read(load.db)
    faults = Counter[str]()
    examples: dict[str, str] = {}
    for what, mark in _faults(load.acts, record):
        faults[what] += 1
        examples.setdefault(what, mark)
    if faults:
        raise Broken("; ".join(f"{count} {what}, for example {examples[what]}" for what, count in faults.most_common(SHOWN)))
    if not load.count(Told.DONE):
        raise Broken("nothing was acknowledged, so nothing was shown")
    rows = whole(load.db)
    repeated = sum(act.tries > 1 for act in load.acts)
    unknown = [act for act in load.acts if act.told == Told.UNKNOWN]
    stored = sum(record.stored[act.mark] for act in unknown)
    return [
        f"{load.count(Told.DONE)} acknowledged, {load.count(Told.REFUSED)} refused, {len(unknown)} left unknown ({stored} stored)",
        f"{repeated} sent more than once",
        *([f"{again} asked again: same answer"] if again else []),
        f"{rows} journal rows verified",
    ]
