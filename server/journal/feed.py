"""What tablets pull: the current state of each record of a collection, straight from the stored bodies, in the order of the journal."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.db import table_of
from server.journal.models import JournalHead, JournalRow

_JOURNAL = table_of(JournalRow)
_LATER = _JOURNAL.alias("later")
_CHANGED_LATER = (
    sa.exists()
    .where(_LATER.c.clinic_id == _JOURNAL.c.clinic_id, _LATER.c.record_id == _JOURNAL.c.record_id, _LATER.c.seq + 0 > _JOURNAL.c.seq)
    .where(_LATER.c.collection.concat("") == _JOURNAL.c.collection)
    .correlate(_JOURNAL)
)
"""Asked for each row on its way to the page, by the index on records. The sum and the concatenation leave no other index to choose,
which both databases would as long as they have no statistics, and walk half the journal for every row."""
_ERASED_ID = sa.case((_JOURNAL.c.body.is_(None), _JOURNAL.c.record_id)).label("erased_id")
"""A body names its record itself; making a hundred UUIDs that nobody reads is a tenth of a page's time."""
_PAGE = (
    sa.select(_JOURNAL.c.seq, _ERASED_ID, _JOURNAL.c.body)
    .where(_JOURNAL.c.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()))
    .where(_JOURNAL.c.collection == sa.bindparam("collection", type_=sa.String()))
    .where(_JOURNAL.c.seq > sa.bindparam("after", type_=sa.BigInteger()))
    .where(~_CHANGED_LATER)
    .order_by(_JOURNAL.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)


class Current(NamedTuple):
    """A record as it stands: `seq` of its newest change, `body` the stored JSON; the id alone once it was erased on legal request."""

    seq: int
    erased_id: uuid.UUID | None
    body: str | None


def page(session: Session, collection: str, after: int, most: int) -> list[Current]:
    """Up to `most` records of the session's clinic whose newest change lies after `after`; fewer only at the end."""
    asked = {"clinic": session.info["clinic_id"], "collection": collection, "after": after, "most": most}
    return [Current(*row) for row in session.connection().execute(_PAGE, asked)]


def position(session: Session) -> int:
    """Number of the clinic's newest change."""
    return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == session.info["clinic_id"])).one()


def collections_after(session: Session, seq: int) -> Sequence[str]:
    """Which collections have changed since."""
    changed = sa.select(JournalRow.collection).where(JournalRow.clinic_id == session.info["clinic_id"], JournalRow.seq > seq)
    return session.scalars(changed.distinct().order_by(JournalRow.collection)).all()


def newest(session: Session, collection: str, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Number of the newest change of each of these records that has one."""
    query = sa.select(JournalRow.record_id, sa.func.max(JournalRow.seq).label("seq")).group_by(JournalRow.record_id)
    of_them = (JournalRow.clinic_id == session.info["clinic_id"], JournalRow.collection == collection, JournalRow.record_id.in_(ids))
    return {row.record_id: row.seq for row in session.execute(query.where(*of_them))}
