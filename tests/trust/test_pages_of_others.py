"""The pages keep another clinic's records as apart as the API does: their ids lead where ids lead that never were."""

import re
from collections.abc import Callable, Iterator

import pytest

from schemas.vocabulary import Role
from server.app import App
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.house.calls import ARGUMENT
from tests.house.test_tenants import ids_of, journal_head
from tests.procedures import case as stages
from tests.web.browser import Browser

TYPED = {
    "text": "Slight redness.",
    "password": make.PASSWORD,
    "seen": "x",
    "outcome": "no_answer",
    "note": "Called.",
    "name": "Theatre 9",
    "state": "attended",
    "choice": "reject",
    "role": "nurse",
    "planned_for": "2026-12-01T08:30",
}
"""Enough for each form to be taken, were the record one's own."""

NAMES = {"key": "pain"}
"""What is the same in every clinic."""

DONE_ALREADY = {"/people/locks/<uuid:lock_id>/lifting", "/follow-up/notices/<uuid:subscription_id>/ending"}
"""What is not there needs no ending: back to the page, as after doing it."""

CHANGES_EACH_TIME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d\d:\d\d(:\d\d)?")


def pages_with_an_id(app: App) -> Iterator[tuple[str, str]]:
    """(method, rule) of every page and form whose address names a record."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("web.") and any(name.endswith("_id") for name in rule.arguments):
            for method in sorted({"GET", "POST"} & (rule.methods or set())):
                yield method, rule.rule


@pytest.fixture
def theirs(other_clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> dict[str, str]:
    """Ids of everything at Hillside."""
    return ids_of(stages.signed(as_(other_clinic.surgeon), other_clinic), other_clinic)


def test_their_ids_lead_where_ids_lead_that_never_were(
    app: App, clinic: make.Clinic, theirs: dict[str, str], other_clinic: make.Clinic, db: Database
) -> None:
    make.also(db, clinic.surgeon, Role.ADMIN)
    vera_at_desk = Browser(app.test_client()).sign_in(clinic.surgeon)
    proof = {"csrf": vera_at_desk.open("/procedures").forms["/sign-out"]["csrf"]}
    before, routes = journal_head(db, other_clinic), sorted(pages_with_an_id(app))
    assert len(routes) > 12
    for method, rule in routes:
        seen = []
        for ids in (theirs, dict.fromkeys(theirs, str(uuid7()))):
            path = ARGUMENT.sub(lambda found, ids=NAMES | ids: ids[found[1]], rule)  # type: ignore[misc]  # reason: bound at once
            answer = vera_at_desk.client.open(path, method=method, data=proof | TYPED if method == "POST" else None)
            seen.append((answer.status_code, CHANGES_EACH_TIME.sub("…", answer.text)))
        assert seen[0] == seen[1], rule
        if rule not in DONE_ALREADY:
            assert seen[0][0] in {404, 422}, (method, rule, seen[0][0])
    assert journal_head(db, other_clinic) == before
