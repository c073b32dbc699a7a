"""The demo clinic on a server of its own, with what its past did not bring: a tablet, a kept row, a link, a new password."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from werkzeug.serving import WSGIRequestHandler, make_server

from schemas.outcome_words import Presence
from schemas.vocabulary import PhotoKind, ProcedureState, Role, VisitKind, VisitState
from server import clock
from server.app import App, create_app
from server.clinics import demo
from server.clinics import models as clinics
from server.config import from_environment
from server.db import Database
from server.demo import case, seed
from server.followup.models import Reminder, Visit
from server.followup.service import red_flags
from server.migrations.upgrade import upgrade
from server.outcomes.models import Finding
from server.patients.models import Patient
from server.photos.models import Photo
from server.photos.service.thumbnails import make_waiting
from server.procedures.models import Procedure
from server.reports.rules import Filters
from server.reports.service import asking, running
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek, drawn
from tests.photos.tablet import announced, sent
from tests.sync.tablet import anna as written_down
from tests.sync.tablet import paired, row
from tests.web.browser import Page
from tests.web.link_case import Anna
from tests.web.link_case import anna as linked


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  reason: werkzeug's signature
        """Nothing."""


@dataclass
class Riverside:
    """The running clinic, and what fills the gaps of its addresses."""

    app: App
    address: str
    clinic: make.Clinic
    filled: dict[str, str] = field(default_factory=dict)
    procedures: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    followed_up: str = ""
    """Somebody who was photographed before and after: the better picture, while Anna's case is today's."""

    def code(self, role: Role) -> str:
        """What the person's authenticator app shows; as if nobody had used it yet. Empty for whoever has none."""
        make.half_a_minute_later(self.app.db)
        return demo.code() if role in demo.ENROLLED else ""


@contextmanager
def riverside(data: Path) -> Iterator[Riverside]:
    """Open it in an empty folder."""
    config = from_environment({"GRAFTLOG_DATA": str(data)})
    db = Database(config.database_url, pool_size=8)
    upgrade(db)
    seed.run(config, db, say=lambda _: None)
    app = create_app(config, db)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        case.run_over_http(address, say=lambda _: None)
        opened = Riverside(app, address, _clinic(db))
        _more(opened)
        yield opened
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        db.close()


def _clinic(db: Database) -> make.Clinic:
    with db.transaction(write=False, everywhere=True) as session:
        every = {"execution_options": {"all_clinics": True}}
        found = session.scalars(sa.select(clinics.Clinic), **every).one()
        users = session.scalars(sa.select(clinics.User).order_by(clinics.User.email.desc()), **every).all()
        people = {Role(one.roles[0]): make.Person(one.id, found.id, one.name, one.email, (Role(one.roles[0]),)) for one in users}
        return make.Clinic(found.id, found.name, people)


def _more(at: Riverside) -> None:
    """What the pages can show besides."""
    db, clinic, now = at.app.db, at.clinic, clock.now()
    morning = now.replace(hour=9, minute=30, second=0, microsecond=0)
    with db.transaction(clinic.id, write=False) as session:
        anna = session.scalars(sa.select(Patient).where(Patient.mrn == case.MRN)).one()
        for state in ProcedureState:
            query = sa.select(Procedure.id).where(Procedure.state == state).order_by(Procedure.planned_for.desc(), Procedure.id)
            if found := session.scalars(query).first():
                at.procedures[state] = str(found)
        sent = session.scalars(sa.select(Reminder.id).order_by(Reminder.due_at, Reminder.id)).first()
    at.procedures[ProcedureState.PLANNED] = _planned(at, morning + timedelta(days=2))
    begun = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS, started_at=now - timedelta(minutes=25))
    at.procedures[ProcedureState.IN_PROGRESS] = begun["id"]
    _photographed(at, str(anna.id), now)
    theatre = paired(db, clinic, clinic.nurse)
    theatre.push("patients", row(written_down(birth_date="2999-01-01")))
    make.emergency(db, clinic, str(anna.id))
    visit = linked(at.app, clinic, ended_at=now - timedelta(days=80), booked_for=morning + timedelta(days=12))
    check_in = linked(at.app, clinic, step="d28", ended_at=now - timedelta(days=28), family_name="Novák", given_name="Hana")
    confirmed = linked(at.app, clinic, ended_at=now - timedelta(days=81), booked_for=morning + timedelta(days=9), given_name="Hanna")
    confirmed.press("/come")
    answered = linked(at.app, clinic, ended_at=now - timedelta(days=82), booked_for=morning + timedelta(days=8), given_name="Márta")
    sent_off = linked(at.app, clinic, ended_at=now - timedelta(days=83), booked_for=morning + timedelta(days=7), given_name="Marta")
    _answer_all(answered)
    sent_off.send(_answer_all(sent_off), "/questions/check")
    at.links = {
        "answered": answered.path,
        "sent": sent_off.path,
        "visit": visit.path,
        "confirmed": confirmed.path,
        "check-in": check_in.path,
        "cut off": f"/v/{uuid.uuid4().hex}",
    }
    _worried(at, str(anna.id))
    _reported(at)
    at.filled = {
        "patient_id": str(anna.id),
        "visit_id": _visited(at),
        "procedure_id": at.procedures[ProcedureState.SIGNED],
        "reminder_id": str(sent),
        "device_id": str(theatre.device_id),
        "user_id": str(clinic.nurse.user_id),
        "purpose": "book",
        "channel": "email",
        "language": "en",
        "key": "satisfaction",
        "reset": make.reset_link(db, clinic),
    }
    with db.transaction(clinic.id, write=False) as session:
        later = sa.select(Photo.patient_id).where(Photo.kind == PhotoKind.FOLLOW_UP, Photo.patient_id != anna.id).order_by(Photo.id.desc())
        at.followed_up = str(session.scalars(later).first() or anna.id)


