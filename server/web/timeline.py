"""One patient's events from all features, newest first, a page at a time; each part is read by itself."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from schemas.outcome_words import Complication, Presence
from schemas.vocabulary import ReminderState
from server.clinics.models import User
from server.followup.comparison import OPEN
from server.followup.models import PATIENT, Alert, Answer, Call, Reminder, Visit
from server.followup.service.listing import NOT_YET
from server.outcomes.models import Assessment, Finding, Response
from server.outcomes.service import responses
from server.patients.models import Patient
from server.photos.models import Photo
from server.procedures.models import Procedure
from server.procedures.service.drafting import NEVER_DONE
from server.web import patient_words, questionnaires_view
from server.web.timeline_words import Event, alert, answer, assessment, call, message, photo, procedure, response, visit

log = logging.getLogger("graftlog.web")
T = TypeVar("T")
Query = TypeVar("Query", bound=sa.Select[*tuple[Any, ...]])


@dataclass(frozen=True)
class Window:
    """Which events: of `patient`, up to `limit` that lie not after `now` and, on a further page, before the last one shown."""

    patient: Patient
    zone: ZoneInfo
    now: datetime
    limit: int
    before: tuple[datetime, uuid.UUID] | None = None
    in_files: bool = False

    def holds(self, at: datetime, record_id: uuid.UUID) -> bool:
        """Whether an event lies in it."""
        return at <= self.now and (self.before is None or (at, record_id) < self.before)

    def of(self, query: Query, at: sa.ColumnElement[Any], record_id: Any) -> Query:
        """The newest rows of `query` in it."""
        query = query.where(at <= self.now)
        if self.before:
            query = query.where(sa.tuple_(at, record_id) < self.before)
        return query.order_by(at.desc(), record_id.desc()).limit(self.limit)


def settled(session: Session, name: str, read: Callable[[], T]) -> T | None:
    """What `read` gives; None where it cannot be read, which leaves the rest of the page standing."""
    try:
        with session.begin_nested():
            return read()
    except (sa.exc.SQLAlchemyError, LookupError, ValueError) as error:
        log.warning("part of a patient's page could not be read: %s, %s", name, type(error).__name__)
        return None


def events(session: Session, window: Window) -> tuple[list[Event], list[str], Event | None]:
    """(events, names of parts that could not be read, last event if more follow)."""
    found: list[Event] = []
    unread = []
    for name, read in SOURCES.items():
        part = settled(session, name, lambda read=read: list(read(session, window)))  # type: ignore[misc]  # reason: bound now, not later
        if part is None:
            unread.append(patient_words.PARTS[name])
        found += part or []
    found.sort(key=lambda one: (one.at, one.id), reverse=True)
    shown = found[: window.limit - 1]
    return shown, unread, shown[-1] if len(found) > len(shown) else None


@dataclass(frozen=True)
class Ahead:
    """What is still to come: procedures and open visits, the soonest first; of the messages that wait the next one, and how many."""

    events: list[Event]
    message: Event | None
    messages: int


def ahead(session: Session, window: Window) -> Ahead:
    """Of the patient of this window, after its `now`."""
    later = _procedures().where(Procedure.patient_id == window.patient.id, window.now < _BEGUN)
    planned = [procedure(one, _began(one), surgeon) for one, surgeon in session.execute(later)]
    visits = [event for event in _visits(session, window) if event.at > window.now]
    waiting = (
        Reminder.patient_id == window.patient.id,
        Reminder.recipient == PATIENT,
        Reminder.state.in_(NOT_YET),
        Reminder.due_at > window.now,
    )
    following = session.scalars(sa.select(Reminder).where(*waiting).order_by(Reminder.due_at, Reminder.id).limit(1)).first()
    return Ahead(
        sorted([*planned, *visits], key=lambda one: (one.at, one.id)),
        message(following, following.due_at, in_files=window.in_files) if following else None,
        session.scalar(sa.select(sa.func.count()).select_from(Reminder).where(*waiting)) or 0,
    )


def _earlier(one: Any, other: Any) -> sa.Case[datetime]:
    return sa.case((one < other, one), else_=other)


_SETTLED = _earlier(Procedure.planned_for, Procedure.updated_at)
_BEGUN = sa.func.coalesce(Procedure.started_at, sa.case((Procedure.state.in_(NEVER_DONE), _SETTLED), else_=Procedure.planned_for))
"""What will not be done never lies ahead: it stands under its day, or under the earlier one on which that was settled."""


def _began(one: Procedure) -> datetime:
    """The same of a procedure that is read already."""
    planned = min(one.planned_for, one.updated_at) if one.state in NEVER_DONE else one.planned_for
    return one.started_at or planned


def _procedures() -> sa.Select[Procedure, str]:
    return sa.select(Procedure, User.name).join(User, sa.and_(User.clinic_id == Procedure.clinic_id, User.id == Procedure.surgeon_id))


def _of_procedures(session: Session, window: Window) -> Iterator[Event]:
    query = window.of(_procedures().where(Procedure.patient_id == window.patient.id), _BEGUN, Procedure.id)
    for one, surgeon in session.execute(query):
        yield procedure(one, _began(one), surgeon)


def _visits(session: Session, window: Window) -> Iterator[Event]:
    """All of them: a protocol has a handful. What is settled never lies ahead, however early the patient came."""
    today = window.now.astimezone(window.zone).date()
    for one in session.scalars(sa.select(Visit).where(Visit.patient_id == window.patient.id)):
        at = one.booked_for or datetime.combine(one.target_date, time(), window.zone).astimezone(UTC)
        yield visit(one, at if one.state in OPEN else min(at, one.updated_at), today)


def _of_visits(session: Session, window: Window) -> Iterator[Event]:
    return (event for event in _visits(session, window) if window.holds(event.at, event.id))


def _of_messages(session: Session, window: Window) -> Iterator[Event]:
    """What went out, or should have; what was cancelled before its time has told the patient nothing."""
    settled_at = _earlier(Reminder.due_at, Reminder.updated_at)
    at = sa.func.coalesce(Reminder.sent_at, sa.case((Reminder.state.in_(NOT_YET), Reminder.due_at), else_=settled_at))
    wanted = (Reminder.patient_id == window.patient.id, Reminder.recipient == PATIENT, Reminder.state != ReminderState.CANCELLED)
    for one, moment in session.execute(window.of(sa.select(Reminder, at).where(*wanted), at, Reminder.id)):
        yield message(one, moment, in_files=window.in_files)


def _by(column: Any, model: type[Answer] | type[Alert] | type[Call]) -> sa.Select[Any, str, Visit]:
    joined = sa.and_(User.clinic_id == model.clinic_id, User.id == column)
    of_visit = sa.and_(Visit.clinic_id == model.clinic_id, Visit.id == model.visit_id)
    return sa.select(model, User.name, Visit).outerjoin(User, joined).outerjoin(Visit, of_visit)


def _of_answers(session: Session, window: Window) -> Iterator[Event]:
    query = _by(Answer.given_by, Answer).where(Answer.patient_id == window.patient.id)
    return (answer(*row) for row in session.execute(window.of(query, _column(Answer.given_at), Answer.id)))


def _of_alerts(session: Session, window: Window) -> Iterator[Event]:
    query = _by(Alert.closed_by, Alert).where(Alert.patient_id == window.patient.id)
    return (alert(*row) for row in session.execute(window.of(query, _column(Alert.raised_at), Alert.id)))


def _of_calls(session: Session, window: Window) -> Iterator[Event]:
    query = _by(Call.called_by, Call).where(Call.patient_id == window.patient.id)
    return (call(*row) for row in session.execute(window.of(query, _column(Call.called_at), Call.id)))


def _of_photos(session: Session, window: Window) -> Iterator[Event]:
    at = sa.func.coalesce(Photo.taken_at, Photo.created_at)
    query = sa.select(Photo).where(Photo.patient_id == window.patient.id)
    return (photo(one) for one in session.scalars(window.of(query, at, Photo.id)))


def _of_assessments(session: Session, window: Window) -> Iterator[Event]:
    """As written down, under the moment it was; what was corrected since says so."""
    later = aliased(Assessment)
    by = sa.and_(User.clinic_id == Assessment.clinic_id, User.id == Assessment.assessed_by)
    corrected = sa.exists().where(later.clinic_id == Assessment.clinic_id, later.replaces == Assessment.id)
    query = sa.select(Assessment, User.name, corrected).join(User, by).where(Assessment.patient_id == window.patient.id)
    rows = session.execute(window.of(query, _column(Assessment.created_at), Assessment.id)).all()
    present = _present(session, [one.id for one, _, _ in rows])
    return (assessment(one, who, present.get(one.id, []), replaced=replaced) for one, who, replaced in rows)


def _present(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Complication]]:
    """Complications that were present, by assessment."""
    query = sa.select(Finding).where(Finding.assessment_id.in_(ids), Finding.present == Presence.YES).order_by(Finding.id)
    found: dict[uuid.UUID, list[Complication]] = {}
    for one in session.scalars(query):
        found.setdefault(one.assessment_id, []).append(one.complication)
    return found


def _of_responses(session: Session, window: Window) -> Iterator[Event]:
    """Those that were completed, under the moment they were."""
    by = sa.and_(User.clinic_id == Response.clinic_id, User.id == Response.given_by)
    query = (
        sa.select(Response, User.name)
        .outerjoin(User, by)
        .where(Response.patient_id == window.patient.id, Response.completed_at.is_not(None))
    )
    rows = session.execute(window.of(query, _column(Response.completed_at), Response.id)).all()
    known = questionnaires_view.versions(session, window.now.astimezone(window.zone).date())
    scores = responses.scores_of(session, [one for one, _ in rows])
    for one, who in rows:
        scored = [f"{each.title}: {each.value} ({each.meaning})" for each in questionnaires_view.lines(known, one, scores[one.id])]
        yield response(one, questionnaires_view.title(known, one), questionnaires_view.how(one, who), scored)


def _column(given: Any) -> sa.ColumnElement[Any]:
    column: sa.ColumnElement[Any] = given.expression
    return column


SOURCES: dict[str, Callable[[Session, Window], Iterator[Event]]] = {
    "procedures": _of_procedures,
    "visits": _of_visits,
    "messages": _of_messages,
    "answers": _of_answers,
    "alerts": _of_alerts,
    "calls": _of_calls,
    "photos": _of_photos,
    "assessments": _of_assessments,
    "responses": _of_responses,
}


def by_year(shown: Sequence[Event], zone: ZoneInfo) -> list[tuple[int, list[Event]]]:
    """The same events under the years of the clinic's calendar."""
    years: dict[int, list[Event]] = {}
    for one in shown:
        years.setdefault(one.at.astimezone(zone).year, []).append(one)
    return list(years.items())
