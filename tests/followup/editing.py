"""How the stories of the protocol edit it, and who does."""

import copy
from typing import Any

import sqlalchemy as sa

from server.db import Database
from server.followup.protocol import DEFAULT, to_content
from server.journal.models import JournalHead
from tests import make
from tests.api import Api

PATH = "/follow-up/protocol"


def content() -> dict[str, Any]:
    """The built-in protocol, to be edited."""
    return copy.deepcopy(to_content(DEFAULT))


def put(api: Api, body: dict[str, Any], version: str | None, *, dry_run: bool = False, expect: int = 200) -> dict[str, Any]:
    """What PUT answers."""
    headers = {"If-Match": f'"{version}"'} if version else {}
    answer = api.call("PUT", f"{PATH}?dry_run=true" if dry_run else PATH, json=body, headers=headers)
    assert answer.status_code == expect, answer.text
    return dict(answer.get_json(force=True))


def activate(api: Api, wanted: dict[str, Any], applies_to: str = "new") -> dict[str, Any]:
    """Put a content in force."""
    return put(api, {"content": wanted, "applies_to": applies_to}, api.get(PATH)["version"])


def without(step: str) -> dict[str, Any]:
    """The built-in protocol without one of its steps."""
    wanted = content()
    wanted["steps"] = [one for one in wanted["steps"] if one["step"] != step]
    return wanted


def six_weeks() -> dict[str, Any]:
    """A further visit."""
    return {
        "step": "6w",
        "title": "6 weeks",
        "kind": "visit",
        "after": {"days": 42},
        "opens_days_before": 7,
        "closes_days_after": 7,
        "messages": [{"days_before": 10, "purpose": "book"}, {"days_before": 2, "purpose": "near"}],
        "chase_days_after_window": [5],
    }


def with_six_weeks() -> dict[str, Any]:
    """The built-in protocol with a visit between two weeks and three months."""
    wanted = content()
    wanted["steps"].insert(5, six_weeks())
    return wanted


def head(db: Database, clinic: make.Clinic) -> int:
    """Rows in the clinic's journal."""
    with db.transaction(clinic.id, write=False) as session:
        return session.scalars(sa.select(JournalHead.seq).where(JournalHead.clinic_id == clinic.id)).one()
