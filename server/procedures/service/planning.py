"""The plan's answers: how much is needed, at whose yield, which ceilings and risks apply, what is missing before the day."""

import statistics
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState
from server.canonical import number
from server.clinics.models import User
from server.patients.models import Patient, Scar
from server.patients.service import scars_of
from server.procedures.models import Procedure
from server.procedures.rules import LIDOCAINE_CEILING_MG_PER_KG, LIDOCAINE_WITHOUT_LIPOSUCTION_MG_PER_KG
from server.procedures.service.sums import volumes

DEAD_SPACE_ML_PER_SCAR = 0.1
"""What stays in each 1 mL syringe and its needle; one syringe per scar is assumed."""
FEWEST_OWN = 3
MOST_OWN = 50
ESTIMATED_YIELD = {"median": 0.2, "low": 0.1, "high": 0.4}
"""Nanofat per lipoaspirate. No published yield was found; a working estimate that a surgeon should replace by her own cases."""
TUMESCENT_PER_LIPOASPIRATE = 1.0
"""Infiltrated to aspirated about 1 : 1 (Coleman)."""
TYPICAL_LIDOCAINE_MG_PER_L = 800


def answers(session: Session, procedure: Procedure) -> dict[str, Any]:
    """The planning half of a procedure, each answer with the numbers behind it."""
    patient = session.scalars(sa.select(Patient).where(Patient.id == procedure.patient_id)).one()
    scars = {scar.id: scar for scar in scars_of(session, patient.id)}
    planned = [scars[one.scar_id] for one in procedure.injections]
    needed = _needed(procedure)
    yields = _yield(session, procedure)
    aspirate = _aspirate(needed["total_ml"], yields)
    return {
        "procedure_id": str(procedure.id),
        "plan": procedure.plan,
        "nanofat_needed": needed,
        "lipoaspirate_needed": aspirate,
        "tumescent": {
            "volume_ml": aspirate["median_ml"],
            "per_lipoaspirate": TUMESCENT_PER_LIPOASPIRATE,
            "source": "infiltrated to aspirated about 1:1",
        },
        "lidocaine_ceiling": _ceiling(procedure, patient),
        "risk_zones": [
            {"scar_id": str(scar.id), "label": scar.label, "subunit": str(scar.subunit)} for scar in planned if scar.high_risk_vessel_zone
        ],
        "missing": _missing(procedure, patient, planned),
    }


def _needed(procedure: Procedure) -> dict[str, Any]:
    scars_ul = sum(one.volume_ul for one in procedure.injections)
    dead_ul = round(DEAD_SPACE_ML_PER_SCAR * 1000) * len(procedure.injections)
    return {
        "scars_ml": number(scars_ul, 1000),
        "dead_space_ml": number(dead_ul, 1000),
        "total_ml": number(scars_ul + dead_ul, 1000),
        "scars": len(procedure.injections),
    }


def _yield(session: Session, procedure: Procedure) -> dict[str, Any]:
    """This surgeon's own past yields (nanofat per lipoaspirate), newest first; the estimate where there are too few."""
    past = (
        sa.select(Procedure.id)
        .where(
            Procedure.surgeon_id == procedure.surgeon_id,
            Procedure.id != procedure.id,
            Procedure.state.in_([ProcedureState.COMPLETED, ProcedureState.SIGNED]),
        )
        .order_by(Procedure.planned_for.desc(), Procedure.id)
        .limit(MOST_OWN)
    )
    sums = volumes(session, list(session.scalars(past)))
    own = [one["nanofat_ul"] / one["lipoaspirate_ul"] for one in sums.values() if one["nanofat_ul"] and one["lipoaspirate_ul"]]
    if len(own) < FEWEST_OWN:
        return {"basis": "estimate", "cases": len(own), **ESTIMATED_YIELD}
    surgeon = session.scalars(sa.select(User).where(User.id == procedure.surgeon_id)).one()
    return {
        "basis": "own",
        "surgeon": surgeon.name,
        "cases": len(own),
        "median": round(statistics.median(own), 3),
        "low": round(min(own), 3),
        "high": round(max(own), 3),
    }


def _aspirate(needed_ml: float, yields: dict[str, Any]) -> dict[str, Any]:
    """ML of lipoaspirate: more at a low yield, less at a high one."""
    return {
        "median_ml": round(needed_ml / yields["median"], 1),
        "from_ml": round(needed_ml / yields["high"], 1),
        "to_ml": round(needed_ml / yields["low"], 1),
        "yield": yields,
    }


def _ceiling(procedure: Procedure, patient: Patient) -> dict[str, Any]:
    grams = procedure.weight_g or patient.weight_g
    base: dict[str, Any] = {
        "mg_per_kg": LIDOCAINE_CEILING_MG_PER_KG,
        "usual_mg_per_kg": LIDOCAINE_WITHOUT_LIPOSUCTION_MG_PER_KG,
        "source": "Klein, maximal safe dosages of tumescent lidocaine",
    }
    if not grams:
        return base | {"weight_kg": None, "ceiling_mg": None, "usual_mg": None, "ceiling_ml_at_800_mg_per_l": None}
    ceiling = round(grams * LIDOCAINE_CEILING_MG_PER_KG / 1000)
    return base | {
        "weight_kg": number(grams, 1000),
        "ceiling_mg": ceiling,
        "usual_mg": round(grams * LIDOCAINE_WITHOUT_LIPOSUCTION_MG_PER_KG / 1000),
        "ceiling_ml_at_800_mg_per_l": round(ceiling / TYPICAL_LIDOCAINE_MG_PER_L * 1000),
    }


def _missing(procedure: Procedure, patient: Patient, planned: Sequence[Scar]) -> list[dict[str, str]]:
    """What should be known before the day, with where to enter it."""
    gaps = [
        (procedure.consent_on is None, "consent", "No signed consent is recorded (consent_on)."),
        (procedure.baseline_photos_on is None, "photos", "No photographs before the procedure are recorded (baseline_photos_on)."),
        (not (procedure.weight_g or patient.weight_g), "weight", "No weight: the lidocaine ceiling cannot be computed (weight_kg)."),
        (patient.allergies is None, "allergies", "Nobody has recorded allergies; write 'none known' if there are none."),
        (patient.birth_date is None, "birth_date", "The date of birth is missing."),
        (not planned, "injections", "No scar is planned."),
        (procedure.harvest_site is None, "harvest_site", "No harvest site is planned."),
    ]
    return [{"code": code, "message": message} for missing, code, message in gaps if missing]
