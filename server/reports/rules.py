"""Which procedures a cohort is made of: the filters, their one written form, and the hash of it. Pure."""

import json
import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any

from server.reports.shape import VERSION

ALL = "all"


class Sessions(StrEnum):
    """How many sessions a patient has had by now, those outside the other filters included."""

    ANY = "any"
    ONE = "1"
    SEVERAL = "2+"


@dataclass(frozen=True)
class Filters:
    """Days are those of the procedure in the clinic's zone, both included; a null filter lets everything through.

    `subunit` and `aetiology` let a procedure through that injected such a scar (one scar, where both are given), and of its scars those.
    """

    performed_from: date | None = None
    performed_to: date | None = None
    surgeon_id: uuid.UUID | None = None
    subunit: str | None = None
    aetiology: str | None = None
    protocol: str | None = None
    sessions: Sessions = Sessions.ANY

    def canonical(self) -> dict[str, Any]:
        """The one written form, all filters named; what is kept with a report."""
        return {
            "from": self.performed_from.isoformat() if self.performed_from else None,
            "to": self.performed_to.isoformat() if self.performed_to else None,
            "surgeon": str(self.surgeon_id) if self.surgeon_id else ALL,
            "subunit": self.subunit,
            "aetiology": self.aetiology,
            "protocol": self.protocol,
            "sessions": str(self.sessions),
        }

    def hash(self) -> str:
        """SHA-256, in hex, of the written form and of the version of what is computed: a report of another shape is another report."""
        return sha256(json.dumps([VERSION, self.canonical()], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def from_canonical(written: dict[str, Any]) -> Filters:
    """Back from the written form."""
    return Filters(
        performed_from=date.fromisoformat(written["from"]) if written["from"] else None,
        performed_to=date.fromisoformat(written["to"]) if written["to"] else None,
        surgeon_id=None if written["surgeon"] == ALL else uuid.UUID(written["surgeon"]),
        subunit=written["subunit"],
        aetiology=written["aetiology"],
        protocol=written["protocol"],
        sessions=Sessions(written["sessions"]),
    )
