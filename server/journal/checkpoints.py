"""Checkpoints: what the clinic's key says about the journal so far, for tablets, notes and others to keep outside of the database."""

import uuid
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.canonical import instant
from server.db import table_of
from server.journal import keys, proofs, verifier
from server.journal.models import JournalCheckpoint, JournalHead, JournalRow

_HASH = 32


def take(session: Session, keys_folder: Path) -> JournalCheckpoint | None:
    """A checkpoint of all rows that are sealed in the session's clinic; the newest one where nothing was added, None of an empty journal.

    Reads only the rows since the last one. Call `service.seal` first where this transaction's own changes belong to it.
    Raises Problem `unavailable` when the signing key's file is missing.
    """
    clinic_id: uuid.UUID = session.info["clinic_id"]
    head = session.execute(sa.select(table_of(JournalHead)).where(JournalHead.clinic_id == clinic_id).with_for_update()).one()
    last = newest(session)
    if (last is not None and last.size == head.seq) or not head.seq:
        return last
    tree = _tree(last)
    for row_hash in _hashes(session, tree.size, head.seq):
        tree.add(row_hash)
    key_id, _, private = keys.current(session, keys_folder)
    at = clock.now()
    said = verifier.Checkpoint(
        clinic_id=str(clinic_id),
        size=tree.size,
        root=tree.root(),
        epoch=str(head.epoch),
        at=instant(at),
        previous=verifier.name_of(last.note) if last else verifier.NO_CHECKPOINT,
    )
    made = JournalCheckpoint(
        clinic_id=clinic_id,
        size=tree.size,
        at=at,
        root=said.root,
        parts=b"".join(tree.parts),
        key_id=key_id,
        note=proofs.signed(said, private),
    )
    session.add(made)
    session.flush()
    return made


def _tree(checkpoint: JournalCheckpoint | None) -> verifier.Tree:
    if checkpoint is None:
        return verifier.Tree()
    parts = checkpoint.parts
    return verifier.Tree(checkpoint.size, [parts[at : at + _HASH] for at in range(0, len(parts), _HASH)])


def _hashes(session: Session, after: int, to: int) -> Sequence[bytes]:
    rows = sa.select(JournalRow.hash).where(JournalRow.clinic_id == session.info["clinic_id"], JournalRow.seq > after, JournalRow.seq <= to)
    return session.scalars(rows.order_by(JournalRow.seq)).all()


def _of(session: Session) -> sa.Select[JournalCheckpoint]:
    return sa.select(JournalCheckpoint).where(JournalCheckpoint.clinic_id == session.info["clinic_id"])


def newest(session: Session) -> JournalCheckpoint | None:
    """The clinic's newest checkpoint."""
    return session.scalar(_of(session).order_by(JournalCheckpoint.size.desc()).limit(1))


def covering(session: Session, record_id: uuid.UUID) -> JournalCheckpoint | None:
    """The first checkpoint after this record came into the journal; it never becomes another."""
    rows = sa.select(sa.func.min(JournalRow.seq)).where(
        JournalRow.clinic_id == session.info["clinic_id"], JournalRow.record_id == record_id
    )
    later = _of(session).where(JournalCheckpoint.size >= rows.scalar_subquery())
    return session.scalar(later.order_by(JournalCheckpoint.size).limit(1))


def proof(session: Session, known: int, newest: JournalCheckpoint) -> list[bytes] | None:
    """That `newest` begins with the checkpoint of `known` rows (RFC 9162 consistency proof, 32 bytes each); of 0 rows it is empty.

    None where this journal has no such checkpoint: another history, or a backup was restored. It never becomes a refusal here, since
    what that means is for whoever holds the other checkpoint to say.
    """
    if not known:
        return []
    old = session.get(JournalCheckpoint, (session.info["clinic_id"], known))
    return proofs.consistency(_tree(old), _hashes(session, known, newest.size)) if old else None


def due(session: Session) -> Sequence[uuid.UUID]:
    """Clinics whose journal has grown since its last checkpoint."""
    last = sa.select(sa.func.max(JournalCheckpoint.size)).where(JournalCheckpoint.clinic_id == JournalHead.clinic_id).scalar_subquery()
    heads = sa.select(JournalHead.clinic_id).where(JournalHead.seq > sa.func.coalesce(last, 0)).order_by(JournalHead.clinic_id)
    return session.scalars(heads).all()
