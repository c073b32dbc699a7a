"""Factories: each call says only what matters to its story. Riverside's people have the same names everywhere."""

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import argon2
import pyotp
import sqlalchemy as sa

from schemas.entry_loading import load_entries
from schemas.vocabulary import DeviceState, ProcedureState, Role
from server import clock
from server.clinics import accounts, second_factor
from server.clinics import service as clinics
from server.clinics.credentials import SecondFactor
from server.clinics.models import Device, SignIn, User
from server.db import Database, find
from server.followup.models import ProtocolVersion
from server.followup.protocol import Protocol, to_content
from server.followup.service import protocols
from server.ids import uuid7
from server.journal.models import JournalRow
from server.patients import service as patients
from server.patients.models import Patient
from server.procedures.models import Procedure
from server.procedures.service import lifecycle, log
from server.rights import emergency as emergencies
from server.rights import erasure as erasures

PASSWORD = "correct horse battery"
PIN = "482915"
SECOND_FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ENROLLED = frozenset({Role.SURGEON, Role.ADMIN})
_CHEAPLY = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_CHEAP, _CHEAP_PIN = _CHEAPLY.hash(PASSWORD), _CHEAPLY.hash(PIN)
NAMES = {
    Role.SURGEON: "Dr Vera Kovács",
    Role.NURSE: "Nóra Szabó",
    Role.COORDINATOR: "Csaba Tóth",
    Role.RATER: "Dr Réka Nagy",
    Role.ADMIN: "Ádám Varga",
}


@dataclass(frozen=True)
class Person:
    """A person of a clinic; acts as `session.info["actor"]` too."""

    user_id: uuid.UUID
    clinic_id: uuid.UUID
    name: str
    email: str
    roles: tuple[Role, ...]
    device_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Clinic:
    """A clinic and its people."""

    id: uuid.UUID
    name: str
    people: dict[Role, Person]

    @property
    def surgeon(self) -> Person:
        """Dr Vera Kovács."""
        return self.people[Role.SURGEON]

    @property
    def nurse(self) -> Person:
        """Nóra Szabó."""
        return self.people[Role.NURSE]

    @property
    def coordinator(self) -> Person:
        """Csaba Tóth."""
        return self.people[Role.COORDINATOR]

    @property
    def rater(self) -> Person:
        """Dr Réka Nagy."""
        return self.people[Role.RATER]

    @property
    def admin(self) -> Person:
        """Ádám Varga."""
        return self.people[Role.ADMIN]


def clinic(
    db: Database,
    *,
    name: str = "Riverside Plastic Surgery",
    time_zone: str = "Europe/Budapest",
    phone: str | None = "+36 1 555 0100",
    demo: bool = False,
) -> Clinic:
    """A clinic with one person in each role, all with PASSWORD; surgeon and administrator also with SECOND_FACTOR."""
    with db.transaction() as session:
        made = clinics.create_clinic(session, name=name, time_zone=time_zone, phone=phone, demo=demo)
        people = {}
        for role, person_name in NAMES.items():
            user = User(email=f"{role}.{secrets.token_hex(6)}@clinic.example", name=person_name, roles=[str(role)], password_hash=_CHEAP)
            session.add(user)
            session.flush()
            if role in ENROLLED:
                second_factor.enrol(session, user, SECOND_FACTOR)
            people[role] = Person(user.id, made.id, user.name, user.email, (role,))
        return Clinic(made.id, made.name, people)


