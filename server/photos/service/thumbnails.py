"""Thumbnails: made by workers after the photograph is stored, tried again when a worker is lost, given up with the reason."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.limits import THUMBNAIL_SIDES_PX
from schemas.vocabulary import ThumbnailState
from server import clock
from server.config import Config
from server.db import Database, find, table_of
from server.journal.service import say
from server.photos.models import Photo, ThumbnailJob
from server.photos.picture import Unusable, shrink
from server.photos.service.vault import CONTENT, Vault, to_write
from server.photos.store import Missing
from server.problems import Problem

log = logging.getLogger("graftlog.photos")
MOST_ATTEMPTS = 5
LEASE = timedelta(minutes=2)
"""A photograph that takes longer was held by a worker that is no more."""
WAIT = timedelta(seconds=30)
AT_A_TIME = 100
_J, _P = table_of(ThumbnailJob), table_of(Photo)


@dataclass(frozen=True)
class Turn:
    """One photograph whose thumbnails are this worker's to make."""

    clinic_id: uuid.UUID
    photo_id: uuid.UUID


def clinics_waiting(session: Session) -> list[uuid.UUID]:
    """Clinics with thumbnails to make now."""
    return list(session.connection().execute(sa.select(_J.c.clinic_id).where(_J.c.next_at <= clock.now()).distinct()).scalars())


def make_waiting(db: Database, config: Config, go_on: Callable[[], bool] = lambda: True) -> int:
    """Make thumbnails, clinic by clinic in turn, until none wait or `go_on` says no; of how many photographs."""
    total = 0
    while go_on():
        with db.transaction(write=False, everywhere=True) as session:
            clinics = clinics_waiting(session)
        done = sum(_make_one(db, clinic_id, config) for clinic_id in clinics if go_on())
        total += done
        if not done:
            break
    return total


def _make_one(db: Database, clinic_id: uuid.UUID, config: Config) -> bool:
    with db.transaction(clinic_id) as session:
        turn = claim(session)
    if turn is None:
        return False
    try:
        _make(db, turn, config)
    except Exception as error:  # noqa: BLE001  reason: one photograph that cannot be read must not hold up the others
        problem = str(error) if isinstance(error, Unusable | Problem) else type(error).__name__
        log.error("thumbnails of photo %s: %s", turn.photo_id, problem)  # noqa: TRY400  reason: a trace says no more
        with db.transaction(clinic_id) as session:
            fail(session, turn.photo_id, problem)
        return False
    with db.transaction(clinic_id) as session:
        finish(session, turn.photo_id)
    return True


def _make(db: Database, turn: Turn, config: Config) -> None:
    vault = to_write(db, config, turn.clinic_id, turn.photo_id)
    make(vault, read(vault))


def read(vault: Vault) -> BytesIO:
    """The whole photograph, found to be what was stored. Raises Unusable, `damaged`."""
    try:
        content = BytesIO(b"".join(vault.read(CONTENT)))
    except Missing:
        raise Unusable("the store has lost the photo") from None
    if sha256(content.getvalue()).hexdigest() != vault.owner.sha256:
        raise Unusable("the bytes in the store are not those that were stored")
    return content


def make(vault: Vault, content: BytesIO) -> None:
    """Its thumbnails, of all sizes."""
    for size in THUMBNAIL_SIDES_PX:
        vault.put(str(size), shrink(content, size))


def claim(session: Session) -> Turn | None:
    """The next photograph of the session's clinic, under a lease; None when there is none. What was tried too often is given up."""
    query = (
        sa.select(ThumbnailJob)
        .where(ThumbnailJob.clinic_id == session.info["clinic_id"], ThumbnailJob.next_at <= clock.now())
        .order_by(ThumbnailJob.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.scalar(query)
    if job is None:
        return None
    photo = session.get_one(Photo, (job.clinic_id, job.photo_id))
    if job.attempts >= MOST_ATTEMPTS:
        _give_up(session, photo, job, job.problem or "the workers that tried were lost")
        return None
    job.attempts += 1
    job.next_at = clock.now() + LEASE
    return Turn(photo.clinic_id, photo.id)


def finish(session: Session, photo_id: uuid.UUID) -> None:
    """They are made; said once, however many workers made them."""
    job = session.get(ThumbnailJob, (session.info["clinic_id"], photo_id), with_for_update=True)
    photo = find(session, Photo, photo_id, lock=True)
    if job is None or photo is None:
        return
    photo.thumbnails, photo.thumbnail_problem = ThumbnailState.MADE, None
    say(session, photo, "thumbnails")
    session.delete(job)


def fail(session: Session, photo_id: uuid.UUID, problem: str) -> None:
    """Not this time. After the last attempt the photograph says why it has none."""
    job = session.get(ThumbnailJob, (session.info["clinic_id"], photo_id), with_for_update=True)
    photo = find(session, Photo, photo_id, lock=True)
    if job is None or photo is None:
        return
    job.problem, job.next_at = problem[:500], clock.now() + WAIT * job.attempts
    if job.attempts >= MOST_ATTEMPTS:
        _give_up(session, photo, job, job.problem)


def _give_up(session: Session, photo: Photo, job: ThumbnailJob, problem: str) -> None:
    photo.thumbnails, photo.thumbnail_problem = ThumbnailState.FAILED, f"{problem}; tried {job.attempts} times"
    say(session, photo, "thumbnails")
    session.delete(job)


def retry_all(db: Database) -> int:
    """Queue the thumbnails that were given up, in every clinic; of how many photographs. Workers find them at their next look."""
    with db.transaction(write=False, everywhere=True) as session:
        failed = sa.select(_P.c.clinic_id).where(_P.c.thumbnails == ThumbnailState.FAILED).distinct()
        clinics = list(session.connection().execute(failed).scalars())
    total = 0
    for clinic_id in clinics:
        while True:
            with db.transaction(clinic_id) as session:
                again = _retry_some(session)
            total += again
            if again < AT_A_TIME:
                break
    return total


def _retry_some(session: Session) -> int:
    query = sa.select(Photo).where(Photo.thumbnails == ThumbnailState.FAILED).order_by(Photo.id).limit(AT_A_TIME).with_for_update()
    photos = session.scalars(query).all()
    for photo in photos:
        photo.thumbnails, photo.thumbnail_problem = ThumbnailState.WAITING, None
        say(session, photo, "thumbnails")
        session.add(ThumbnailJob(clinic_id=photo.clinic_id, photo_id=photo.id))
    return len(photos)
