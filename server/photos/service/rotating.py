"""After a clinic's master key was changed: its patients' keys are wrapped anew, a batch in a transaction; whoever is killed loses one."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.clinics.models import Clinic
from server.config import Config
from server.db import Database
from server.photos.models import MasterKey, PatientKey
from server.photos.service import keys
from server.problems import Problem

log = logging.getLogger("graftlog.photos")
AT_A_TIME = 100


def rewrap_waiting(db: Database, config: Config, go_on: Callable[[], bool] = lambda: True) -> int:
    """Wrap anew what an earlier master key still wraps, in every clinic, until nothing is left or `go_on` says no; how many keys."""
    with db.transaction(write=False, everywhere=True) as session:
        clinics = session.scalars(sa.select(MasterKey.clinic_id).where(_UNFINISHED).order_by(MasterKey.created_at)).all()
    total = 0
    for clinic_id in clinics:
        after: uuid.UUID | None = uuid.UUID(int=0)
        try:
            while after is not None and go_on():
                with db.transaction(clinic_id) as session:
                    after, done = _rewrap_some(session, config.keys, after)
                total += done
        except Problem as problem:
            log.error("clinic %s: photo keys could not be wrapped anew: %s", clinic_id, problem.detail)  # noqa: TRY400  reason: it says it all
    return total


_UNFINISHED = sa.and_(MasterKey.retired_at.is_(None), MasterKey.finished_at.is_(None))


def _rewrap_some(session: Session, folder: Path, after: uuid.UUID) -> tuple[uuid.UUID | None, int]:
    """(last patient of this batch, or None after the last; how many keys were wrapped anew). One that does not open is passed over."""
    master = keys.current(session)
    if master is None:
        return None, 0
    old = sa.select(PatientKey).where(PatientKey.clinic_id == master.clinic_id, PatientKey.key_id != master.key_id)
    batch = old.where(PatientKey.patient_id > after).order_by(PatientKey.patient_id).limit(AT_A_TIME)
    rows = session.scalars(batch.with_for_update(skip_locked=True)).all()
    done = sum(_rewrap(row, master, folder) for row in rows)
    session.flush()
    this = sa.and_(MasterKey.clinic_id == master.clinic_id, MasterKey.key_id == master.key_id)
    session.execute(sa.update(MasterKey).where(this).values(done=MasterKey.done + done))  # another worker may be counting too
    if not session.scalar(sa.select(old.exists())):
        master.finished_at = clock.now()
    return (rows[-1].patient_id if rows else None), done


def _rewrap(row: PatientKey, master: MasterKey, folder: Path) -> bool:
    try:
        keys.wrap(row, keys.unwrapped(row, folder), master, folder)
    except Problem as problem:
        if problem.code != "damaged":
            raise
        log.error("photo key of patient %s: %s", row.patient_id, problem.detail)  # noqa: TRY400  reason: it says it all
        return False
    return True


@dataclass(frozen=True)
class Standing:
    """How far a clinic's patients' keys have come to its newest master key. `retired` are earlier ones that wrap nothing any more."""

    clinic: str
    key_id: str
    total: int
    done: int
    finished: bool
    retired: tuple[str, ...]


def standings(session: Session) -> list[Standing]:
    """Of all clinics that have photographs."""
    query = sa.select(MasterKey, Clinic.name).join(Clinic, Clinic.id == MasterKey.clinic_id).order_by(Clinic.name, MasterKey.created_at)
    rows = session.execute(query).all()
    used = {tuple(one) for one in session.execute(sa.select(PatientKey.clinic_id, PatientKey.key_id).distinct())}

    def retired(clinic_id: uuid.UUID) -> tuple[str, ...]:
        earlier = (key.key_id for key, _ in rows if key.clinic_id == clinic_id and key.retired_at)
        return tuple(key_id for key_id in earlier if (clinic_id, key_id) not in used)

    return [
        Standing(name, key.key_id, key.total, key.done, key.finished_at is not None, retired(key.clinic_id))
        for key, name in rows
        if key.retired_at is None
    ]
