"""The page of one patient: who it is, what is to come, the scars as they stand, and everything that has happened."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app, render_template, url_for
from sqlalchemy.orm import Session

from schemas.common import Page
from schemas.reading_words import Reading
from server import clock
from server.access import Permission, allow
from server.canonical import number
from server.db import find
from server.followup.service.listing import aware, position
from server.http import cursor_of, found, person, read_cursor, session
from server.patients.models import Patient, Scar
from server.patients.service import scars_of
from server.photos.models import Photo
from server.procedures.note.words import age, amount, capital, plain
from server.procedures.service.sums import Given, by_scar
from server.reads import reads
from server.web import outcome_view, patient_words, timeline
from server.web.blueprint import pages
from server.web.forms import filters, kept
from server.web.worklist_words import CHANNELS, LANGUAGES


@dataclass(frozen=True)
class ScarLine:
    """One scar as it stands: where and what it is, its size at first and as an assessment last found it, what it was given so far."""

    label: str
    where: str
    kind: str
    size: str
    measured_at: datetime
    again: tuple[str, date] | None
    given: str
    last_at: datetime | None


@pages.get("/patients/<uuid:patient_id>")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def patient(patient_id: uuid.UUID) -> str:
    """Each part is read by itself; one that cannot be read says so and leaves the others standing."""
    one = found(find(session(), Patient, patient_id))
    asked = filters(Page())
    before = position(read_cursor(asked["cursor"], 2), aware) if "cursor" in asked else None
    in_files = current_app.config["GRAFTLOG"].smtp_url is None
    window = timeline.Window(one, person().time_zone, clock.now(), asked["limit"] + 1, before, in_files=in_files)
    shown, unread, last = timeline.events(session(), window)
    following = cursor_of(last.at.isoformat(), str(last.id)) if last else None
    same = kept("limit")
    return render_template(
        "patient.html",
        **banner(one),
        scars=None if before else timeline.settled(session(), "scars", lambda: _scars(session(), one.id)),
        photos=None if before else timeline.settled(session(), "photos", lambda: _photo_count(session(), one.id)),
        ahead=None if before else timeline.settled(session(), "ahead", lambda: timeline.ahead(session(), window)),
        years=timeline.by_year(shown, window.zone),
        unread=unread,
        further=before is not None,
        first=url_for("web.patient", patient_id=one.id, **same),
        following=url_for("web.patient", patient_id=one.id, **same, cursor=following, _anchor="timeline") if following else None,
    )


def banner(one: Patient) -> dict[str, Any]:
    """Who it is, for the band above every page about her."""
    today = clock.now().astimezone(person().time_zone).date()
    return {
        "patient": one,
        "age": age(one.birth_date, one.died_on or today) if one.birth_date else None,
        "contact_by": CHANNELS[one.contact_by] if one.contact_by in set(CHANNELS) else None,  # type: ignore[index]  # reason: a text column
        "reminders": patient_words.REMINDERS,
        "language": LANGUAGES.get(one.language, one.language),
    }


def _scars(session: Session, patient_id: uuid.UUID) -> list[ScarLine]:
    scars = scars_of(session, patient_id)
    given, again = by_scar(session, [one.id for one in scars]), outcome_view.last_sizes(session, scars)
    return [_line(one, given.get(one.id), again.get(one.id)) for one in scars]


def _line(scar: Scar, given: Given | None, again: tuple[str, date] | None) -> ScarLine:
    times = f" in {given.procedures} procedures" if given and given.procedures > 1 else ""
    return ScarLine(
        label=scar.label,
        where=f"{capital(plain(scar.subunit))}, {plain(scar.side)}",
        kind=f"{capital(plain(scar.morphology))}, {plain(scar.aetiology)}",
        size=capital(outcome_view.size(scar)),
        measured_at=scar.updated_at,
        again=again,
        given=f"{amount(number(given.volume_ul, 1000), 'mL')}{times}" if given else "Not treated yet",
        last_at=given.last_at if given else None,
    )


def _photo_count(session: Session, patient_id: uuid.UUID) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Photo).where(Photo.patient_id == patient_id)) or 0
