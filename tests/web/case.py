"""Procedures as the pages' stories need them."""

import uuid
from typing import Any

from schemas.vocabulary import ProcedureState
from server.db import Database
from tests import make


def completed(db: Database, of: make.Clinic, **patient: Any) -> dict[str, Any]:
    """A completed procedure that may be signed: one scar planned with 0.8 mL and given 0.8 mL, out of 4 mL."""
    who = make.patient(db, of, **patient)
    scar = make.scar(db, of, who["id"])
    plan = {"injections": [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 800}]}
    done = make.procedure(db, of, state=ProcedureState.COMPLETED, patient_id=who["id"], plan=plan)
    make.record(
        db,
        of,
        done["id"],
        make.entry("checklist", phase="time_out", item="team_introduced", answer="yes"),
        make.entry("harvest", site="flank", lipoaspirate_ml=20),
        make.entry("filtration", filtered=True, aperture_um=500, nanofat_ml=4),
        make.entry("injection", scar_id=scar["id"], volume_ml=0.8, plane="subdermal"),
        make.entry("discard", volume_ml=3.2, material="nanofat"),
    )
    return done
