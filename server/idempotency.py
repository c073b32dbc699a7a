"""Idempotency-Key: a POST repeated under the same key gets the first answer again, and does nothing twice."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.orm import Session

from server import clock
from server.access import Caller, Signed
from server.clinics.models import KeptAnswer
from server.db import insert_missing, table_of
from server.problems import Problem, invalid

LONGEST = 255
View = TypeVar("View", bound=Callable[..., Any])


def never_kept(view: View) -> View:
    """Mark a view whose answer holds a secret that is stored as a hash only; its docstring says how it is repeated."""
    view.__kept__ = False  # type: ignore[attr-defined]  # reason: the mark itself
    return view


def is_kept(view: object) -> bool:
    """Whether the view's answers may be kept under a key."""
    return getattr(view, "__kept__", True)


def once(session: Session, caller: Caller | None, act: Callable[[], Response]) -> Response:
    """Run `act`, or give the answer kept from the first time. The key is stored in the same transaction as the act."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST" or not isinstance(caller, Signed):
        return act()
    if not 1 <= len(key) <= LONGEST or not key.isprintable() or not key.isascii():
        raise invalid("/Idempotency-Key", f"Must be 1 to {LONGEST} printable ASCII characters.")
    fingerprint = sha256(f"{request.path}\n".encode() + request.get_data()).hexdigest()
    kept = _claim(session, caller, key, fingerprint)
    if kept is not None:
        if kept.fingerprint != fingerprint:
            raise Problem("key_reused", "Use a new key for a new request.")
        response = Response(kept.body or "", kept.status or 200, mimetype="application/json")
        if kept.etag:
            response.set_etag(kept.etag)
        response.headers["Idempotent-Replay"] = "true"
        return response
    response = act()
    session.execute(
        sa.update(KeptAnswer)
        .where(KeptAnswer.clinic_id == caller.clinic_id, KeptAnswer.user_id == caller.user_id, KeptAnswer.key == key)
        .values(status=response.status_code, body=response.get_data(as_text=True), etag=response.get_etag()[0])
    )
    return response


def _claim(session: Session, person: Signed, key: str, fingerprint: str) -> KeptAnswer | None:
    """None when the key is ours now. A parallel call with the same key waits here until the first has committed."""
    values = {
        "clinic_id": person.clinic_id,
        "user_id": person.user_id,
        "key": key,
        "fingerprint": fingerprint,
        "created_at": clock.now(),
    }
    if insert_missing(session, table_of(KeptAnswer), values):
        return None
    return session.get_one(KeptAnswer, (person.clinic_id, person.user_id, key))
