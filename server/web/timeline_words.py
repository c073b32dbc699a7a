"""An event of a patient's timeline in words: what, how it stands, what is known besides, and where it is shown whole."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import url_for

from schemas.outcome_words import Complication
from schemas.questions import Given
from schemas.red_flags import RED_FLAGS, RedFlag
from schemas.vocabulary import AlertKind, PhotoState, ProcedureState, VisitKind, VisitState
from schemas.work import WorkKind
from server.followup.models import Alert, Answer, Call, Reminder, Visit
from server.followup.service.alerts import WISHES
from server.outcomes.models import Assessment, Response
from server.photos.models import Photo
from server.procedures.models import Procedure
from server.procedures.note.words import capital, clock, listed, short_day
from server.web import outcome_words, words
from server.web import patient_words as own
from server.web.blueprint import local
from server.web.photo_pairs import view_of
from server.web.words import Said
from server.web.worklist_words import CHANNELS


@dataclass(frozen=True)
class Event:
    """One row of the timeline; `timed` is False for what has a day and no time."""

    at: datetime
    id: uuid.UUID
    part: str
    title: str
    said: Said
    details: tuple[str, ...]
    href: str | None
    timed: bool = True
    kind: str = ""
    more: tuple[str, str] | None = None
    """(words, address) of what belongs to it and has a page of its own."""

    @property
    def name(self) -> str:
        """What it is, in one word."""
        return self.kind or _ONE[self.part]


_ONE = {
    "procedures": "Procedure",
    "visits": "Visit",
    "messages": "Message",
    "answers": "Answer",
    "alerts": "Alert",
    "calls": "Call",
    "photos": "Photograph",
    "assessments": "Assessment",
    "responses": "Questionnaire",
}


def _details(*said: str | None) -> tuple[str, ...]:
    return tuple(one for one in said if one)


def _follow_up(visit: Visit | None) -> str | None:
    return url_for("web.procedure", procedure_id=visit.procedure_id, _anchor="follow-up") if visit else None


def procedure(one: Procedure, at: datetime, surgeon: str) -> Event:
    """A session in the theatre."""
    never = one.started_at is None and one.state == ProcedureState.PLANNED
    consent = f"Consent signed on {short_day(one.consent_on)}." if one.consent_on else "No signed consent recorded."
    details = _details(f"{surgeon}.", "Not begun." if never else None, consent, one.closed_reason)
    href = url_for("web.procedure", procedure_id=one.id)
    return Event(at, one.id, "procedures", one.title, words.PROCEDURES[one.state], details, href)


def visit(one: Visit, at: datetime, today: date) -> Event:
    """A visit or check-in; without a time agreed on it has a day."""
    said = words.visit(one.state, one.opens_on, one.closes_on, today)
    kind = "Check-in" if one.kind == VisitKind.CHECK_IN else "Visit"
    confirmed = "Confirmed by the patient." if one.confirmed_at else None
    planned = f"Planned for {short_day(one.target_date)}." if local(at).date() != one.target_date else None
    details = _details(planned, confirmed, words.reason(one.reason))
    asks = one.kind == VisitKind.VISIT and one.state != VisitState.CANCELLED and min(one.opens_on, local(at).date()) <= today
    more = ("Questionnaires", url_for("web.questionnaires", visit_id=one.id)) if asks else None
    return Event(at, one.id, "visits", one.title, said, details, _follow_up(one), at == one.booked_for, kind, more)


def message(one: Reminder, at: datetime, *, in_files: bool) -> Event:
    """What was sent, how, and what became of it."""
    said = words.reminder(one.state, in_files=in_files)
    arrived = f"Arrived {short_day(local(one.delivered_at).date())}, {clock(local(one.delivered_at))}." if one.delivered_at else None
    about = f"About {short_day(one.about_on)}." if one.about_on else None
    details = _details(f"{CHANNELS[one.channel]}.", about, arrived, words.reason(one.reason))
    return Event(at, one.id, "messages", words.PURPOSES[one.purpose], said, details, url_for("web.message", reminder_id=one.id))


def answer(one: Answer, given_by: str | None, about: Visit | None) -> Event:
    """An answer as it was given."""
    given = Given(one.answer)
    said = own.CONCERNING[given] if one.concerning else own.GIVEN[given]
    how = f"Given {own.VIA.get(one.via, one.via)}{f', written down by {given_by}' if given_by else ''}."
    title = own.QUESTIONS.get(one.question, capital(one.question))
    named = "; ".join(RED_FLAGS[RedFlag(flag)].name for flag in one.flags or ())
    details = _details(f"{about.title}." if about else None, f"{capital(named)}." if named else None, how)
    return Event(one.given_at, one.id, "answers", title, said, details, _follow_up(about))


def alert(one: Alert, closed_by: str | None, about: Visit | None) -> Event:
    """What needed a person, and what was done."""
    said = own.STANDING[one.closed_at is None]
    done = None
    if one.closed_at:
        moment = local(one.closed_at)
        note = f" “{one.closing_note}”" if one.closing_note else ""
        done = f"Closed {short_day(moment.date())}, {clock(moment)}{f' by {closed_by}' if closed_by else ''}.{note}"
    href = _follow_up(about) if one.closed_at else url_for("web.work_list", show=_shown_under(one.kind))
    return Event(one.raised_at, one.id, "alerts", own.ALERTS[one.kind], said, _details(one.detail, done), href)


def _shown_under(kind: AlertKind) -> str:
    if kind in WISHES:
        return WorkKind.ASKING
    return _OTHERS[kind]


_OTHERS = {
    AlertKind.RED_FLAG: WorkKind.RED_FLAG,
    AlertKind.CONCERNING_ANSWER: WorkKind.CONCERNING,
    AlertKind.BAD_CONTACT: WorkKind.BAD_CONTACT,
}


def call(one: Call, called_by: str | None, about: Visit | None) -> Event:
    """A call and how it ended."""
    later = f"Call again from {short_day(one.call_after)}." if one.call_after else None
    note = f"“{one.note}”" if one.note else None
    title = f"About {about.title}" if about else "To the patient"
    details = _details(f"By {called_by}." if called_by else None, later, note)
    return Event(one.called_at, one.id, "calls", title, own.CALLS[one.outcome], details, _follow_up(about))


def assessment(one: Assessment, assessed_by: str, present: Sequence[Complication], *, replaced: bool) -> Event:
    """What a clinician found, under the moment it was written down."""
    said = outcome_words.ASSESSED["withdrawal" if one.withdrawn else "replaced" if replaced else "stands"]
    red = f"Erythema {one.erythema}, {outcome_words.ERYTHEMA[str(one.erythema)].lower()}." if one.erythema is not None else None
    names = listed(list(dict.fromkeys(outcome_words.donor(each) for each in present)))
    found = f"Present: {names}." if names else None
    details = _details(f"By {assessed_by}, of {short_day(one.assessed_on)}.", red, found, one.reason)
    title = "Withdrawal of an assessment" if one.withdrawn else "Result assessed"
    href = url_for("web.procedure", procedure_id=one.procedure_id, _anchor="outcome")
    return Event(one.created_at, one.id, "assessments", title, said, details, href)


def response(one: Response, name: str, how: str, scored: Sequence[str]) -> Event:
    """A questionnaire that was completed, with its scores in words."""
    details = _details(f"{how}.", *(f"{each}." for each in scored), one.reason)
    href = url_for("web.questionnaires", visit_id=one.visit_id) if one.visit_id else None
    at = one.completed_at or one.created_at
    return Event(at, one.id, "responses", name, outcome_words.RESPONSES[one.state], details, href)


def photo(one: Photo) -> Event:
    """A photograph, by when it was taken as far as that is known."""
    unknown = None if one.taken_at else "When it was taken is not recorded; this is when it was announced."
    details = _details(unknown, one.failure, "On the patient’s request." if one.state == PhotoState.ERASED else None)
    href = url_for("web.patient_photos", patient_id=one.patient_id, **view_of(one))
    title = f"{own.VIEWS[one.view]}, {own.KINDS[one.kind]}"
    return Event(one.taken_at or one.created_at, one.id, "photos", title, own.PHOTOS[one.state], details, href)
