"""Anaesthesia → MedicationAdministration, where a drug is named. Nanofat is tissue of the patient's own, and is no drug here. Pure."""

from server.canonical import number
from server.fhir.datatypes import Json, lean, notes, quantity, ref, timed
from server.fhir.scope import Scope, Step, resource
from server.procedures.service.record import Record

_PARTS = (("lidocaine", "lidocaine_mg_per_l", "mg/L"), ("adrenaline", "adrenaline_mg_per_l", "mg/L"),
          ("bicarbonate", "bicarbonate_meq_per_l", "meq/L"))  # fmt: skip


def administration(scope: Scope, whole: Record, step: Step) -> Json | None:
    """None where the entry names no drug: sedation or general anaesthesia without an agent."""
    said = step.document
    parts = [f"{name} {said[field]} {unit}" for name, field, unit in _PARTS if field in said]
    drug = said.get("agent") or ", ".join(parts) or ("lidocaine" if "lidocaine_mg" in said else None)
    if drug is None:
        return None
    return resource(
        "MedicationAdministration",
        step.id,
        partOf=[ref("Procedure", step.id)],
        status=step.status("completed"),
        medicationCodeableConcept=scope.terms.concept("kind", "local_anaesthetic", drug),
        subject=ref("Patient", whole.patient.id),
        **timed("effective", step.fact["started_at"], step.fact["ended_at"], step.at),
        performer=[{"actor": ref("Practitioner", whole.procedure.surgeon_id)}],
        note=notes(step.fact["reason"], _lidocaine(said)),
        dosage=_dosage(scope, said),
    )


def _lidocaine(said: Json) -> str | None:
    """What a volume of solution held."""
    if "volume_ml" not in said or "lidocaine_mg_per_l" not in said:
        return None
    held = round(said["volume_ml"] * said["lidocaine_mg_per_l"])
    return f"Lidocaine in it: {number(held, 1000)} mg."


def _dosage(scope: Scope, said: Json) -> Json | None:
    dose = quantity(said["volume_ml"], "mL") if "volume_ml" in said else None
    if "lidocaine_mg" in said:
        dose = quantity(said["lidocaine_mg"], "mg")
    if dose is None:
        return None
    site = {"text": said["region"]} if "region" in said else None
    return lean({"text": said.get("region"), "site": site, "method": scope.terms.concept("anaesthesia", said["technique"]), "dose": dose})
