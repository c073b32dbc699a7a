"""A POST repeated under one Idempotency-Key is done once."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.app import App
from tests import make
from tests.api import Api
from tests.procedures.case import Case

ANNA = {"mrn": "1", "family_name": "Petrauskienė", "given_name": "Anna"}
KEY = {"Idempotency-Key": "tablet-7-call-1"}


def test_the_second_call_gets_the_first_answer_and_does_nothing(vera: Api) -> None:
    first = vera.call("POST", "/patients", json=ANNA, headers=KEY)
    second = vera.call("POST", "/patients", json=ANNA, headers=KEY)
    assert (second.status_code, second.data, second.headers["ETag"]) == (201, first.data, first.headers["ETag"])
    assert second.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    assert len(vera.get("/patients")["items"]) == 1


def test_another_body_under_the_key_is_a_conflict(vera: Api) -> None:
    vera.post("/patients", ANNA, headers=KEY)
    assert vera.post("/patients", ANNA | {"mrn": "2"}, 409, headers=KEY)["code"] == "key_reused"


def test_another_address_under_the_key_is_a_conflict(case: Case) -> None:
    body = make.entry("note", text="calm")
    case.tablet.post(f"{case.path}/entries", body, headers=KEY)
    case.tablet.post(f"{case.path}/addenda", body, 409, headers=KEY)


def test_a_refused_call_leaves_its_key_free(vera: Api) -> None:
    vera.post("/patients", {"mrn": "1"}, 422, headers=KEY)
    vera.post("/patients", ANNA, 201, headers=KEY)


def test_keys_are_each_persons_own(vera: Api, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    vera.post("/patients", ANNA, headers=KEY)
    as_(clinic.nurse).post("/patients", ANNA | {"mrn": "2"}, 201, headers=KEY)


def test_a_state_change_is_repeated_without_a_conflict(case: Case) -> None:
    first = case.tablet.post(f"{case.path}/completion", {}, 200, headers=KEY)
    assert case.tablet.post(f"{case.path}/completion", {}, 200, headers=KEY) == first
    case.tablet.post(f"{case.path}/completion", {}, 409)


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(vera: Api, key: str) -> None:
    refusal = vera.post("/patients", ANNA, 422, headers={"Idempotency-Key": key})
    assert refusal["errors"][0]["pointer"] == "/Idempotency-Key"
    assert vera.get("/patients")["items"] == []


def test_parallel_calls_under_one_key_do_one_thing(app: App, vera: Api) -> None:
    answers: list[tuple[int, bytes]] = []
    barrier = threading.Barrier(8)

    def call() -> None:
        tablet = Api(app.test_client(), vera.token)
        barrier.wait()
        answer = tablet.call("POST", "/patients", json=ANNA, headers=KEY)
        answers.append((answer.status_code, answer.data))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _ in answers) == {201: 8}
    assert len({body for _, body in answers}) == 1
    assert len(vera.get("/patients")["items"]) == 1


def test_parallel_calls_with_one_id_store_one_record(app: App, vera: Api) -> None:
    body = ANNA | {"id": "01931c1e-7a52-7c2b-9f0e-0123456789ab"}
    codes: Counter[int] = Counter()

    def call() -> None:
        codes[Api(app.test_client(), vera.token).call("POST", "/patients", json=body).status_code] += 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes[201] == 1
    assert set(codes) == {200, 201}
    vera.post("/patients", body, 200)


def test_a_commit_whose_answer_is_lost_is_not_said_to_have_stored_nothing(vera: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database has committed and its connection broke before it could say so: the call is repeated, and there is one patient."""
    commit = Session.commit

    def committed_and_cut_off(session: Session) -> None:
        commit(session)
        raise OperationalError("COMMIT", {}, ConnectionResetError())

    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", committed_and_cut_off)
        refused = vera.post("/patients", ANNA, 503, headers=KEY)
    assert "othing was stored" not in refused["detail"]
    again = vera.post("/patients", ANNA, 201, headers=KEY)
    assert [one["id"] for one in vera.get("/patients")["items"]] == [again["id"]]
