"""Trying one row by itself: what is refused leaves nothing behind, and is kept with the reasons."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from schemas.pointers import pointers
from schemas.sync_words import IssueKind, RowStatus, Synced
from server.access import Permission
from server.logs import trace
from server.problems import Problem, invalid
from server.sync.push.row import Outcome, Reasons, Row, Waits, id_in, reasons_of
from server.sync.service import issues
from server.sync.service.people import Acting, Sender

log = logging.getLogger("graftlog.sync")
T = TypeVar("T")
MOST_REASONS, LONGEST_REASON = 20, 500
OF_A_PROCEDURE = frozenset({Synced.ENTRIES, Synced.VISITS, Synced.PHOTOS})


class Refused(Exception):
    """The services do not take a row as it is."""

    def __init__(self, reasons: Reasons) -> None:
        """`reasons` are `{"pointer", "message"}` rows."""
        super().__init__("refused")
        cut = [{"pointer": one["pointer"][:200], "message": one["message"][:LONGEST_REASON]} for one in reasons]
        self.reasons = cut[:MOST_REASONS]


def attempt(session: Session, act: Callable[[], T], *, again: bool = True) -> T:
    """Run `act` under a savepoint. Raises Refused or Waits, with nothing left of what it did.

    A constraint that refuses is nearly always a race with another tablet, so it is tried once more with what is stored now.
    """
    try:
        with session.begin_nested():
            return act()
    except (Waits, Refused):
        raise
    except Problem as problem:
        raise Refused(reasons_of(problem)) from None
    except ValidationError as error:
        raise Refused(pointers(error.messages)) from None
    except IntegrityError:
        if again:
            return attempt(session, act, again=False)
        message = "Another record has this id, or the tablet has given this device_seq twice."
        raise Refused([{"pointer": "", "message": message}]) from None
    except (OperationalError, InterfaceError):
        raise  # the whole push is repeated later
    except Exception as error:  # noqa: BLE001  reason: a fault of ours must not keep the tablet from delivering the rest
        log.error("a pushed row could not be taken: %s", trace(error))  # noqa: TRY400  reason: the error's own text quotes the row
        raise Refused([{"pointer": "", "message": "Something went wrong on our side. The row is kept; release it later."}]) from None


def needs(who: Acting, permission: Permission) -> None:
    """Raise `not_allowed` unless the person may."""
    if not who.may(permission):
        roles = ", ".join(who.roles) or "none"
        raise Problem("not_allowed", f"This needs the permission {permission}; the person's roles are {roles}.")


def required_id(row: Row, name: str) -> Any:
    """The id in a field of the row, or 422."""
    found = id_in(row.document, name)
    if found is None:
        raise invalid(f"/{name}", "Must be a UUID like 01931c1e-7a52-7c2b-9f0e-0123456789ab.")
    return found


def facts_of(row: Row, sender: Sender, who: Acting | None) -> dict[str, Any]:
    """What every issue about a row says."""
    in_procedure = row.id if row.collection == Synced.PROCEDURES else None
    return {
        "document_write_id": row.write_id,
        "sha256": row.sha256,
        "procedure_id": id_in(row.document, "procedure_id") if row.collection in OF_A_PROCEDURE else in_procedure,
        "device_id": who.device_id if who else sender.device_id,
        "user_id": who.user_id if who else sender.user_id,
        "sent": row.text,
        "device_time": sender.device_time,
        "offset_ms": sender.offset_ms,
    }


def refuse(session: Session, row: Row, sender: Sender, who: Acting | None, reasons: Reasons) -> Outcome:
    """Keep a row as it came, with why it was not taken."""
    issue = issues.open_issue(session, IssueKind.QUARANTINED, row.collection, row.id, reasons=reasons, **facts_of(row, sender, who))
    return Outcome(RowStatus.QUARANTINED, issue=issue)


def hold(session: Session, row: Row, sender: Sender, who: Acting, waits: Waits) -> Outcome:
    """Keep a row until the record arrives that it speaks of."""
    reasons = [{"pointer": "", "message": "It speaks of a record that has not arrived; when that comes, this is taken by itself."}]
    facts = facts_of(row, sender, who) | {"waits_for": waits.record_id, "reasons": reasons}
    return Outcome(RowStatus.HELD, issue=issues.open_issue(session, IssueKind.HELD, row.collection, row.id, **facts))
