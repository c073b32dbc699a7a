"""Our words as R4 code systems, and the clinic's own file that maps them to SNOMED CT. No licensed code is in here."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from schemas import outcome_words as outcomes
from schemas import reading_words as reading
from schemas import vocabulary as words
from server.config import ConfigError
from server.fhir import measures
from server.fhir.datatypes import LOCAL, SNOMED, Json, coding, lean

_SCTID = re.compile(r"[0-9]{6,18}")
_COLUMNS = ("system", "code", "snomed", "display")


class Kind(StrEnum):
    """What a resource of ours is about, where R4 has no field that would say so."""

    NANOFAT_PROCEDURE = "nanofat_procedure"
    ASSESSMENT = "assessment"
    SCAR_AS_RECORDED = "scar_as_recorded"
    SCAR_MEASURED = "scar_measured"
    REDNESS = "redness"
    LIPOASPIRATE = "lipoaspirate"
    NANOFAT = "nanofat"
    TABLET = "tablet"
    LOCAL_ANAESTHETIC = "local_anaesthetic"
    INTENDED_INJECTION = "intended_injection"
    PHONE_CALL = "phone_call"
    TREATMENT = "treatment"
    WITHDRAWN = "withdrawn"


Measure = StrEnum("Measure", [(one.upper(), one) for one in measures.ALL])  # type: ignore[misc]  # reason: named by the table
"""What was measured or chosen, by the name and unit of its field."""

SYSTEMS: dict[str, tuple[str, Iterable[StrEnum]]] = {
    "kind": ("What a resource is about", Kind),
    "measure": ("Measures and choices of an entry, by field and unit", Measure),
    "entry-kind": ("Steps and facts of a procedure", words.EntryKind),
    "role": ("Roles of people", words.Role),
    "subunit": ("Aesthetic subunits of the face", words.Subunit),
    "side": ("Sides of the body", words.Side),
    "face-view": ("Drawings of the face map", words.FaceView),
    "morphology": ("Forms of a depressed scar", words.Morphology),
    "aetiology": ("What left a scar", words.Aetiology),
    "harvest-site": ("Donor sites", words.HarvestSite),
    "harvest-method": ("How lipoaspirate is drawn", words.HarvestMethod),
    "wash-solution": ("What lipoaspirate is washed with", words.WashSolution),
    "separation": ("How fat is separated from fluid", words.Separation),
    "emulsify-device": ("What fat is passed through", words.EmulsifyDevice),
    "plane": ("Depths of placement", words.Plane),
    "delivery": ("What places the product", words.Delivery),
    "injection-technique": ("How the needle moves", words.InjectionTechnique),
    "injection-endpoint": ("What tells the surgeon to stop", words.InjectionEndpoint),
    "anaesthesia": ("Techniques of anaesthesia", words.Anaesthesia),
    "checklist-phase": ("Pauses of the safety check list", words.ChecklistPhase),
    "checklist-answer": ("Answers of the safety check list", words.ChecklistAnswer),
    "discard-material": ("What is thrown away", words.DiscardMaterial),
    "incident": ("Incidents in theatre", words.IncidentKind),
    "severity": ("Severity of an incident", words.Severity),
    "photo-view": ("Views of a photograph", words.PhotoView),
    "photo-kind": ("What a photograph is for", words.PhotoKind),
    "consent-purpose": ("What photographs may be shown for", words.ConsentPurpose),
    "visit-kind": ("Kinds of follow-up", words.VisitKind),
    "visit-state": ("Where a follow-up stands", words.VisitState),
    "channel": ("Ways of a message", words.Channel),
    "message-purpose": ("What a message asks for", words.Purpose),
    "call-outcome": ("How a call ended", words.CallOutcome),
    "complication": ("Checklist of complications", outcomes.Complication),
    "presence": ("Whether it was there", outcomes.Presence),
    "clavien-dindo": ("Grades by what was done about it (Dindo 2004)", outcomes.ClavienDindo),
    "relation": ("What was judged about the cause", outcomes.Relation),
    "reading": ("What was read of a record", reading.Reading),
}
"""Name → (title, words). The same words as in schemas, tablets and the database."""


def code_system(name: str) -> Json | None:
    """CodeSystem resource; None for a name that is none."""
    if name not in SYSTEMS:
        return None
    title, members = SYSTEMS[name]
    concepts = [{"code": str(one), "display": _display(one)} for one in members]
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": f"{LOCAL}:{name}",
        "version": measures.VERSION,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


def _display(word: StrEnum | str) -> str:
    return str(word).replace("_", " ")


@dataclass(frozen=True)
class Terms:
    """How words are coded: in our own systems first, in SNOMED CT besides where the clinic's file says so."""

    snomed: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def codings(self, system: str, word: Any) -> list[Json]:
        """Codings of one word. LookupError for a system that is not ours."""
        code = str(word)
        title = SYSTEMS[system] and f"{LOCAL}:{system}"
        own = coding(title, code, _display(code))
        known = self.snomed.get((system, code))
        return [own, coding(SNOMED, known[0], known[1] or None)] if known else [own]

    def concept(self, system: str, word: Any, text: str | None = None) -> Json:
        """CodeableConcept of one word."""
        return lean({"coding": self.codings(system, word), "text": text})

    def maybe(self, system: str, word: Any) -> Json | None:
        """The same for a word that may not have been said."""
        return None if word is None else self.concept(system, word)


@lru_cache(maxsize=4)
def terms(file: Path | None) -> Terms:
    """Codes with the clinic's file of SNOMED CT, a CSV with the columns system, code, snomed, display. ConfigError for a bad one."""
    if file is None:
        return Terms()
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigError(f"GRAFTLOG_SNOMED_MAP names {str(file)!r}, which cannot be read ({type(error).__name__}).") from None
    mistakes = [f"GRAFTLOG_SNOMED_MAP, line {line}: {fault}" for line, row in enumerate(rows, 2) if (fault := _fault(row))]
    if mistakes or not rows:
        raise ConfigError(
            "\n".join(mistakes) or f"GRAFTLOG_SNOMED_MAP: {file.name} needs the columns {', '.join(_COLUMNS)} and a line below."
        )
    return Terms({(row["system"], row["code"]): (row["snomed"], row.get("display") or "") for row in rows})


def _fault(row: Mapping[str, str | None]) -> str | None:
    system, code, snomed = (row.get(name) or "" for name in _COLUMNS[:3])
    if system not in SYSTEMS:
        return f"{system!r} is none of our code systems; they are {', '.join(SYSTEMS)}."
    if code not in {str(one) for one in SYSTEMS[system][1]}:
        return f"{code!r} is no code of {system}; see /fhir/CodeSystem/{system}."
    return None if _SCTID.fullmatch(snomed) else f"{snomed!r} is no SNOMED CT identifier (6 to 18 digits)."
