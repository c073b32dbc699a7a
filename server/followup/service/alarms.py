"""Alerts that cannot wait: told at once, then again and to more people, until somebody is on it. Why so: docs/decisions/0041."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind, ProcedureState, Purpose
from server import clock
from server.db import table_of
from server.followup.models import Alert, Visit
from server.followup.service import staff
from server.followup.service.alerts import raise_alert
from server.followup.service.endpoints import send_mail, send_push
from server.journal.service import say
from server.problems import Problem
from server.procedures.models import Procedure

URGENT = (AlertKind.RED_FLAG, AlertKind.CONCERNING_ANSWER)
LADDER = (timedelta(minutes=10), timedelta(minutes=20))
"""After it was raised, and after the first escalation."""
EVERY = timedelta(hours=1)
"""From then on."""
ON_IT_FOR = timedelta(hours=4)
"""So long after somebody has said to be on it, it should be closed; then it is nobody's again."""
STAYS_URGENT = timedelta(days=1)
MOST = 50
WORK_LIST, PEOPLE = "/follow-up/work-list", "/people"
_A = table_of(Alert)
_NAMES = {AlertKind.RED_FLAG: "a red flag", AlertKind.CONCERNING_ANSWER: "an answer that worries"}
_HAD = (ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED, ProcedureState.SIGNED, ProcedureState.ABANDONED)


@dataclass(frozen=True)
class News:
    """What appears on the screens and in the mail of staff; nobody is named and nothing clinical is said."""

    title: str
    text: str


FLAG_SAID = News("A red flag: a patient needs a call now", "A patient has a sign that cannot wait. Open the work list.")
FLAG_SEEN = News("A red flag: seen at an assessment", "An assessment found what cannot wait. Open the work list.")
CHECK_IN = News("A patient needs a call now", "A check-in was answered in a way that concerns. Open the work list.")
QUESTIONNAIRE = News("A patient needs a call now", "A questionnaire was answered in a way that concerns. Open the work list.")
LINK = News("A patient needs a call now", "Behind the link of a visit a patient said that something is worse. Open the work list.")


def sound(
    session: Session,
    kind: AlertKind,
    news: News,
    *,
    patient_id: uuid.UUID,
    detail: str,
    visit: Visit | None = None,
    procedure_id: uuid.UUID | None = None,
) -> Alert:
    """Raise an alert that cannot wait and tell whoever follows up, in this transaction; the open one where it stands already.

    Whoever calls knows where it comes from, and says so in the `news`.
    """
    alert = raise_alert(session, kind, patient_id=patient_id, detail=detail, visit=visit, procedure_id=procedure_id)
    if alert.next_escalation_at is None:
        tell(session, alert, news)
    return alert


def add(session: Session, alert: Alert, news: News, detail: str) -> None:
    """Something new about an open alert: told at once like a new one, even while somebody is on it."""
    alert.detail = detail
    alert.acknowledged_at = alert.acknowledged_by = None
    alert.escalation_level += 1
    tell(session, alert, news)


def tell(session: Session, alert: Alert, news: News) -> None:
    """At once: by notice whoever follows up, by mail the surgeon and those in charge of the work list."""
    until = clock.now() + STAYS_URGENT
    alert.next_escalation_at = clock.now() + LADDER[0]
    session.flush()
    to = (_surgeon(session, alert), *(one.id for one in staff.in_charge(session)))
    _send(session, alert, news, (staff.who_follow_up(session), to), WORK_LIST, until)


def _surgeon(session: Session, alert: Alert) -> uuid.UUID | None:
    """Who operated: of the procedure that the alert is about, else of the patient's last one."""
    query = sa.select(Procedure.surgeon_id).where(Procedure.patient_id == alert.patient_id)
    query = query.where(Procedure.id == alert.procedure_id if alert.procedure_id else Procedure.state.in_(_HAD))
    return session.scalars(query.order_by(Procedure.planned_for.desc(), Procedure.id.desc()).limit(1)).first()


def _send(
    session: Session,
    alert: Alert,
    news: News,
    to: tuple[Iterable[uuid.UUID | None], Iterable[uuid.UUID | None]],
    path: str,
    until: datetime,
) -> None:
    """(by notice, by mail), each person once. The keys follow from the alert, its level and the person: no worker tells it twice."""
    pushed, mailed = (list(dict.fromkeys(one for one in some if one)) for some in to)
    key = uuid.uuid5(alert.id, f"{alert.escalation_level}|{path}")
    send_push(session, pushed, news.title, news.text, path, purpose=Purpose.ALERT, key=key, until=until)
    send_mail(session, {one: uuid.uuid5(key, str(one)) for one in mailed}, news.title, news.text, path, purpose=Purpose.ALERT, until=until)


