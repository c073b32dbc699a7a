"""A clinic's own texts over the API: read, changed, tried out, taken back. What patients are sent follows at once."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from schemas.templates import OwnTemplateOut, PreviewOut, TemplateList, TemplateOut
from schemas.vocabulary import PATIENT_CHANNELS, PATIENT_PURPOSES, Channel, ProcedureState, Purpose
from server import clock
from server.db import Database
from server.followup.messages.letter import Text
from server.followup.models import MessageTemplate
from server.followup.service.templates import own_texts
from server.journal.models import JournalRow
from tests import make
from tests.api import Api

ONE = "/follow-up/templates/near/email/en"
WORDS = {"subject": "See you on {{ day }}", "body": "Dear {{ given_name }},\n\nyour page: {{ link }}"}
NO_OWN_TEXT = "00000000-0000-0000-0000-000000000000"
ENDED = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)


def put(api: Api, path: str, body: dict[str, Any], expect: int, version: str | None = NO_OWN_TEXT) -> Any:
    """JSON of a PUT, by default the first of its message."""
    answer = api.call("PUT", path, json=body, headers={"If-Match": f'"{version}"'} if version else {})
    assert answer.status_code == expect, answer.text
    return answer.get_json(force=True)


def drop(api: Api, path: str, expect: int, version: str | None = None) -> Any:
    """JSON of a DELETE."""
    answer = api.call("DELETE", path, headers={"If-Match": f'"{version}"'} if version else {})
    assert answer.status_code == expect, answer.text
    return answer.get_json(force=True)


def stored(db: Database, clinic: make.Clinic) -> list[MessageTemplate]:
    """The clinic's rows."""
    with db.transaction(clinic.id, write=False) as session:
        return list(session.scalars(sa.select(MessageTemplate)))


def test_all_texts_are_listed_with_the_variables_they_may_use(vera: Api) -> None:
    found = vera.get("/follow-up/templates")
    assert TemplateList().validate(found) == {}
    assert len(found["items"]) == 3 * len(PATIENT_PURPOSES) * len(PATIENT_CHANNELS)
    assert all(one["own"] is None and one["built_in"]["body"] for one in found["items"])
    assert {one["name"] for one in found["variables"]} >= {"given_name", "clinic", "day", "link", "booked"}


def test_a_clinic_puts_its_own_text_and_it_is_what_patients_get(vera: Api, clinic: make.Clinic, db: Database) -> None:
    made = put(vera, ONE, WORDS, 201)
    assert OwnTemplateOut().validate(made) == {}
    assert (made["subject"], made["body"], made["active"]) == (WORDS["subject"], WORDS["body"], True)
    with db.transaction(clinic.id, write=False) as session:
        assert own_texts(session) == {(Purpose.NEAR, Channel.EMAIL, "en"): Text(WORDS["subject"], WORDS["body"], "en")}
    one = vera.get(ONE)
    assert TemplateOut().validate(one) == {}
    assert one["own"] == made
    assert one["built_in"]["body"].startswith("Dear {{ given_name }}")
    shown = vera.post("/follow-up/templates/preview", {"purpose": "near", "channel": "email", "language": "en"}, 200)
    assert shown["text"].startswith("Dear Anna,\n\nyour page: http")


def test_a_change_names_the_version_that_it_changes(vera: Api) -> None:
    assert put(vera, ONE, WORDS, 428, None)["code"] == "if_match_required"
    assert vera.call("GET", ONE).headers["ETag"] == f'"{NO_OWN_TEXT}"'
    first = put(vera, ONE, WORDS, 201)
    assert vera.call("GET", ONE).headers["ETag"] == f'"{first["write_id"]}"'
    assert put(vera, ONE, WORDS | {"body": "{{ link }}"}, 428, None)["code"] == "if_match_required"
    assert put(vera, ONE, WORDS | {"body": "{{ link }}"}, 412, NO_OWN_TEXT)["code"] == "stale"
    assert put(vera, ONE, WORDS | {"body": "{{ link }}"}, 412, str(uuid.uuid4()))["code"] == "stale"
    second = put(vera, ONE, WORDS | {"body": "{{ link }}"}, 200, first["write_id"])
    assert (second["id"], second["body"]) == (first["id"], "{{ link }}")
    assert put(vera, ONE, WORDS, 412, first["write_id"])["code"] == "stale"


def test_a_version_of_a_text_that_never_was_is_stale(vera: Api) -> None:
    assert put(vera, ONE, WORDS, 412, str(uuid.uuid4()))["code"] == "stale"