def _answer_all(who: Anna) -> Page:
    """The page on which she checks what she has answered to everything."""
    page = who.open("/questions")
    while "Check your answers" not in page.text:
        page = who.phone.open(who.phone.send(page, next(iter(page.forms)), answer="2").headers["Location"])
    return page


def _visited(at: Riverside) -> str:
    """The visit of a newest procedure with an adverse event, so that the form has something to ask about again."""
    with at.app.db.transaction(at.clinic.id, write=False) as session:
        told = sa.select(Finding.procedure_id).where(Finding.present == Presence.YES)
        query = sa.select(Visit.id).where(Visit.procedure_id.in_(told), Visit.kind == VisitKind.VISIT, Visit.state == VisitState.ATTENDED)
        return str(session.scalars(query.order_by(Visit.target_date.desc(), Visit.id)).first())


def _worried(at: Riverside, patient_id: str) -> None:
    """Anna has called: nobody is on it yet, and every page says so."""
    with at.app.db.transaction(at.clinic.id, actor=at.clinic.nurse) as session:
        red_flags.report(session, uuid.UUID(patient_id), ["vision", "infection"])


def _reported(at: Riverside) -> None:
    """The surgeon's own cohort and everybody's, computed of what is there by now."""
    with at.app.db.transaction(at.clinic.id, actor=at.clinic.surgeon) as session:
        for surgeon in (at.clinic.surgeon.user_id, None):
            asking.ask(session, Filters(surgeon_id=surgeon), at.clinic.surgeon.user_id)
    running.run_waiting(at.app.db)


def _planned(at: Riverside, when: datetime) -> str:
    """Małgorzata's, with two scars in the plan and one that is not."""
    db, clinic = at.app.db, at.clinic
    who = {"family_name": "Żak", "given_name": "Małgorzata", "sex": "female", "allergies": "penicillin", "mrn": "RPS-1002"}
    patient_id = make.patient(db, clinic, **who)["id"]
    places = (("Left cheek, rolling", "cheek_medial", 0.66, 0.55), ("Between the brows", "glabella", 0.5, 0.4), ("Chin", "chin", 0.5, 0.86))
    scars = [
        make.scar(db, clinic, patient_id, label=label, subunit=subunit, view="front", x_e4=round(x * 10_000), y_e4=round(y * 10_000))["id"]
        for label, subunit, x, y in places
    ]
    injections = [{"scar_id": uuid.UUID(scar), "volume_ul": volume} for scar, volume in zip(scars, (1200, 400), strict=False)]
    plan = {"harvest_site": "lower_abdomen", "passes": 60, "aperture_um": 500, "injections": injections}
    return str(make.procedure(db, clinic, patient_id=patient_id, planned_for=when, plan=plan)["id"])


def _photographed(at: Riverside, patient_id: str, now: datetime) -> None:
    """Anna from the front once more, turned and graded for it; and pictures that are still on their way."""
    tablet = Api(at.app.test_client(), make.token(at.app.db, at.clinic.nurse))
    for turned, flaws in ((True, ["distance", "pose"]), (False, [])):
        face = drawn(case.SCARS, healed=0.4, red=0.7, turned=turned)
        photo = sent(tablet, patient_id, face, kind="follow_up", taken_at=now.isoformat(timespec="seconds"))
        tablet.post(f"/photos/{photo['id']}/grades", {"quality": "usable" if flaws else "good", "flaws": flaws})
    decided = {"purpose": "teaching", "given": False, "decided_on": now.date().isoformat()}
    tablet.post(f"/patients/{patient_id}/photo-consents", decided)
    announced(tablet, patient_id, cheek(310, 400), kind="follow_up")
    open_one = {"procedure_id": at.procedures[ProcedureState.COMPLETED], "kind": "intraoperative", "view": "left_oblique"}
    announced(tablet, patient_id, cheek(303, 400), **open_one)
    make_waiting(at.app.db, at.app.settings)
