"""What must hold after every life: each fact once and whole, all tablets alike, nothing gone back, every loser kept, the chain whole."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from schemas.sync_words import IssueKind, IssueState
from server.db import Database
from server.journal import reading as journal
from server.journal.models import JournalRow
from server.procedures.models import Entry
from server.sync.models import Issue
from tests import make
from tests.offline.life import EDITED
from tests.offline.tablet import COLLECTIONS, Document, Tablet, version

_NAMED = re.compile(r"(\S+) ([0-9]+)\Z")
"""Whose text it is and its number, which only grows."""
_MARKS = frozenset({"write_id", "_deleted"})
"""Of an entry: what says which save it was, and not what happened."""


def broken(db: Database, clinic: make.Clinic, tablets: Sequence[Tablet], *, restored: bool) -> Iterator[str]:
    """Every promise that does not hold, in words. After a restore, what only the lost journal knew cannot be asked for."""
    with db.transaction(clinic.id, write=False) as session:
        entries = {str(one.id): one.document() for one in session.scalars(sa.select(Entry))}
        issues = session.scalars(sa.select(Issue)).all()
        kept = [one.sent or "" for one in issues]
        gaps = [one.reasons for one in issues if one.kind == IssueKind.GAP and one.state == IssueState.OPEN]
        rows = session.scalars(sa.select(JournalRow).where(JournalRow.clinic_id == clinic.id).order_by(JournalRow.seq)).all()
        history = [(one.collection, str(one.record_id), str(one.write_id), json.loads(one.body or "{}")) for one in rows]
        _, fault = journal.verify(session, clinic.id)
    if fault:
        yield f"the chain is broken at {fault}"
    yield from (f"everything has arrived, and the server still misses something: {one}" for one in gaps)
    yield from _facts(tablets, entries, kept)
    yield from _alike(tablets)
    yield from _nothing_goes_back(history)
    if not restored:
        yield from _losers(tablets, history, kept)


def _facts(tablets: Sequence[Tablet], entries: dict[str, Document], kept: Sequence[str]) -> Iterator[str]:
    for tablet in tablets:
        for (collection, fact_id), fact in tablet.saved:
            if collection != "entries":
                continue
            stored = entries.get(fact_id)
            if stored is None and not any(fact_id in one for one in kept):
                yield f"{tablet.name} recorded {fact_id} and nobody has it"
            if stored is not None and any(_value(stored, name) != _value(fact, name) for name in fact if name not in _MARKS):
                yield f"{tablet.name} recorded {fact} and the server has {stored}"


def _value(document: Document, name: str) -> Any:
    value = document.get(name)
    return value[:19] if name == "recorded_at" and isinstance(value, str) else value


def _alike(tablets: Sequence[Tablet]) -> Iterator[str]:
    for collection in COLLECTIONS:
        views = [{key: doc for key, doc in one.documents.items() if key[0] == collection} for one in tablets]
        for tablet, view in zip(tablets, views, strict=True):
            for key in views[0].keys() | view.keys():
                if not _same(view.get(key), views[0].get(key)):
                    yield f"{tablets[0].name} and {tablet.name} differ about {key}: {views[0].get(key)} and {view.get(key)}"


def _same(one: Document | None, other: Document | None) -> bool:
    return one is not None and other is not None and {**one, "_deleted": False} == {**other, "_deleted": False}


def _nothing_goes_back(history: Sequence[tuple[str, str, str, Document]]) -> Iterator[str]:
    """Of each tablet's texts in one field, a later one is never followed by an earlier one."""
    latest: dict[tuple[str, str, str], int] = defaultdict(int)
    now: dict[tuple[str, str], Any] = {}
    for collection, record_id, _, body in history:
        for name in EDITED.get(collection, ()):
            before, value = now.get((record_id, name)), body.get(name)
            now[record_id, name] = value
            said = _NAMED.match(str(value))
            if value == before or not said:
                continue
            whose, number = (record_id, name, said[1]), int(said[2])
            if number < latest[whose]:
                yield f"{collection} {record_id} went back to {value}"
            latest[whose] = max(latest[whose], number)


def _losers(tablets: Sequence[Tablet], history: Sequence[tuple[str, str, str, Document]], kept: Sequence[str]) -> Iterator[str]:
    """What a tablet was told has arrived can be found: in the history of the record, or among what a person should look at."""
    found = {(record_id, name, body.get(name)) for collection, record_id, _, body in history for name in EDITED.get(collection, ())}
    for tablet in tablets:
        for (collection, record_id), document in tablet.saved:
            if version(document) not in tablet.receipts:
                continue  # overwritten on the tablet itself before it was sent
            for name in EDITED.get(collection, ()):
                value = document.get(name)
                if value and (record_id, name, value) not in found and not any(str(value) in one for one in kept):
                    yield f"{tablet.name} said {name} {value} of {collection} {record_id}, and it is nowhere"