def test_a_text_taken_back_gives_way_to_the_built_in_one_and_can_come_again(vera: Api, clinic: make.Clinic, db: Database) -> None:
    made = put(vera, ONE, WORDS, 201)
    assert drop(vera, ONE, 428)["code"] == "if_match_required"
    gone = drop(vera, ONE, 200, made["write_id"])
    assert (gone["active"], gone["body"]) == (False, WORDS["body"])
    with db.transaction(clinic.id, write=False) as session:
        assert own_texts(session) == {}
        actions = session.scalars(
            sa.select(JournalRow.action)
            .where(JournalRow.clinic_id == clinic.id, JournalRow.record_id == uuid.UUID(made["id"]))
            .order_by(JournalRow.seq)
        )
        assert list(actions) == ["create", "back_to_built_in"]
    assert drop(vera, ONE, 200, gone["write_id"]) == gone
    assert put(vera, ONE, WORDS, 412, made["write_id"])["code"] == "stale"
    assert put(vera, ONE, WORDS, 200, gone["write_id"])["active"] is True


def test_there_is_nothing_to_take_back_where_nothing_was_put(vera: Api) -> None:
    assert drop(vera, ONE, 404)["code"] == "not_found"


def test_a_text_with_a_mistake_is_refused_and_nothing_is_stored(vera: Api, clinic: make.Clinic, db: Database) -> None:
    for body, pointer in (
        ({"subject": "Hello", "body": "Dear {{ nickname }}"}, "/body"),
        ({"subject": "Hello {{ nickname }}", "body": "Dear Anna"}, "/subject"),
        ({"body": "Dear Anna"}, "/subject"),
        ({"subject": "Hello", "body": "After your surgery"}, "/body"),
        ({"subject": "Hello", "body": "{{ given_name.__class__ }}"}, "/body"),
        ({"subject": "Hello", "body": ""}, "/body"),
        ({"subject": "Hello", "body": "x", "language": "hu"}, "/language"),
    ):
        refusal = put(vera, ONE, body, 422)
        assert [one["pointer"] for one in refusal["errors"]] == [pointer]
    assert stored(db, clinic) == []


def test_a_change_that_is_refused_leaves_the_text_as_it_was(vera: Api, clinic: make.Clinic, db: Database) -> None:
    made = put(vera, ONE, WORDS, 201)
    put(vera, ONE, WORDS | {"body": "{% for a in day %}{% endfor %}"}, 422, made["write_id"])
    assert [(row.body, str(row.write_id)) for row in stored(db, clinic)] == [(WORDS["body"], made["write_id"])]


def test_any_language_may_have_texts(vera: Api) -> None:
    nothing = vera.get("/follow-up/templates/near/sms/de")
    assert (nothing["built_in"], nothing["own"]) == (None, None)
    made = put(vera, "/follow-up/templates/near/sms/de", {"body": "{{ clinic }}: Termin {{ day_short }}. {{ link }} STOP beendet."}, 201)
    assert made["language"] == "de"
    listed = [one for one in vera.get("/follow-up/templates")["items"] if one["language"] == "de"]
    assert [(one["purpose"], one["built_in"], one["own"]) for one in listed] == [("near", None, made)]
    shown = vera.post("/follow-up/templates/preview", {"purpose": "near", "channel": "sms", "language": "de"}, 200)
    assert shown["language"] == "de"
    assert any("2026-12-07" in one for one in shown["warnings"])


def test_what_is_no_message_to_a_patient_is_not_found(vera: Api) -> None:
    for path in ("digest/email/en", "near/push/en", "near/email/eng", "near/email/E1", "near/email/ÉÉ", "x/y/zz"):
        assert put(vera, f"/follow-up/templates/{path}", WORDS, 404)["code"] == "not_found"
        vera.get(f"/follow-up/templates/{path}", 404)


def test_a_preview_shows_the_message_its_length_and_remarks(vera: Api) -> None:
    body = {"purpose": "near", "channel": "sms", "language": "hu", "body": "{{ clinic }}: időpont {{ link }} STOP"}
    shown = vera.post("/follow-up/templates/preview", body, 200)
    assert PreviewOut().validate(shown) == {}
    assert shown["text"].startswith("Riverside Plastic Surgery: időpont http")
    assert shown["segments"]["encoding"] == "UCS-2"
    assert shown["segments"]["odd_letters"] == "ő"
    assert shown["used_variables"] == ["clinic", "link"]
    assert (shown["subject"], shown["html"]) == (None, None)
    mail = vera.post("/follow-up/templates/preview", {"purpose": "book", "channel": "email", "language": "es"}, 200)
    assert mail["subject"] == "Es hora de concertar su cita de seguimiento"
    assert mail["html"].startswith("<!doctype html>")
    assert mail["segments"] is None


