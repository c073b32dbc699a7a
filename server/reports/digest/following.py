"""Keeping digests: all of a clinic's made once, a part at a time, and from then on those that the journal has touched."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.db import Database, among, insert_many, insert_missing, table_of
from server.journal.models import JournalHead
from server.logs import trace
from server.procedures.models import Procedure
from server.reports.digest import form
from server.reports.digest.making import Digest, make
from server.reports.digest.touched import touched
from server.reports.digest.words import Words
from server.reports.models import CohortDigest, CohortDigestHead
from server.reports.rules import Filters
from server.reports.service.cohort import DONE, Frame, frame_of

log = logging.getLogger("graftlog.reports")
PART, STRETCH = 200, 2_000
"""Procedures made at a time, and journal rows followed at a time: a part of a second, so that nobody waits long for the lock."""

FIRST = uuid.UUID(int=0)
_D, _H, _JH, _P = table_of(CohortDigest), table_of(CohortDigestHead), table_of(JournalHead), table_of(Procedure)

Told = Callable[[int, int], None]
"""How many digests are made, of how many, while all are made."""


def behind(session: Session) -> list[uuid.UUID]:
    """Clinics whose journal is ahead of their digests, or that have none yet. The session sees all clinics."""
    query = sa.select(_JH.c.clinic_id).outerjoin(_H, _H.c.clinic_id == _JH.c.clinic_id)
    late = sa.or_(_H.c.seq.is_(None), _H.c.filled_to.is_not(None), _H.c.seq < _JH.c.seq)
    return list(session.connection().execute(query.where(late)).scalars())


def follow_all(db: Database, go_on: Callable[[], bool] = lambda: True) -> None:
    """Of every clinic, until `go_on` says no; the next call goes on there. What fails at one clinic is logged and holds up no other."""
    with db.transaction(write=False, everywhere=True) as session:
        clinics = behind(session)
    for clinic_id in clinics:
        if not go_on():
            break
        try:
            follow(db, clinic_id, go_on)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  reason: a report of that clinic says it to whoever asks
            log.error("digests of clinic %s: %s", clinic_id, trace(error))  # noqa: TRY400  reason: the error's own text quotes rows


def follow(db: Database, clinic_id: uuid.UUID, go_on: Callable[[], bool] = lambda: True, told: Told = lambda _done, _all: None) -> bool:
    """Bring the digests to the end of the journal, a transaction for each part; whether they are there before `go_on` says no."""
    total = 0
    while go_on():
        with db.transaction(clinic_id) as session:
            frame = frame_of(session, Filters())
            head = _head(frame)
            filling = head.filled_to is not None
            if filling and not total:
                total = frame.rows(sa.select(sa.func.count()).select_from(_P).where(_counting(frame)))[0][0]
            if not _go_on(frame, head):
                return True
        if filling:
            told(head.made, max(total, head.made))
    return False


def _counting(frame: Frame) -> sa.ColumnElement[bool]:
    """Procedures that have a digest."""
    return sa.and_(frame.of_clinic(_P), _P.c.state.in_(DONE))


def _head(frame: Frame) -> CohortDigestHead:
    """Locked: two workers follow one behind the other. Begun anew where the digests were made by another form."""
    wanted, session = form.of_zone(frame.zone.key), frame.session
    new = {"form": wanted, "seq": frame.seq, "filled_to": FIRST, "made": 0, "words": []}
    insert_missing(session, _H, {"clinic_id": frame.clinic_id, **new})
    query = sa.select(CohortDigestHead).where(CohortDigestHead.clinic_id == frame.clinic_id).with_for_update()
    head = session.scalars(query.execution_options(populate_existing=True)).one()
    if head.form != wanted:
        session.connection().execute(sa.delete(_D).where(_D.c.clinic_id == frame.clinic_id))
        for name, value in new.items():
            setattr(head, name, value)
    return head


def _go_on(frame: Frame, head: CohortDigestHead) -> bool:
    """One part; whether there was anything to do. What was written since the frame's `seq` is the next part's."""
    words = Words(head.words)
    if head.filled_to is not None:
        _fill(frame, words, head, head.filled_to)
    elif head.seq < frame.seq:
        until = min(head.seq + STRETCH, frame.seq)
        for part in _parts(touched(frame.session, head.seq, until)):
            _renew(frame, words, part)
        head.seq = until
    else:
        return False
    if words.list != head.words:
        head.words = words.list
    return True


def _fill(frame: Frame, words: Words, head: CohortDigestHead, last: uuid.UUID) -> None:
    """The next PART procedures. Whatever changes meanwhile stands behind the head's `seq`, and is followed afterwards."""
    query = sa.select(_P.c.id).where(_counting(frame), _P.c.id > last).order_by(_P.c.id).limit(PART)
    if ids := [row.id for row in frame.rows(query)]:
        _renew(frame, words, ids)
    head.made += len(ids)
    head.filled_to = ids[-1] if len(ids) == PART else None


def _parts(ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    return (ids[place : place + PART] for place in range(0, len(ids), PART))


def _renew(frame: Frame, words: Words, ids: Sequence[uuid.UUID]) -> None:
    """Those that count no more lose theirs."""
    frame.session.connection().execute(sa.delete(_D).where(_D.c.clinic_id == frame.clinic_id, among(frame.session, _D.c.procedure_id, ids)))
    if made := make(frame, words, ids):
        insert_many(frame.session, _D, [{"clinic_id": frame.clinic_id, **one} for one in made])


def missing(frame: Frame) -> tuple[Words, list[uuid.UUID] | None, Iterator[Digest]]:
    """(words, procedures whose stored digest is not of this moment or None for all, digests of this moment of those of them that count).

    What the frame's session sees of the journal may be ahead of the stored digests, never behind them.
    """
    head = frame.rows(sa.select(_H).where(frame.of_clinic(_H)))
    if not head or head[0].filled_to is not None or head[0].form != form.of_zone(frame.zone.key):
        words = Words()
        every = [row.id for row in frame.rows(sa.select(_P.c.id).where(_counting(frame)).order_by(_P.c.id))]
        return words, None, _made(frame, words, every)
    words = Words(head[0].words)
    late = touched(frame.session, head[0].seq, frame.seq) if head[0].seq < frame.seq else []
    return words, late, _made(frame, words, late)


def _made(frame: Frame, words: Words, ids: Sequence[uuid.UUID]) -> Iterator[Any]:
    for part in _parts(ids):
        yield from make(frame, words, part)
