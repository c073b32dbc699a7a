"""The items of an RCS England operation note, answered from the entries. An item without an answer says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.vocabulary import EntryKind, NoteTopic, ProcedureState
from server.canonical import number as units
from server.patients.models import Scar
from server.procedures.facts import Fact, entry_document
from server.procedures.note.case import Case
from server.procedures.note.describe import device
from server.procedures.note.words import (
    NONE_RECORDED,
    NOT_RECORDED,
    age,
    amount,
    capital,
    clock,
    counted,
    day,
    joined,
    listed,
    number,
    plain,
    sentence,
)

UL = 1000
_TISSUE = (EntryKind.HARVEST, EntryKind.PREPARATION, EntryKind.EMULSIFICATION, EntryKind.FILTRATION, EntryKind.INJECTION)


@dataclass(frozen=True)
class Item:
    """One line of the note: `answer` gives no text where nothing is recorded."""

    number: int | None
    label: str
    answer: Callable[[Case], Sequence[str]]
    unanswered: str = NOT_RECORDED

    def document(self, case: Case) -> dict[str, Any]:
        """Its part of the note."""
        value = [text for text in self.answer(case) if text]
        return {"number": self.number, "label": self.label, "value": value or [self.unanswered], "recorded": bool(value)}


def _about(topic: NoteTopic) -> Callable[[Case], Sequence[str]]:
    return lambda case: case.notes(topic)


def _when(case: Case) -> list[str]:
    began, ended = case.record.procedure.started_at, case.record.procedure.ended_at
    if began is None:
        return []
    if ended is None:
        return [f"{case.moment(began)}; end {NOT_RECORDED}"]
    same_day = case.here(began).date() == case.here(ended).date()
    return [f"{case.moment(began)} to {clock(case.here(ended)) if same_day else case.moment(ended)}"]


def _team(case: Case) -> list[str]:
    return [f"Surgeon: {case.record.surgeon.name}", f"Assistant: {case.record.procedure.assistant or NOT_RECORDED}"]


def _procedure(case: Case) -> list[str]:
    procedure = case.record.procedure
    scars = injected(case)
    value = []
    if scars:
        given = f"{amount(case.totals['injected_ml'], 'mL')} in all"
        value = [procedure.title, f"Nanofat injected into {counted(len(scars), 'scar')}, {given}."]
    elif case.of(EntryKind.ANAESTHESIA, *_TISSUE):
        value = [f"{procedure.title}: begun, no injection is recorded."]
    if procedure.state == ProcedureState.ABANDONED:
        value.append(sentence(f"Abandoned: {procedure.closed_reason or 'reason ' + NOT_RECORDED}"))
    return value


def injected(case: Case) -> list[tuple[UUID, float]]:
    """Scars that got something, in the order of the plan, with their mL."""
    return [(UUID(row["scar_id"]), row["injected_ml"]) for row in case.totals["scars"] if row["injected_ml"] is not None]


def place(scar: Scar | None) -> str:
    """Where on the face, and whether that is a zone of high vascular risk."""
    if scar is None:
        return NOT_RECORDED
    zone = "zone of high vascular risk" if scar.high_risk_vessel_zone else None
    return joined((f"{plain(scar.subunit)} ({plain(scar.side)})", zone), "; ")


def _size(scar: Scar) -> str:
    sides = {"long": scar.length_um, "wide": scar.width_um, "deep": scar.depth_um}
    known = {name: number(units(value, UL)) for name, value in sides.items() if value is not None}
    plane = f"{known.pop('long')} × {known.pop('wide')} mm" if {"long", "wide"} <= known.keys() else None
    return joined((plane, *(f"{value} mm {name}" for name, value in known.items())))


def _lesion(case: Case, scar_id: UUID) -> str:
    """A scar as its record has it: form, place, cause, size."""
    scar = case.scar(scar_id)
    if scar is None:
        return sentence(f"{case.label(scar_id)}: {NOT_RECORDED}")
    body = joined((f"{plain(scar.morphology)} scar", place(scar), f"cause {plain(scar.aetiology)}", _size(scar)))
    return sentence(f"{scar.label}: {body}")


def _diagnosis(case: Case) -> list[str]:
    if not case.facts:
        return []
    scars = [_lesion(case, UUID(row["scar_id"])) for row in case.totals["scars"]]
    return [*case.notes(NoteTopic.DIAGNOSIS), *scars]


def _problems(case: Case) -> list[str]:
    incidents = [f"{case.time(fact)} {case.text(fact)}" for fact in case.of(EntryKind.INCIDENT)]
    return [*case.notes(NoteTopic.PROBLEMS), *incidents]


def _extra(case: Case) -> list[str]:
    done = [case.label(fact["scar_id"]) for fact in case.of(EntryKind.INJECTION) if fact["details"].get("subcision")]
    return [*case.notes(NoteTopic.EXTRA_PROCEDURE), f"Subcision: {listed(list(dict.fromkeys(done)))}." if done else ""]


def _removed(facts: Sequence[Fact]) -> str:
    sites = []
    for fact in facts:
        side = fact["details"].get("side")
        sites.append(
            f"{amount(units(fact['lipoaspirate_ul'], UL), 'mL')} from {joined((plain(fact['site']), plain(side) if side else None))}"
        )
    return listed(sites)


def _tissue(case: Case) -> list[str]:
    harvests, discards = case.of(EntryKind.HARVEST), case.of(EntryKind.DISCARD)
    if not (discards or case.of(*_TISSUE)):
        return []
    totals = case.totals
    given = joined((f"{case.label(one)} {amount(ml, 'mL')}" for one, ml in injected(case)), "; ")
    thrown = [f"{amount(units(fact['volume_ul'], UL), 'mL')} of {plain(fact['details'].get('material', 'material'))}" for fact in discards]
    altered = joined(
        (
            f"{amount(totals['fat_ml'], 'mL')} of fat" if totals["fat_ml"] is not None else f"fat fraction {NOT_RECORDED}",
            made(case),
            f"{amount(totals['nanofat_ml'], 'mL')} of nanofat" if totals["nanofat_ml"] is not None else f"nanofat {NOT_RECORDED}",
        )
    )
    return [
        f"Removed: lipoaspirate, {_removed(harvests)}." if harvests else f"Removed: {NOT_RECORDED}.",
        f"Altered: {altered}.",
        f"Added: nanofat, {given}." if given else f"Added: {NONE_RECORDED}.",
        f"Discarded: {listed(thrown)}." if thrown else f"Discarded: {NONE_RECORDED}.",
    ]


def made(case: Case) -> str:
    """How the fat became nanofat: passes, stages, filter."""
    stages = case.of(EntryKind.EMULSIFICATION)
    passes = f"{counted(case.totals['passes'], 'pass')} in {counted(len(stages), 'stage')}" if stages else f"emulsification {NOT_RECORDED}"
    products = case.of(EntryKind.FILTRATION)
    filters = [f"filtered at {number(fact['aperture_um'])} µm" if fact["filtered"] else "not filtered" for fact in products]
    return f"{passes}, {listed(list(dict.fromkeys(filters))) or 'filtration ' + NOT_RECORDED}"


def _devices(case: Case) -> list[str]:
    return [sentence(device(entry_document(fact))) for fact in case.of(EntryKind.DEVICE_USE)]


def _blood_loss(case: Case) -> list[str]:
    total = case.totals["blood_loss_ml"]
    return ["" if total is None else amount(total, "mL"), *case.notes(NoteTopic.BLOOD_LOSS)]


def _antibiotics(case: Case) -> list[str]:
    answers = [fact["details"] for fact in case.of(EntryKind.CHECKLIST) if fact["details"]["item"] == "antibiotic_given"]
    checked = [f"Check list, {plain(one['phase'])}: antibiotic given: {plain(one['answer'])}." for one in answers]
    return [*case.notes(NoteTopic.ANTIBIOTICS), *checked]


def _signed(case: Case) -> list[str]:
    signature = case.record.signature
    return [f"{signature.signer_name}, {case.moment(signature.signed_at)}"] if signature else []


def _anaesthesia(case: Case) -> list[str]:
    entries = case.of(EntryKind.ANAESTHESIA)
    return [*(case.text(fact) for fact in entries), lidocaine(case) if case.totals["lidocaine_mg"] is not None else ""]


def lidocaine(case: Case) -> str:
    """Total dose, and per kg where a weight is recorded."""
    total, per_kg = case.totals["lidocaine_mg"], case.totals["lidocaine_mg_per_kg"]
    if per_kg is None:
        return f"Lidocaine in all: {amount(total, 'mg')}; dose per kg not known, weight {NOT_RECORDED}."
    weight = units(case.record.context.weight_g or 0, 1000)
    return f"Lidocaine in all: {amount(total, 'mg')}, {amount(per_kg, 'mg/kg')} at {amount(weight, 'kg')}."


def born(case: Case) -> str:
    """Date of birth and age on the day."""
    date_of_birth = case.record.patient.birth_date
    return f"{day(date_of_birth)} ({age(date_of_birth, case.date)} years)" if date_of_birth else ""


ITEMS = (
    Item(1, "Date and time", _when),
    Item(2, "Elective or emergency", lambda case: [capital(plain(case.record.procedure.urgency))]),
    Item(3, "Surgeon and assistant", _team),
    Item(4, "Anaesthetist", lambda case: [case.record.procedure.anaesthetist or ""]),
    Item(5, "Procedure carried out", _procedure),
    Item(6, "Incisions", _about(NoteTopic.INCISIONS)),
    Item(7, "Operative diagnosis", _diagnosis),
    Item(8, "Findings", _about(NoteTopic.FINDINGS)),
    Item(9, "Problems, complications", _problems, NONE_RECORDED),
    Item(10, "Extra procedures, and why", _extra, NONE_RECORDED),
    Item(11, "Tissue out, altered, in", _tissue),
    Item(12, "Implants and devices", _devices),
    Item(13, "Closure", _about(NoteTopic.CLOSURE)),
    Item(14, "Blood loss", _blood_loss),
    Item(15, "Antibiotic prophylaxis", _antibiotics),
    Item(16, "Thromboprophylaxis", _about(NoteTopic.THROMBOPROPHYLAXIS)),
    Item(17, "Instructions after", _about(NoteTopic.INSTRUCTIONS)),
    Item(18, "Signature", _signed, "not signed"),
    Item(None, "Patient's name", lambda case: [case.record.patient.name]),
    Item(None, "Date of birth", lambda case: [born(case)]),
    Item(None, "Patient's number", lambda case: [case.record.patient.mrn]),
    Item(None, "Anaesthesia", _anaesthesia),
)
"""RCS England items 1 to 18 in their order (Good Surgical Practice), then what its list asks for besides."""
