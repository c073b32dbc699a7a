"""The record as the note looks at it: standing entries, names, labels, and each time in the zone it belongs to."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from schemas.vocabulary import EntryKind, NoteTopic
from server.patients.models import Scar
from server.procedures.facts import Fact, entry_document, local, of_kind, standing
from server.procedures.note.describe import describe
from server.procedures.note.words import clock, day, joined, offset, sentence, short_day
from server.procedures.service.record import Record


@dataclass(frozen=True)
class Case:
    """A record with what every part of the note asks of it."""

    record: Record
    facts: list[Fact]
    totals: dict[str, Any]
    zone: ZoneInfo
    one_day: bool
    one_offset: bool
    """Whether every entry was recorded on one day, and at one offset from UTC: what need not be said with each time."""

    @classmethod
    def of_record(cls, record: Record) -> "Case":
        """Computed once per note."""
        return cls(
            record,
            standing(record.facts),
            record.totals(),
            ZoneInfo(record.clinic.time_zone),
            one_day=len({local(fact).date() for fact in record.facts}) <= 1,
            one_offset=len({fact["recorded_offset_min"] for fact in record.facts}) <= 1,
        )

    def of(self, *kinds: EntryKind) -> list[Fact]:
        """Standing entries of some kinds, in time order."""
        return of_kind(self.facts, *kinds)

    def notes(self, topic: NoteTopic) -> list[str]:
        """What was written about a topic."""
        texts = [fact["details"].get("text") for fact in self.of(EntryKind.NOTE) if fact["details"].get("topic") == topic]
        return [text for text in texts if text]

    def person(self, user_id: uuid.UUID) -> str:
        """A person's name."""
        known = self.record.people.get(user_id)
        return known.name if known else "a person not known here"

    def scar(self, scar_id: uuid.UUID) -> Scar | None:
        """The patient's scar of this id."""
        return next((scar for scar in self.record.scars if scar.id == scar_id), None)

    def label(self, scar_id: uuid.UUID | None) -> str:
        """A scar's label; empty for none."""
        if scar_id is None:
            return ""
        known = self.scar(scar_id)
        return known.label if known else "a scar not known of this patient"

    def here(self, moment: datetime) -> datetime:
        """On the clinic's clock."""
        return moment.astimezone(self.zone)

    def moment(self, moment: datetime) -> str:
        """Day and time on the clinic's clock."""
        there = self.here(moment)
        return f"{day(there)}, {clock(there)}"

    @property
    def date(self) -> date:
        """Day of the procedure at the clinic: begun, else planned."""
        return self.here(self.record.procedure.started_at or self.record.procedure.planned_for).date()

    def time(self, fact: Fact) -> str:
        """When the device's clock said so; with day and offset unless those are the same for all entries."""
        moment = local(fact)
        dated = clock(moment) if self.one_day else f"{short_day(moment)}, {clock(moment)}"
        return dated if self.one_offset else f"{dated} ({offset(moment)})"

    def text(self, fact: Fact) -> str:
        """The entry in words, with its beginning and end, its reason, and whether it came late."""
        device_zone = timezone(timedelta(minutes=fact["recorded_offset_min"]))
        began, ended = (fact[name] and clock(fact[name].astimezone(device_zone)) for name in ("started_at", "ended_at"))
        said = self._said(fact)
        period = joined((began and f"from {began}", ended and f"until {ended}"), " ")
        tail = [f"Reason: {fact['reason']}" if fact["reason"] else None]
        tail.append(f"Late entry, received {self.moment(fact['received_at'])}" if fact["late"] else None)
        head = joined((said, period), "; ")
        return " ".join([sentence(head), *(sentence(one) for one in tail if one)])

    def _said(self, fact: Fact) -> str:
        said = describe(entry_document(fact), self.label(fact["scar_id"]))
        target = next((one for one in self.record.facts if one["id"] == fact["retracts"]), None)
        return f"{said} ({self.time(target)}: {self._said(target)})" if target else said