def code(ahead: int = 0) -> str:
    """What an app with SECOND_FACTOR shows now, or so many codes later: this one and the next are taken, each once a person."""
    return pyotp.TOTP(SECOND_FACTOR).generate_otp(int(clock.now().timestamp()) // 30 + ahead)


def proof(ahead: int = 0) -> dict[str, Any]:
    """What signing asks for."""
    return {"password": PASSWORD, "code": code(ahead)}


def reset_link(db: Database, of: Clinic, **only_what_matters: Any) -> str:
    """Token of a one-time link that Ádám has made for Nóra."""
    with db.transaction(of.id, actor=of.admin) as session:
        return accounts.issue_link(session, session.get_one(User, (of.id, of.nurse.user_id)), **only_what_matters)[1]


def emergency(db: Database, of: Clinic, patient_id: str) -> str:
    """Id of the emergency access by which Ádám reads this patient's record."""
    with db.transaction(of.id, actor=of.admin) as session:
        patient = session.get_one(Patient, (of.id, uuid.UUID(patient_id)))
        return str(emergencies.open_record(session, mrn=patient.mrn, reason="Called at night; no surgeon answers.").id)


def erasure(db: Database, of: Clinic, patient_id: str) -> erasures.Erased:
    """Ádám has decided to erase what need not be kept about this patient; her objects are still in the store."""
    with db.transaction(of.id) as session:
        admin = session.get_one(User, (of.id, of.admin.user_id))
        return erasures.erase(session, uuid.UUID(patient_id), reason="Her letter of 3 March.", decided_by=admin)


def stranger() -> str:
    """An address that nobody signs in with, another one in each story: wrong tries are counted for it as well."""
    return f"nobody.{secrets.token_hex(6)}@clinic.example"


def also(db: Database, person: Person, *roles: Role) -> Person:
    """The same person with more roles."""
    with db.transaction(person.clinic_id) as session:
        session.get_one(User, (person.clinic_id, person.user_id)).roles = [str(role) for role in (*person.roles, *roles)]
    return replace(person, roles=(*person.roles, *roles))


def journal(db: Database, of: Clinic) -> list[JournalRow]:
    """All rows of the clinic's journal."""
    with db.transaction(of.id, write=False) as session:
        return list(session.scalars(sa.select(JournalRow).where(JournalRow.clinic_id == of.id).order_by(JournalRow.seq)))


def half_a_minute_later(db: Database) -> None:
    """As if everybody's app showed another code by now: a code is taken once, and a story does not sleep."""
    with db.transaction(everywhere=True) as session:
        session.execute(sa.update(SecondFactor).values(last_step=0), execution_options={"all_clinics": True})


def token(db: Database, person: Person) -> str:
    """A token of a session just opened."""
    text = secrets.token_urlsafe(32)
    now = clock.now()
    with db.transaction(person.clinic_id) as session:
        session.add(
            SignIn(
                token_hash=clinics.token_hash(text),
                clinic_id=person.clinic_id,
                user_id=person.user_id,
                device_id=person.device_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
    return text


@dataclass(frozen=True)
class Tablet:
    """A paired tablet; acts as `session.info["actor"]` too."""

    device_id: uuid.UUID
    clinic_id: uuid.UUID
    name: str
    token: str
    user_id: None = None


def tablet(db: Database, of: Clinic, *, name: str = "Theatre 1") -> Tablet:
    """A tablet that Ádám has paired just now, without the code that takes so long to hash."""
    text = secrets.token_urlsafe(32)
    with db.transaction(of.id, actor=of.admin) as session:
        device = Device(name=name, state=DeviceState.PAIRED, code_expires_at=clock.now(), paired_by=of.admin.user_id, paired_at=clock.now())
        device.token_hash = clinics.token_hash(text)
        session.add(device)
        session.flush()
        return Tablet(device.id, of.id, name, text)


def pin(db: Database, person: Person) -> None:
    """Give a person PIN, cheaply hashed."""
    with db.transaction(person.clinic_id, actor=person) as session:
        session.get_one(User, (person.clinic_id, person.user_id)).pin_hash = _CHEAP_PIN


def protocol(db: Database, of: Clinic, content: Protocol) -> str:
    """Put a protocol in force for what is scheduled from now on; its version."""
    with db.transaction(of.id, actor=of.surgeon) as session:
        newest = protocols.newest(session)
        row = ProtocolVersion(number=(newest.number if newest else 1) + 1, content=to_content(content), created_by=of.surgeon.user_id)
        session.add(row)
        session.flush()
        return row.label


def patient(db: Database, of: Clinic, **only_what_matters: Any) -> dict[str, Any]:
    """A patient (wire form): Anna Petrauskienė unless said otherwise."""
    fields = {
        "mrn": f"RPS-{secrets.token_hex(4)}",
        "family_name": "Petrauskienė",
        "given_name": "Anna",
        "birth_date": date(1991, 4, 17),
        "email": "anna@example.org",
        "weight_g": 62000,
        "allergies": "none known",
    } | only_what_matters
    with db.transaction(of.id, actor=of.surgeon) as session:
        return patients.create_patient(session, fields)[0].document()


def scar(db: Database, of: Clinic, patient_id: str, **only_what_matters: Any) -> dict[str, Any]:
    """A scar (wire form) of a patient: a depressed linear scar of the left cheek unless said otherwise."""
    fields = {
        "label": "Left cheek",
        "subunit": "cheek_medial",
        "side": "left",
        "morphology": "depressed_linear",
        "aetiology": "trauma",
        "length_um": 32000,
        "width_um": 3000,
    } | only_what_matters
    with db.transaction(of.id, actor=of.surgeon) as session:
        owner = find(session, Patient, uuid.UUID(patient_id))
        assert owner is not None
        return patients.create_scar(session, owner, fields)[0].document()


def procedure(
    db: Database,
    of: Clinic,
    *,
    state: ProcedureState = ProcedureState.PLANNED,
    patient_id: str | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    **only_what_matters: Any,
) -> dict[str, Any]:
    """A procedure (wire form) brought to `planned`, `in_progress` or `completed`; at those times if given."""
    begun = started_at or (ended_at - timedelta(hours=1) if ended_at else None)
    fields = {
        "patient_id": uuid.UUID(patient_id or patient(db, of)["id"]),
        "surgeon_id": of.surgeon.user_id,
        "planned_for": begun or clock.now(),
    } | only_what_matters
    with db.transaction(of.id, actor=of.surgeon) as session:
        made, _ = lifecycle.plan_procedure(session, fields)
        if state in {ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED}:
            lifecycle.start(session, made, begun)
        if state == ProcedureState.COMPLETED:
            lifecycle.complete(session, made, ended_at)
        return made.document()


def record(db: Database, of: Clinic, procedure_id: str, *entries: dict[str, Any]) -> dict[str, Any]:
    """Record entries (wire form); `id` and `recorded_at` are filled in where absent. Returns entries, totals, warnings."""
    sent = load_entries([entry(**one) for one in entries])
    with db.transaction(of.id, actor=of.surgeon) as session:
        found = find(session, Procedure, uuid.UUID(procedure_id), lock=True)
        assert found is not None
        return log.record_entries(session, found, sent)[0]


def entry(kind: str, **fields: Any) -> dict[str, Any]:
    """An entry as a tablet sends it."""
    return {"id": str(uuid7()), "kind": kind, "recorded_at": datetime.now(UTC).isoformat(timespec="seconds")} | fields
