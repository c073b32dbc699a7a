"""Erasure on a patient's request: contact data, photographs, and what the journal still says of them. The clinical record is kept."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.sync_words import CHOICES, Choice, IssueState
from schemas.vocabulary import PhotoState
from server import clock
from server.clinics.models import User
from server.config import Config
from server.db import find
from server.ids import uuid7
from server.journal import feed
from server.journal.models import JournalRow
from server.journal.service import say
from server.patients.models import Patient
from server.patients.service import change_patient
from server.photos.models import PatientKey, Photo, PlainPhoto, ThumbnailJob, Upload, UploadState
from server.photos.store import open_store
from server.problems import Problem
from server.rights.models import Erasure
from server.sync.models import Issue
from server.sync.service.issues import close

CONTACT = ("phone", "email", "contact_by", "time_zone")
"""Fields of a patient that serve only to reach her. Name, number, birth date and all that is clinical are under retention."""
_TAKEN_BACK = {Choice.REJECT, Choice.KEEP_SERVER}


@dataclass(frozen=True)
class Erased:
    """What was decided, and the names under which objects still lie in the store."""

    decision: Erasure
    objects: tuple[str, ...]


def erase(session: Session, patient_id: uuid.UUID, *, reason: str, decided_by: User) -> Erased:
    """Do it, in one transaction; drop the `objects` once that is committed. May be repeated: what came since is erased as well.

    Signatures and chain stay verifiable: neither covers contact data, and both know photographs and bodies by their hashes alone.
    """
    patient = find(session, Patient, patient_id, lock=True)
    if patient is None:
        raise Problem("not_found", "No such patient.")
    reached = [name for name in CONTACT if getattr(patient, name) is not None]
    photos, objects = _photos(session, patient)
    issues = _from_tablets(session, patient)
    decision = Erasure(
        id=uuid7(),
        patient_id=patient.id,
        decided_by=decided_by.id,
        reason=reason,
        contact=reached,
        photos=photos,
        records=[str(patient.id), *(str(one.id) for one in issues)],
        journal_to=feed.position(session),
    )
    _erase_bodies(session, decision, [patient.id, *(one.id for one in issues)])
    say(session, patient, "erase")
    change_patient(session, patient, dict.fromkeys(CONTACT) | {"reminder_consent": False})  # which cancels what waits to be sent
    session.flush()
    return Erased(decision, tuple(objects))


def _erase_bodies(session: Session, decision: Erasure, ids: Sequence[uuid.UUID]) -> None:
    """Store the decision, then erase what it names: the journal's guard lets nothing go before."""
    named = (
        JournalRow.clinic_id == session.info["clinic_id"],
        JournalRow.record_id.in_(ids),
        JournalRow.seq <= decision.journal_to,
        JournalRow.body.is_not(None),
    )
    decision.bodies = session.scalar(sa.select(sa.func.count()).select_from(JournalRow).where(*named)) or 0
    session.add(decision)
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT erase_from_journal(:decision)"), {"decision": decision.id})
    else:
        session.execute(sa.update(JournalRow).where(*named).values(body=None, salt=None), execution_options={"synchronize_session": False})


def _photos(session: Session, patient: Patient) -> tuple[int, list[str]]:
    """Mark them all erased and forget their key, without which no copy opens again; how many those were, and names of all objects."""
    photos = session.scalars(sa.select(Photo).where(Photo.patient_id == patient.id).order_by(Photo.id).with_for_update()).all()
    ids = [one.id for one in photos]
    uploads = session.scalars(sa.select(Upload).where(Upload.photo_id.in_(ids)).order_by(Upload.id).with_for_update()).all()
    for upload in uploads:
        if upload.state == UploadState.OPEN:
            upload.state, upload.parts, upload.expires_at = UploadState.STOPPED, [], clock.now()
    left = [one for one in photos if one.state != PhotoState.ERASED]
    for photo in left:
        photo.state, photo.thumbnails, photo.thumbnail_problem, photo.failure = PhotoState.ERASED, None, None, None
        say(session, photo, "erase")
    session.execute(sa.delete(ThumbnailJob).where(ThumbnailJob.photo_id.in_(ids)))
    session.execute(sa.delete(PlainPhoto).where(PlainPhoto.photo_id.in_(ids)))
    session.execute(sa.delete(PatientKey).where(PatientKey.clinic_id == patient.clinic_id, PatientKey.patient_id == patient.id))
    session.flush()
    theirs = [name for upload in uploads for name in (upload.incoming, upload.object_key)]
    return len(left), [*(one.object_key for one in photos if one.object_key), *theirs]


def _from_tablets(session: Session, patient: Patient) -> Sequence[Issue]:
    """Empty what tablets have sent of her and a person was to look at; what was still open is decided: the record stands."""
    query = sa.select(Issue).where(Issue.about == Patient.collection, Issue.document_id == patient.id).order_by(Issue.id)
    issues = session.scalars(query.with_for_update()).all()
    for issue in issues:
        if issue.state == IssueState.OPEN:
            close(session, issue, next((one for one in CHOICES[issue.kind] if one in _TAKEN_BACK), CHOICES[issue.kind][0]))
        say(session, issue, "erase")
        issue.sent, issue.reasons, issue.differences = None, [], []
    return issues


def of_patient(session: Session, patient_id: uuid.UUID) -> Sequence[tuple[Erasure, str]]:
    """Decisions about a patient, the newest first, with the names of those who took them."""
    query = sa.select(Erasure, User.name).join(User, sa.and_(User.clinic_id == Erasure.clinic_id, User.id == Erasure.decided_by))
    return [
        (decision, name) for decision, name in session.execute(query.where(Erasure.patient_id == patient_id).order_by(Erasure.id.desc()))
    ]


def drop(config: Config, objects: Sequence[str]) -> int:
    """Delete what lies in the store below these names; how many could not be reached: nothing opens them any more, try again later."""
    left = 0
    for name in objects:
        dropped = False
        with suppress(Problem):
            open_store(config).drop(name)
            dropped = True
        left += not dropped
    return left
