"""What every map needs to know besides the rows: whose server this is, and how words are coded."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.fhir.codes import Terms
from server.fhir.datatypes import Json, lean, ref
from server.procedures.facts import Fact, entry_document, retractions
from server.procedures.service.record import Record


@dataclass(frozen=True)
class Scope:
    """One clinic on one server. `address` is the server's public address, without a slash at its end."""

    address: str
    clinic_id: uuid.UUID
    terms: Terms

    @property
    def base(self) -> str:
        """Where resources are read."""
        return f"{self.address}/fhir"

    @property
    def api(self) -> str:
        """Where files are read: photographs and notes."""
        return f"{self.address}/api/v1"

    @property
    def organization(self) -> Json:
        """The clinic."""
        return ref("Organization", self.clinic_id)


@dataclass(frozen=True)
class Step:
    """One entry of a procedure: its row, its wire form, and whether it is struck through."""

    fact: Fact
    document: Json
    struck: bool

    @property
    def id(self) -> str:
        """Of the entry, and of every resource made of it."""
        return str(self.fact["id"])

    @property
    def kind(self) -> str:
        """Which of the twelve."""
        return str(self.fact["kind"])

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        moment: datetime = self.fact["recorded_at"]
        return moment

    def status(self, otherwise: str) -> str:
        """Of a resource made of it: what is struck, or belongs to a withdrawn procedure, was entered in error."""
        return "entered-in-error" if self.struck else otherwise


def steps(whole: Record, *, withdrawn: bool) -> list[Step]:
    """All entries in their order; of a withdrawn procedure each counts as struck."""
    struck = retractions(whole.facts)
    return [Step(fact, entry_document(fact), withdrawn or fact["id"] in struck) for fact in whole.facts]


def of_kind(all_steps: Sequence[Step], *kinds: str) -> list[Step]:
    """Those of some kinds that count."""
    return [one for one in all_steps if one.kind in kinds and not one.struck]


def resource(kind: str, record_id: Any, **elements: Any) -> Json:
    """A resource, without what is not known."""
    return {"resourceType": kind, "id": str(record_id), **lean(elements)}
