"""Anna's telephone: the link that she was sent, and what the clinic knows afterwards."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, VisitState
from server import clock
from server.app import App
from server.config import Config
from server.db import Database, find
from server.followup import links
from server.followup.models import Alert, Answer, Reminder, Visit
from server.followup.service.visits import mark_visit
from server.journal.models import JournalHead, JournalRow
from server.patients.models import Patient
from tests import make
from tests.web.browser import Browser, Page

MONDAY = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
IN_MAY = datetime(2026, 5, 26, 8, 0, tzinfo=UTC)
"""A week before the visit after three months, which is due on 2 June, from 19 May to 16 June."""
END_OF_MARCH = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
"""The day of the last check-in."""
THE_2ND_OF_JUNE = datetime(2026, 6, 2, 8, 30, tzinfo=UTC)
"""10:30 at Riverside."""


@dataclass
class Anna:
    """One patient after one procedure, one of her visits, and the link to it."""

    db: Database
    config: Config
    clinic: make.Clinic
    patient_id: uuid.UUID
    visit_id: uuid.UUID
    address: str
    phone: Browser

    @property
    def path(self) -> str:
        """Of her page."""
        return self.address.removeprefix(self.config.public_url)

    def open(self, part: str = "", expect: int = 200) -> Page:
        """Tap the link, or an address below it."""
        return self.phone.open(self.path + part, expect)

    def press(self, part: str, **typed: Any) -> Page:
        """Open the page, press the button that leads to `part`, and see what comes."""
        return self.send(self.open(), part, **typed)

    def report(self, **typed: Any) -> Page:
        """Something is wrong, which can be said from every page."""
        return self.send(self.open("/something-wrong"), "/something-wrong", **typed)

    def send(self, page: Page, part: str, **typed: Any) -> Page:
        """Press a button of this page."""
        answer = self.phone.send(page, next(one for one in page.forms if one.partition("?")[0] == self.path + part), **typed)
        return self.phone.open(answer.headers["Location"])

    def _all(self, query: sa.Select[Any]) -> list[Any]:
        with self.db.transaction(self.clinic.id, write=False) as session:
            return list(session.scalars(query))

    def visit(self) -> Visit:
        """As the clinic knows it now."""
        found: Visit = self._all(sa.select(Visit).where(Visit.id == self.visit_id))[0]
        return found

    def patient(self) -> Patient:
        """As the clinic knows her now."""
        found: Patient = self._all(sa.select(Patient).where(Patient.id == self.patient_id))[0]
        return found

    def alerts(self) -> list[tuple[str, str]]:
        """(kind, detail) of the open ones."""
        found = self._all(sa.select(Alert).where(Alert.patient_id == self.patient_id, Alert.closed_at.is_(None)).order_by(Alert.id))
        return [(str(one.kind), one.detail) for one in found]

    def answers(self) -> list[str]:
        """In the order given."""
        return [one.answer for one in self._all(sa.select(Answer).where(Answer.visit_id == self.visit_id).order_by(Answer.id))]

    def messages(self, purpose: str | None = None) -> list[Reminder]:
        """About this visit."""
        query = sa.select(Reminder).where(Reminder.visit_id == self.visit_id).order_by(Reminder.id)
        return [one for one in self._all(query) if purpose in {None, one.purpose}]

    def head(self) -> int:
        """How many rows the clinic's journal has."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == self.clinic.id)).one()

    def actions(self) -> list[tuple[str, uuid.UUID | None]]:
        """(action, who) of the clinic's journal, oldest first."""
        query = sa.select(JournalRow).where(JournalRow.clinic_id == self.clinic.id).order_by(JournalRow.seq)
        return [(one.action, one.actor_id) for one in self._all(query)]

    def mark(self, state: VisitState, booked_for: datetime | None = None) -> None:
        """What somebody at the clinic says about the visit."""
        with self.db.transaction(self.clinic.id, actor=self.clinic.coordinator) as session:
            visit = find(session, Visit, self.visit_id, lock=True)
            assert visit is not None
            mark_visit(session, visit, state, booked_for=booked_for)

    def new_address(self, ends: datetime) -> str:
        """The link as a message carries it."""
        with self.db.transaction(self.clinic.id) as session:
            return links.ensure(session, self.config, {self.visit_id: (self.patient_id, ends)})[self.visit_id]

    def revoke(self) -> None:
        """Somebody at the clinic ends her links."""
        with self.db.transaction(self.clinic.id) as session:
            links.revoke(session, self.visit_id)


def anna(
    app: App, of: make.Clinic, *, step: str = "3m", booked_for: datetime | None = None, ended_at: datetime = MONDAY, **patient: Any
) -> Anna:
    """Anna, whose procedure ended on Monday 2 March 2026, and who has been sent the link to one of her visits."""
    with clock.at(ended_at):
        who = make.patient(app.db, of, **patient)
        make.procedure(app.db, of, state=ProcedureState.COMPLETED, patient_id=who["id"], ended_at=ended_at)
    with app.db.transaction(of.id, write=False) as session:
        visit = session.scalars(sa.select(Visit).where(Visit.patient_id == uuid.UUID(who["id"]), Visit.step == step)).one()
    story = Anna(app.db, app.settings, of, uuid.UUID(who["id"]), visit.id, "", Browser(app.test_client()))
    story.address = story.new_address(datetime.combine(visit.closes_on, datetime.min.time(), UTC) + timedelta(days=28))
    if booked_for:
        story.mark(VisitState.BOOKED, booked_for)
    return story
