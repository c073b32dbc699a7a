"""What may still be said after signing."""

import base64
from collections.abc import Callable
from typing import cast

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.app import App
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures.case import Case

LATER = {"text": "Redness for two weeks."}


def later(**fields: str) -> dict[str, str]:
    """What Vera adds, with the code after the one that she signed with."""
    return make.proof(1) | LATER | fields


def test_an_addendum_is_read_back_signed(signed_case: Case) -> None:
    added = signed_case.tablet.post(f"{signed_case.path}/addenda", later())
    assert (added["text"], added["signer_name"]) == (LATER["text"], "Dr Vera Kovács")
    assert signed_case.tablet.get(f"{signed_case.path}/addenda")["items"] == [added]


def test_its_signature_covers_the_text_and_names_the_first_signature(signed_case: Case) -> None:
    signature = signed_case.tablet.get(f"{signed_case.path}/signature")
    added = signed_case.tablet.post(f"{signed_case.path}/addenda", later())
    assert added["manifest"]["text"] == LATER["text"]
    assert added["manifest"]["signature_id"] == signature["id"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["public_key"]))
    key.verify(base64.b64decode(added["signature"]), rfc8785.dumps(added["manifest"]))


def test_addenda_are_listed_in_order(signed_case: Case) -> None:
    texts = ["First.", "Second.", "Third."]
    for text in texts:
        signed_case.tablet.post(f"{signed_case.path}/addenda", later(text=text))
        make.half_a_minute_later(cast("App", signed_case.tablet.client.application).db)
    assert [one["text"] for one in signed_case.tablet.get(f"{signed_case.path}/addenda")["items"]] == texts


def test_a_repeated_addendum_is_added_once(signed_case: Case) -> None:
    body = later(id=str(uuid7()))
    first = signed_case.tablet.post(f"{signed_case.path}/addenda", body, 201)
    assert signed_case.tablet.post(f"{signed_case.path}/addenda", body, 200) == first
    assert signed_case.tablet.post(f"{signed_case.path}/addenda", body | {"text": "x"}, 409)["code"] == "id_taken"


def test_before_signing_there_is_nothing_to_add_to(complete_case: Case) -> None:
    refusal = complete_case.tablet.post(f"{complete_case.path}/addenda", later(), 409)
    assert refusal["code"] == "wrong_state"
    assert "record an entry instead" in refusal["detail"]


@pytest.mark.parametrize(("body", "expect"), [({"password": "wrong password"}, 401), ({"text": " "}, 422)])
def test_a_refused_addendum_is_not_kept(signed_case: Case, body: dict[str, str], expect: int) -> None:
    signed_case.tablet.post(f"{signed_case.path}/addenda", later(**body), expect)
    assert signed_case.tablet.get(f"{signed_case.path}/addenda")["items"] == []


def test_nora_reads_addenda_and_writes_none(signed_case: Case, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    nora = as_(clinic.nurse)
    nora.post(f"{signed_case.path}/addenda", later(), 403)
    assert nora.get(f"{signed_case.path}/addenda")["items"] == []


def test_the_history_holds_the_addendum(signed_case: Case) -> None:
    added = signed_case.tablet.post(f"{signed_case.path}/addenda", later())
    last = signed_case.tablet.get(f"{signed_case.path}/history")["items"][-1]
    assert (last["collection"], last["body"]) == ("addenda", added)
