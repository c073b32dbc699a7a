"""What tablets of the sync's benchmark have: documents to pull, and batches to push."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.clients import Request
from bench.place import Place
from server.db import Database
from server.ids import uuid7
from server.journal import service
from tests import make

SIZE = 2_800
"""Bytes of a document, as in the figures to beat."""
_AT_ONCE = 1000


def documents(database: Database, clinic: make.Clinic, up_to: int) -> None:
    """Patients in a clinic's journal until there are so many. Only the journal is filled: a pull reads nothing else."""
    with database.transaction(clinic.id, write=False) as session:
        there = session.connection().exec_driver_sql("SELECT count(*) FROM journal WHERE collection = 'patients'").scalar_one()
    for _ in range(there, up_to, _AT_ONCE):
        with database.transaction(clinic.id) as session:
            service.enter(
                session, clinic.id, {("patients", one): ("create", None, _patient(one)) for one in [uuid7() for _ in range(_AT_ONCE)]}
            )


def _patient(record: uuid.UUID) -> dict[str, Any]:
    known = {"id": str(record), "write_id": str(uuid7()), "family_name": "Petrauskienė", "given_name": "Anna", "mrn": f"B-{record}"}
    return known | {"notes": "Atrophic scars of both cheeks. " * 83}


def analyse(where: Place) -> None:
    """Statistics, as the database makes them by itself after a while."""
    database = where.database()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if where.is_sqlite else "VACUUM ANALYZE")
    database.close()


@dataclass
class Tablet:
    """A paired tablet in a surgeon's hands, with a procedure under way."""

    token: str
    procedure_id: str
    count: int = field(default=0)

    def push(self, collection: str, rows: int) -> Request:
        """A batch of new documents."""
        made = [self._entry() if collection == "entries" else self._patient() for _ in range(rows)]
        body = json.dumps([{"newDocumentState": one} for one in made]).encode()
        return "POST", f"/api/v1/sync/{collection}/push", body

    def _entry(self) -> dict[str, Any]:
        self.count += 1
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(milliseconds=self.count)
        known = {"id": str(uuid7()), "procedure_id": self.procedure_id, "kind": "note", "recorded_at": at.isoformat()}
        return known | {"text": f"Step {self.count}: thirty passes through 1.2 mm.", "device_seq": self.count}

    def _patient(self) -> dict[str, Any]:
        record = str(uuid7())
        known = {"id": record, "write_id": str(uuid7()), "mrn": record, "family_name": "Petrauskienė", "given_name": "Anna"}
        return known | {"birth_date": "1987-04-11", "sex": "female", "notes": "Keloid on the shoulder."}


def tablet(database: Database, clinic: make.Clinic) -> Tablet:
    """One more tablet of a clinic."""
    patient = make.patient(database, clinic)
    procedure = make.procedure(database, clinic, patient_id=patient["id"])
    return Tablet(make.token(database, clinic.surgeon), procedure["id"])
