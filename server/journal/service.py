"""Writing the journal. Changed rows are collected from the session's flushes, so nobody can forget to call anything."""

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from server import clock
from server.canonical import canonical, instant
from server.db import InClinic, insert_many, table_of
from server.ids import uuid7
from server.journal import verifier
from server.journal.models import JournalHead, JournalRow
from server.walls import inside


class Actor(Protocol):
    """Who is acting: a person, or nobody for the system itself."""

    user_id: uuid.UUID | None
    device_id: uuid.UUID | None


class Journaled(InClinic):
    """A row whose every change is journaled. `document()` is its one wire form: API, journal and signature show the same."""

    __abstract__ = True
    collection: ClassVar[str]

    def document(self) -> dict[str, Any]:
        """The whole record as JSON-ready values."""
        raise NotImplementedError


class UnjournaledWrite(RuntimeError):
    """Somebody tried to write a journaled table past the journal."""


_HEADS = table_of(JournalHead)
_LOCK_HEAD = sa.select(_HEADS.c.seq, _HEADS.c.hash).where(_HEADS.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid())).with_for_update()
_MOVE_HEAD = (
    sa.update(_HEADS)
    .where(_HEADS.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()))
    .values(seq=sa.bindparam("to_seq"), hash=sa.bindparam("to_hash"))
)


def say(session: Session, row: Journaled, action: str) -> None:
    """Name what happens to `row` in this transaction; without it the journal says `create` or `change`."""
    session.info.setdefault("journal_actions", {})[(row.collection, row.id)] = action


@contextmanager
def version_named(session: Session, model: type[Journaled], record_id: uuid.UUID, write_id: uuid.UUID) -> Iterator[None]:
    """Inside the block this record, new or changed, gets the version that its author named, however often it is flushed."""
    with versions_named(session, model, {record_id: write_id}):
        yield


@contextmanager
def versions_named(session: Session, model: type[Journaled], names: Mapping[uuid.UUID, uuid.UUID]) -> Iterator[None]:
    """The same for many records: id → version."""
    versions = session.info.setdefault("versions", {})
    versions.update({(model, record_id): write_id for record_id, write_id in names.items()})
    try:
        yield
    finally:
        for record_id in names:
            del versions[model, record_id]


def insert(session: Session, model: type[Journaled], rows: Sequence[dict[str, Any]], documents: Sequence[dict[str, Any]]) -> None:
    """Insert many rows in one statement and journal them: the hot path of a tablet's batch.

    `rows` are column values (all with the same keys), `documents` their wire forms in the same order.
    """
    if not rows:
        return
    insert_many(session, table_of(model), rows)
    pending = _pending(session)
    for row, document in zip(rows, documents, strict=True):
        pending[(model.collection, row["id"])] = ("create", row.get("write_id"), document)


def changed(session: Session, model: type[Journaled], documents: Sequence[tuple[uuid.UUID, uuid.UUID, dict[str, Any], str]]) -> None:
    """Journal rows of the session's clinic that a bulk statement has changed: (id, new write_id, wire form, action) of each."""
    pending, said = _pending(session), session.info.setdefault("journal_actions", {})
    for record_id, write_id, document, action in documents:
        pending[(model.collection, record_id)] = ("change", write_id, document)
        said[(model.collection, record_id)] = action


Pending = dict[tuple[str, uuid.UUID], tuple[str, uuid.UUID | None, Any]]


def _pending(session: Session) -> Pending:
    return session.info.setdefault("journal_pending", {})  # type: ignore[no-any-return]  # reason: session.info is untyped


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    """What was pending when a savepoint began, for its rollback. Weak: a released savepoint takes its mark along."""
    if transaction.nested:
        marks = session.info.setdefault("journal_marks", WeakKeyDictionary())
        marks[transaction] = dict(_pending(session)), dict(session.info.get("journal_actions", {}))


@event.listens_for(Session, "after_rollback")  # of the database; the event per transaction is silent when a flush has failed
def _back_to_mark(session: Session) -> None:
    savepoint = session.get_nested_transaction()
    mark = session.info["journal_marks"].get(savepoint) if savepoint else None
    if mark:
        session.info["journal_pending"], session.info["journal_actions"] = mark


@event.listens_for(Session, "before_flush")
def _collect(session: Session, _context: object, _instances: object) -> None:
    pending = _pending(session)
    for row in session.deleted:
        if isinstance(row, Journaled):
            raise UnjournaledWrite(f"{row.collection}: records are withdrawn or retracted, never deleted")
    for row in (*session.new, *session.dirty):
        if isinstance(row, Journaled) and (row in session.new or session.is_modified(row)):
            key = (row.collection, row.id)
            created = row in session.new or pending.get(key, ("",))[0] == "create"
            pending[key] = ("create" if created else "change", None, row)


@event.listens_for(Session, "do_orm_execute")
def _no_way_around(state: ORMExecuteState) -> None:
    if state.is_select or state.execution_options.get("journaled"):
        return
    table = getattr(state.statement, "table", None)
    if table is not None and table.name in journaled_tables():
        raise UnjournaledWrite(f"bulk write to {table.name}: use journal.insert or change the objects")


