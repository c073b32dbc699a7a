"""Drawings, filter and history on the page of one procedure."""

import uuid
from collections.abc import Callable

from schemas.vocabulary import ProcedureState
from server.db import Database
from tests import make
from tests.web.browser import Browser, faults
from tests.web.case import completed


def test_drawings_and_the_table_say_the_same(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    page = vera_at_desk.open(f"/procedures/{completed(db, clinic)['id']}")
    assert "Left cheek 0.8 mL 0.8 mL 0 mL subdermal" in page.part("scars")
    assert "0.8 of 4 mL made · 3.2 mL discarded" in page.part("scars")
    assert "0 of 1 scar placed on the face. Not placed: 1." in page.part("scars")
    assert "1 injection into 1 scar." in page.part("times")
    assert page.html.count('class="lane-dot"') == 1
    assert faults(page) == []


def test_a_scar_with_a_point_is_on_the_face(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic)
    scar = make.scar(db, clinic, anna["id"], label="Scar <b>one</b>", view="front", x_e4=6500, y_e4=5000)
    plan = {"injections": [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 800}]}
    planned = make.procedure(db, clinic, patient_id=anna["id"], plan=plan)
    page = vera_at_desk.open(f"/procedures/{planned['id']}")
    assert '<circle class="scar-point" cx="130.0" cy="130.0"' in page.html
    assert "<title>1 Scar &lt;b&gt;one&lt;/b&gt;: 0.8\u00a0mL planned, none given</title>" in page.html
    assert faults(page) == []


def test_each_remark_has_one_action_that_leads_somewhere(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic)
    scar = make.scar(db, clinic, anna["id"])
    done = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=anna["id"])
    make.record(
        db,
        clinic,
        done["id"],
        make.entry("filtration", filtered=False, reason="the filter tore", nanofat_ml=4),
        make.entry("injection", scar_id=scar["id"], volume_ml=0.8, plane="subdermal"),
    )
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    eye = page.html.split('<ul class="eye">')[1].split("</ul>")[0]
    assert eye.count("<li>") == eye.count('class="act"') >= 3
    assert "Compare planned and given" in eye
    for target in (href.split("#")[1] for href in page.hrefs if href.startswith("#")):
        assert target in page.ids, target


def test_entries_of_one_kind_have_an_address(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    address = f"/procedures/{completed(db, clinic)['id']}"
    page = vera_at_desk.open(f"{address}?kind=injection")
    assert "1 of 5 entries: injection." in page.part("entries")
    assert "entry-4" in page.ids
    assert "entry-2" not in page.ids
    assert "entry-2" in vera_at_desk.open(f"{address}?kind=").ids


def test_a_kind_that_does_not_exist_is_refused_by_name(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    page = vera_at_desk.open(f"/procedures/{completed(db, clinic)['id']}?kind=banana", 422)
    assert "Leave kind out, or choose one of checklist" in page.text


def test_a_retracted_entry_says_so_in_a_word(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    going = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)
    wrong = make.entry("harvest", site="flank", lipoaspirate_ml=120)
    make.record(db, clinic, going["id"], wrong)
    make.record(db, clinic, going["id"], make.entry("retraction", retracts=wrong["id"], reason="typed 120 instead of 12"))
    page = vera_at_desk.open(f"/procedures/{going['id']}")
    assert "Retracted" in page.part("entries")
    assert "typed 120 instead of 12" in page.part("entries")
    assert 'class="lane-' not in page.html


def test_vera_reads_the_history_and_nora_does_not(
    vera_at_desk: Browser, clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    address = f"/procedures/{completed(db, clinic)['id']}"
    history = vera_at_desk.open(address).part("history")
    assert "Create: entry 4 Dr Vera Kovács no tablet" in history
    assert "the procedure" in history
    assert "history" not in at_desk(clinic.nurse).open(address).ids


def test_the_history_says_what_was_erased_on_request(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    assert "erased" not in vera_at_desk.open(f"/procedures/{done['id']}").part("history")
    make.erasure(db, clinic, done["patient_id"])
    history = vera_at_desk.open(f"/procedures/{done['id']}").part("history")
    assert "Create: the patient's record (erased on request)" in history
    assert "Create: entry 4 Dr Vera Kovács" in history
