"""What tablets pull: each document as it is now, in the order of its last change, page by page."""

from collections.abc import Callable
from typing import Any

import pytest

from server.db import Database
from server.ids import uuid7
from server.journal import feed
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.sync.tablet import pulled
from tests.tampering import tampered

Page = dict[str, Any]


def after(api: Api, page: Page, collection: str = "patients", limit: int = 100) -> Page:
    """The next page."""
    at = page["checkpoint"]
    return dict(api.get(f"/sync/{collection}/pull?limit={limit}&epoch={at['epoch']}&seq={at['seq']}"))


def test_a_page_holds_the_documents_as_the_api_shows_them(vera: Api, db: Database, clinic: make.Clinic) -> None:
    anna = make.patient(db, clinic)
    assert pulled(vera, "patients") == [{"_deleted": False, **anna}]


def test_a_changed_document_comes_once_as_it_is_now_and_at_the_end(vera: Api, db: Database, clinic: make.Clinic) -> None:
    anna, bence = make.patient(db, clinic), make.patient(db, clinic, given_name="Bence")
    first = vera.get("/sync/patients/pull")
    vera.patch(f"/patients/{anna['id']}", {"weight_kg": 64}, anna["write_id"])
    assert [one["id"] for one in pulled(vera, "patients")] == [bence["id"], anna["id"]]
    news = after(vera, first)
    assert [(one["id"], one["weight_kg"]) for one in news["documents"]] == [(anna["id"], 64)]


def test_only_the_last_page_is_short_and_an_empty_one_leaves_the_checkpoint(vera: Api, db: Database, clinic: make.Clinic) -> None:
    for number in range(5):
        anna = make.patient(db, clinic, mrn=f"P{number}")
        vera.patch(f"/patients/{anna['id']}", {"weight_kg": 60 + number}, anna["write_id"])
        make.scar(db, clinic, anna["id"])
    pages = [vera.get("/sync/patients/pull?limit=2")]
    for _ in range(3):
        pages.append(after(vera, pages[-1], limit=2))
    assert [len(page["documents"]) for page in pages] == [2, 2, 1, 0]
    assert pages[3]["checkpoint"] == pages[2]["checkpoint"]
    assert [one["mrn"] for page in pages for one in page["documents"]] == [f"P{number}" for number in range(5)]


def test_every_collection_can_be_pulled_and_no_other(vera: Api, clinic: make.Clinic) -> None:
    case = stages.signed(vera, clinic)
    found = {
        name: pulled(vera, name)
        for name in ("patients", "scars", "procedures", "entries", "photos", "visits", "catalogue", "users", "signatures")
    }
    assert [one["id"] for one in found["procedures"]] == [case.id]
    assert [one["state"] for one in found["procedures"]] == ["signed"]
    assert {one["procedure_id"] for one in found["entries"] + found["signatures"] + found["visits"]} == {case.id}
    assert len(found["scars"]) == 3
    assert len(found["entries"]) == 11
    assert found["photos"] == []
    assert all(one["_deleted"] is False for documents in found.values() for one in documents)
    assert vera.get("/sync/journal/pull", 404)["code"] == "not_found"


def test_people_are_pulled_without_their_addresses(vera: Api, clinic: make.Clinic) -> None:
    people = pulled(vera, "users")
    assert {one["name"] for one in people} == {person.name for person in clinic.people.values()}
    assert all("email" not in one for one in people)


def test_the_catalogue_comes_once_for_each_version(vera: Api, anyone: Api) -> None:
    page = vera.get("/sync/catalogue/pull")
    assert page["documents"][0]["version"] == anyone.get("/catalogue")["version"]
    assert page["documents"][0]["id"] == "catalogue"
    again = after(vera, page, "catalogue")
    assert again["documents"] == []
    assert again["checkpoint"] == page["checkpoint"]


def test_a_checkpoint_of_another_epoch_is_refused_with_the_new_one(vera: Api, db: Database, clinic: make.Clinic) -> None:
    make.patient(db, clinic)
    epoch = vera.get("/sync/patients/pull")["checkpoint"]["epoch"]
    for query in (f"epoch={uuid7()}&seq=3", "seq=3"):
        refused = vera.get(f"/sync/patients/pull?{query}", 409)
        assert (refused["code"], refused["epoch"]) == ("epoch_changed", epoch)


@pytest.mark.parametrize("query", ["seq=-1", "seq=x", "limit=0", "limit=1001", "epoch=1", "after=1"])
def test_a_page_that_cannot_be_is_refused(vera: Api, query: str) -> None:
    assert vera.get(f"/sync/patients/pull?{query}", 422)["errors"]


def test_a_client_made_for_older_documents_must_be_updated_first(vera: Api) -> None:
    refused = vera.get("/sync/patients/pull", 426, headers={"X-Schema-Version": "0"})
    assert refused["code"] == "upgrade_required"
    for fine in ("1", "2", "none", ""):
        vera.get("/sync/patients/pull", headers={"X-Schema-Version": fine})


def test_each_clinic_pulls_its_own(vera: Api, db: Database, other_clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    make.patient(db, other_clinic)
    assert pulled(vera, "patients") == []
    assert len(pulled(as_(other_clinic.nurse), "patients")) == 1


def test_who_reads_no_record_pulls_nothing(clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    for person in (clinic.rater, clinic.admin):
        as_(person).get("/sync/patients/pull", 403)


def test_an_erased_body_is_pulled_as_deleted(lonely_db: Database) -> None:
    clinic = make.clinic(lonely_db)
    make.patient(lonely_db, clinic)
    tampered(lonely_db, "UPDATE journal SET body = NULL, salt = NULL WHERE collection = 'patients'")
    with lonely_db.transaction(clinic.id, write=False) as session:
        rows = feed.page(session, "patients", 0, 10)
    assert [row.body for row in rows] == [None]


def test_a_page_is_found_by_index_however_much_is_stored(db: Database, clinic: make.Clinic) -> None:
    asked = feed._PAGE.params(clinic=clinic.id, collection="patients", after=0, most=100)
    with db.transaction(clinic.id, write=False) as session:
        connection = session.connection()
        text = str(asked.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        if not db.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the table is small here, and would be read whole
        plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if db.is_sqlite else ''}{text}").all()
    said = " ".join(str(line) for line in plan)
    assert "ix_journal_collection" in said
    assert "ix_journal_record" in said
    assert "TEMP B-TREE" not in said