def acknowledge(session: Session, alert: Alert) -> Alert:
    """Somebody has seen a locked alert and is on it: it rests for a while. Raises `conflict` for one that is closed or can wait."""
    if alert.closed_at:
        raise Problem("conflict", "Somebody has already dealt with this; read it again.")
    if alert.kind not in URGENT:
        raise Problem("conflict", "Only what cannot wait is acknowledged; close this one with a note of what was done.")
    actor = session.info["actor"]
    if alert.acknowledged_at is None or alert.acknowledged_by != actor.user_id:
        alert.acknowledged_at, alert.acknowledged_by = clock.now(), actor.user_id
        alert.next_escalation_at = clock.now() + ON_IT_FOR
        say(session, alert, "acknowledge")
        session.flush()
    return alert


def clinics_due(session: Session) -> list[uuid.UUID]:
    """Clinics with an alert that must be told again. One look at an index of the open ones."""
    due = sa.select(_A.c.clinic_id).where(_A.c.next_escalation_at.is_not(None), _A.c.next_escalation_at <= clock.now())
    return list(dict.fromkeys(session.connection().execute(due).scalars()))


def escalate(session: Session) -> int:
    """Tell the session's clinic again what is due; how many alerts. One that another worker has in hand is left to it."""
    due = sa.select(Alert).where(Alert.next_escalation_at.is_not(None), Alert.next_escalation_at <= clock.now())
    query = due.order_by(Alert.next_escalation_at, Alert.id).limit(MOST).with_for_update(skip_locked=True)
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    for alert in rows:
        _again(session, alert)
    return len(rows)


def _again(session: Session, alert: Alert) -> None:
    """After an outage once, not for each step that was missed."""
    now, what = clock.now(), _NAMES[alert.kind]
    if alert.acknowledged_at:
        passed = _in_words(now - alert.acknowledged_at)
        text = f"Somebody said {passed} ago to be on it, and nobody has written down what was found."
        news = News(f"Not closed yet: {what}", f"{text} Open the work list.")
    else:
        text = f"Raised {_in_words(now - alert.raised_at)} ago, and nobody has said to be on it."
        news = News(f"Nobody is on it: {what}", f"{text} Open the work list and press “I am on it”.")
    alert.acknowledged_at = alert.acknowledged_by = None
    alert.escalation_level += 1
    alert.escalated_at = now
    alert.next_escalation_at = now + (LADDER[alert.escalation_level] if alert.escalation_level < len(LADDER) else EVERY)
    say(session, alert, "escalate")
    session.flush()
    everybody, until = [_surgeon(session, alert), *staff.who_follow_up(session)], alert.next_escalation_at  # the next one says it anew
    _send(session, alert, news, (everybody, everybody), WORK_LIST, until)
    others = [one for one in staff.in_charge_of_people(session) if one not in everybody]
    called = News(news.title, f"{text} Reach somebody who looks after patients by telephone.")
    _send(session, alert, called, (others, others), PEOPLE, until)


def _in_words(passed: timedelta) -> str:
    minutes = round(passed.total_seconds() / 60)
    number, unit = (minutes, "minute") if minutes < 120 else (minutes // 60, "hour")  # noqa: PLR2004  reason: two hours
    return f"{number} {unit}{'s' * (number != 1)}"


def unacknowledged(session: Session) -> dict[AlertKind, int]:
    """How many of each kind nobody of the session's clinic is on. Asked for every page: one look at the index of what is open."""
    waits = (_A.c.clinic_id == session.info["clinic_id"], _A.c.next_escalation_at.is_not(None), _A.c.acknowledged_at.is_(None))
    query = sa.select(_A.c.kind, sa.func.count()).where(*waits).group_by(_A.c.kind)
    found = {AlertKind(kind): number for kind, number in session.connection().execute(query)}
    return {kind: found[kind] for kind in URGENT if kind in found}


def waiting(session: Session) -> tuple[int, timedelta]:
    """(how many, for how long the longest) of all clinics: what nobody is on. For those who run the installation."""
    waits = (_A.c.next_escalation_at.is_not(None), _A.c.acknowledged_at.is_(None))
    count, oldest = session.connection().execute(sa.select(sa.func.count(), sa.func.min(_A.c.raised_at)).where(*waits)).one()
    return count, max(timedelta(), clock.now() - oldest) if oldest else timedelta()