def test_a_preview_of_a_mistake_says_what_to_correct(vera: Api, clinic: make.Clinic, db: Database) -> None:
    body = {"purpose": "near", "channel": "email", "language": "en", "body": "{{ x }}"}
    assert vera.post("/follow-up/templates/preview", body, 422)["errors"][0]["pointer"] == "/body"
    assert stored(db, clinic) == []


def visit_of(db: Database, clinic: make.Clinic, api: Api, **patient: Any) -> dict[str, Any]:
    """The visit two weeks after a procedure that ended on Monday 2 March 2026: due on Monday 16 March."""
    with clock.at(ENDED):
        who = make.patient(db, clinic, **patient)
        done = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=who["id"], ended_at=ENDED)
        visits = api.get(f"/procedures/{done['id']}/visits")["items"]
    return next(dict(one) for one in visits if (one["kind"], one["target_date"]) == ("visit", "2026-03-16"))


def test_a_preview_of_a_real_visit_has_its_patient_and_its_time_but_not_its_link(
    db: Database, clinic: make.Clinic, as_: Callable[[make.Person], Api]
) -> None:
    csaba = as_(clinic.coordinator)
    with clock.at(ENDED):
        visit = visit_of(db, clinic, csaba, given_name="Zsófia")
        csaba.patch(f"/visits/{visit['id']}", {"state": "booked", "booked_for": "2026-03-17T14:15:00+01:00"}, visit["write_id"])
    asked = {"purpose": "near", "channel": "email", "language": "hu", "visit_id": visit["id"]}
    with clock.at(datetime(2026, 3, 14, 9, tzinfo=UTC)):
        shown = as_(clinic.coordinator).post("/follow-up/templates/preview", asked, 200)
    assert shown["text"].startswith("Kedves Zsófia!")
    assert "amely 3 nap múlva lesz. Időpontja: 2026. március 17., kedd, 14:15." in shown["text"]
    assert "ThisIsOnlyAnExampleNow" in shown["text"]


def test_a_visit_of_another_clinic_is_as_unknown_as_one_that_never_was(
    db: Database, other_clinic: make.Clinic, vera: Api, as_: Callable[[make.Person], Api]
) -> None:
    theirs = visit_of(db, other_clinic, as_(other_clinic.surgeon))
    for unknown in (theirs["id"], str(uuid.uuid4())):
        asked = {"purpose": "near", "channel": "email", "language": "en", "visit_id": unknown}
        assert vera.post("/follow-up/templates/preview", asked, 404)["code"] == "not_found"


def test_another_clinic_neither_sees_nor_changes_our_text(
    vera: Api, other_clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    made = put(vera, ONE, WORDS, 201)
    hillside = as_(other_clinic.surgeon)
    assert hillside.get(ONE)["own"] is None
    assert all(one["own"] is None for one in hillside.get("/follow-up/templates")["items"])
    drop(hillside, ONE, 404, made["write_id"])
    put(hillside, ONE, {"subject": "Theirs", "body": "Theirs: {{ link }}"}, 201)
    assert vera.get(ONE)["own"] == made
    with db.transaction(other_clinic.id, write=False) as session:
        assert own_texts(session) == {(Purpose.NEAR, Channel.EMAIL, "en"): Text("Theirs", "Theirs: {{ link }}", "en")}


def test_who_may_not_set_up_reads_and_tries_out_but_changes_nothing(
    vera: Api, clinic: make.Clinic, db: Database, as_: Callable[[make.Person], Api]
) -> None:
    made = put(vera, ONE, WORDS, 201)
    for person in (clinic.nurse, clinic.coordinator, clinic.rater):
        api = as_(person)
        assert api.get(ONE)["own"] == made
        put(api, ONE, WORDS, 403, made["write_id"])
        drop(api, ONE, 403, made["write_id"])
    preview = {"purpose": "near", "channel": "email", "language": "en"}
    as_(clinic.coordinator).post("/follow-up/templates/preview", preview, 200)
    as_(clinic.rater).post("/follow-up/templates/preview", preview, 403)
    admin = as_(clinic.admin)
    put(admin, ONE, WORDS | {"subject": "By the administrator"}, 200, admin.get(ONE)["own"]["write_id"])
    assert [row.subject for row in stored(db, clinic)] == ["By the administrator"]