def journaled_tables() -> frozenset[str]:
    """Names of all tables whose changes must be journaled."""
    return frozenset(model.__tablename__ for model in _subclasses(Journaled) if hasattr(model, "__tablename__"))


def _subclasses(model: type) -> Iterator[type[Any]]:
    one: type[Any]
    for one in model.__subclasses__():
        yield one
        yield from _subclasses(one)


Key = tuple[str, uuid.UUID]
"""Collection and id of a record."""
arrivals: list[Callable[[Session, frozenset[Key]], None]] = []
"""Who must hear, inside the same transaction and before it is sealed, which records are new. Features above register here."""


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        seal(session)


def seal(session: Session) -> dict[Key, int]:
    """Append what changed and tell its numbers. The last thing before the commit: from here on this clinic's other writers wait."""
    session.flush()
    _announce_arrivals(session)
    pending = session.info.pop("journal_pending", None)
    if not pending:
        return {}
    said = session.info.pop("journal_actions", {})
    numbers: dict[Key, int] = {}
    by_clinic: dict[uuid.UUID, Pending] = {}
    for key, change in pending.items():
        clinic_id = change[2].clinic_id if isinstance(change[2], Journaled) else session.info["clinic_id"]
        by_clinic.setdefault(clinic_id, {})[key] = change
    for clinic_id in sorted(by_clinic):  # nearly always one; in one order, so that two such transactions never wait for each other
        with inside(session, clinic_id):
            rows = enter(session, clinic_id, by_clinic[clinic_id], said)
        numbers.update({(row["collection"], row["record_id"]): row["seq"] for row in rows})
    return numbers


def _announce_arrivals(session: Session) -> None:
    """Until nothing new comes of it: what waited for a record may itself be waited for."""
    told: set[Key] = set()
    while arrivals:
        new = frozenset(key for key, change in _pending(session).items() if change[0] == "create") - told
        if not new:
            return
        told |= new
        for hear in arrivals:
            hear(session, new)
        session.flush()


def enter(session: Session, clinic_id: uuid.UUID, pending: Pending, said: Mapping[Key, str] | None = None) -> list[dict[str, Any]]:
    """Seal what `pending` says into a clinic's chain, at once; the rows. Also for documents that are no rows of a table."""
    rows = list(rows_of(session, clinic_id, pending, said or {}))
    append(session, clinic_id, rows)
    return rows


def append(session: Session, clinic_id: uuid.UUID, rows: list[dict[str, Any]]) -> None:
    """Seal rows of one clinic, as `rows_of` makes them, into its chain."""
    connection = session.connection()
    seq, previous = connection.execute(_LOCK_HEAD, {"clinic": clinic_id}).one()
    for row in rows:
        seq += 1
        row["seq"], row["prev_hash"] = seq, previous
        row["hash"] = previous = verifier.link(previous, header(row))
    insert_many(session, table_of(JournalRow), rows)
    connection.execute(_MOVE_HEAD, {"clinic": clinic_id, "to_seq": seq, "to_hash": previous})


def rows_of(session: Session, clinic_id: uuid.UUID, pending: Pending, said: Mapping[Key, str]) -> Iterator[dict[str, Any]]:
    """Rows of the journal for what has changed, but for the columns that the chain gives them."""
    actor: Actor | None = session.info.get("actor")
    at = clock.now()
    for (collection, record_id), (action, write_id, record) in pending.items():
        body = canonical(record.document() if isinstance(record, Journaled) else record)
        salt = secrets.token_bytes(32)
        yield {
            "clinic_id": clinic_id,
            "at": at,
            "actor_id": actor.user_id if actor else None,
            "device_id": actor.device_id if actor else None,
            "action": said.get((collection, record_id), action),
            "collection": collection,
            "record_id": record_id,
            "write_id": write_id or getattr(record, "write_id", None),
            "body": body,
            "salt": salt,
            "detail_hash": verifier.detail_hash(salt, body),
        }


def header(row: Any) -> dict[str, Any]:
    """The hashed columns of a row (mapping) as `chain` wants them: ids and time as text, hash in hex."""
    return {
        "clinic_id": str(row["clinic_id"]),
        "seq": row["seq"],
        "at": instant(row["at"]),
        "actor_id": str(row["actor_id"]) if row["actor_id"] else None,
        "device_id": str(row["device_id"]) if row["device_id"] else None,
        "action": row["action"],
        "collection": row["collection"],
        "record_id": str(row["record_id"]),
        "write_id": str(row["write_id"]) if row["write_id"] else None,
        "detail_hash": row["detail_hash"].hex(),
    }


def start_chain(session: Session, clinic_id: uuid.UUID) -> None:
    """Give a new clinic its counter."""
    session.add(JournalHead(clinic_id=clinic_id, seq=0, hash=verifier.GENESIS, epoch=uuid7()))


def history(session: Session, record_ids: Sequence[uuid.UUID], limit: int = 500, after: int = 0) -> Sequence[JournalRow]:
    """Journal rows of some records of the session's clinic, oldest first."""
    return session.scalars(
        sa.select(JournalRow)
        .where(JournalRow.clinic_id == session.info["clinic_id"], JournalRow.record_id.in_(record_ids), JournalRow.seq > after)
        .order_by(JournalRow.seq)
        .limit(limit)
    ).all()
