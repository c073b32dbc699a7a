"""A tablet as the server sees it: a person, a device, and rows on their way."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from schemas.sync_words import Synced
from server.db import Database
from server.ids import uuid7
from server.sync.push import batch
from server.sync.push.row import Row
from server.sync.service.people import Sender
from tests import make
from tests.api import Api
from tests.procedures import case as stages

Json = dict[str, Any]


def row(document: Json, base: Json | None = None) -> Json:
    """One row of a push; every save has a write id of its own, unless the story says which."""
    state = {"write_id": str(uuid7())} | document if base is None else document | {"write_id": str(uuid7())}
    return {"newDocumentState": state} | ({"assumedMasterState": base} if base is not None else {})


def anna(**fields: Any) -> Json:
    """Anna as a tablet writes her down."""
    return {"id": str(uuid7()), "mrn": f"RPS-{uuid.uuid4().hex[:8]}", "family_name": "Petrauskienė", "given_name": "Anna"} | fields


def scar_of(patient_id: str, **fields: Any) -> Json:
    """Her scar."""
    return {"id": str(uuid7()), "patient_id": patient_id} | stages.LINEAR | fields


@dataclass
class Tablet:
    """A paired tablet with somebody signed in on it (None: her token ran out, and the tablet sends with its own)."""

    db: Database
    clinic: make.Clinic
    person: make.Person | None
    device_id: uuid.UUID
    revoked: bool = False
    seq: int = 0

    def push(self, collection: str, *rows: Json, **told: Any) -> Json:
        """The answer to a push; `told` is what the headers say."""
        sender = Sender(
            self.person.user_id if self.person else None,
            self.device_id,
            self.person.roles if self.person else (),
            revoked=self.revoked,
            **told,
        )
        sent = [Row(index, Synced(collection), one["newDocumentState"], one.get("assumedMasterState")) for index, one in enumerate(rows)]
        with self.db.transaction(self.clinic.id, actor=sender) as session:
            return json.loads(json.dumps(batch.receive(session, Synced(collection), sent, sender)))  # type: ignore[no-any-return]  # reason: JSON

    def entry(self, kind: str, procedure_id: str, **fields: Any) -> Json:
        """An entry with the next number of this tablet's counter, as a row."""
        self.seq += 1
        return row(make.entry(kind, procedure_id=procedure_id, device_seq=self.seq, **fields))


def paired(db: Database, clinic: make.Clinic, person: make.Person | None, name: str = "Theatre 1") -> Tablet:
    """A tablet of the clinic in somebody's hands."""
    return Tablet(db, clinic, person, make.tablet(db, clinic, name=name).device_id)


def statuses(answer: Json) -> list[str]:
    """What became of each row."""
    return [one["status"] for one in answer["receipts"]]


def issues(api: Api, **query: str) -> list[Json]:
    """What a person must look at."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return list(api.get(f"/sync/issues?{asked}")["items"])


def pulled(api: Api, collection: str, limit: int = 100) -> list[Json]:
    """Everything of a collection, page by page, as a fresh client pulls it."""
    found: list[Json] = []
    page = api.get(f"/sync/{collection}/pull?limit={limit}")
    while True:
        found += page["documents"]
        if len(page["documents"]) < limit:
            return found
        at = page["checkpoint"]
        page = api.get(f"/sync/{collection}/pull?limit={limit}&epoch={at['epoch']}&seq={at['seq']}")
