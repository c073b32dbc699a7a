"""Which life of its database a clinic is in: after a restore the same numbers are given again, to other rows."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.canonical import instant
from server.db import table_of
from server.ids import uuid7
from server.journal.models import JournalHead
from server.journal.service import enter

_HEADS = table_of(JournalHead)
_EPOCH = sa.select(_HEADS.c.epoch).where(_HEADS.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()))
"""Made once: every page of a pull asks."""


def epoch(session: Session) -> uuid.UUID:
    """Of the session's clinic: a `seq` means something only together with it."""
    return session.connection().execute(_EPOCH, {"clinic": session.info["clinic_id"]}).scalar_one()  # type: ignore[no-any-return]  # reason: one column


def new_epochs(session: Session, *, restored_from: datetime | None = None) -> dict[uuid.UUID, uuid.UUID]:
    """Begin a new epoch for every clinic: clinic → epoch. `restored_from` is when the backup was made that stands here now.

    Each is a journal row, the first one after the seam: `prev_hash` ties it to the last row that the backup held, and its body
    says which epoch ended there, so a restore shows in the history and the chain goes on across it.
    """
    heads = session.execute(sa.select(_HEADS).order_by(_HEADS.c.clinic_id).with_for_update()).all()
    begun = {}
    for head in heads:
        begun[head.clinic_id] = fresh = uuid7()
        document = {
            "id": str(fresh),
            "ended": str(head.epoch),
            "seq": head.seq,
            "hash": head.hash.hex(),
            "restored_from": instant(restored_from) if restored_from else None,
        }
        action = "restore" if restored_from else "create"
        enter(session, head.clinic_id, {("epochs", fresh): (action, None, document)})
        session.execute(sa.update(_HEADS).where(_HEADS.c.clinic_id == head.clinic_id).values(epoch=fresh))
    return begun
