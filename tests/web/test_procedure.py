"""The page of one procedure."""

import uuid
from collections.abc import Callable

from schemas.vocabulary import ProcedureState
from server.app import App, create_app
from server.config import Config
from server.db import Database, find
from server.photos.service.thumbnails import make_waiting
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from server.web import procedure_eye
from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.tampering import tampered
from tests.web.browser import OWN_SCRIPT, Browser, faults
from tests.web.case import completed

CANARY = "<script>alert(1)</script>"


def test_the_banner_says_whose_procedure_it_is(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic, mrn="RPS-7", allergies="penicillin")
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    assert "born 17 Apr 1991 RPS-7 Allergies: penicillin" in page.text
    assert "Draft, not signed" in page.text
    assert page.title.startswith("Petrauskienė, Anna, ")
    assert faults(page) == []


def test_the_note_the_numbers_and_the_plan_are_there(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    assert "Operation note" in page.text
    assert "Injected 0.8 mL Discarded 3.2 mL Left 0 mL" in page.text
    assert "Left cheek 0.8 mL 0.8 mL 0 mL" in page.text
    assert f"/procedures/{done['id']}/note.pdf" in page.hrefs


def test_what_was_never_recorded_is_not_called_zero(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    assert "Lidocaine not recorded" in vera_at_desk.open(f"/procedures/{done['id']}").text


def test_what_is_unusual_needs_an_eye_and_leads_to_its_entry(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    make.record(db, clinic, done["id"], make.entry("filtration", filtered=False, reason="the filter tore", nanofat_ml=1))
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    assert "The product was not filtered: the filter tore" in page.part("eye")
    assert "No signed consent is recorded." in page.part("eye")
    assert "Entry 6" in page.part("eye")
    assert "#entry-6" in page.hrefs
    assert "entry-6" in page.ids


def test_missing_photographs_need_an_eye_and_lead_to_the_patients(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    assert "No photograph of this procedure is stored." in page.part("eye")
    assert "No photographs before the procedure are recorded" not in page.part("eye"), "once is enough"
    assert f"/patients/{done['patient_id']}/photos" in page.hrefs
    assert "photographs" not in page.ids


def test_the_photographs_stand_there_and_what_has_not_arrived_needs_an_eye(
    vera_at_desk: Browser, vera: Api, clinic: make.Clinic, app: App
) -> None:
    done = completed(app.db, clinic)
    where = {"procedure_id": done["id"], "view": "left_profile", "kind": "follow_up"}
    here = sent(vera, done["patient_id"], cheek(), **where)
    announced(vera, done["patient_id"], cheek(310), **where)
    make_waiting(app.db, app.settings)
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    shown = page.part("photographs")
    assert "Left profile at follow-up" in shown
    assert "On its way, not here yet" in shown
    assert f'src="/api/v1/photos/{here["id"]}/thumbnail?size=320"' in page.html
    assert f"/patients/{done['patient_id']}/photos?view=left_profile" in page.hrefs
    assert "1 photograph of this procedure is announced and not here yet." in page.part("eye")
    assert faults(page) == []


def test_what_a_plan_misses_leads_to_where_it_is_added(
    vera_at_desk: Browser, at_desk: Callable[[make.Person], Browser], clinic: make.Clinic, db: Database
) -> None:
    planned = make.procedure(db, clinic, patient_id=make.patient(db, clinic, allergies=None)["id"])
    page = vera_at_desk.open(f"/procedures/{planned['id']}")
    assert "No signed consent is recorded. Add it to the plan" in page.part("eye")
    assert "whether there are allergies. See the patient’s record" in page.part("eye")
    assert f"/procedures/{planned['id']}/plan" in page.hrefs
    assert "Add it to the plan" not in at_desk(clinic.coordinator).open(f"/procedures/{planned['id']}").text


def test_a_remark_that_the_page_does_not_know_leads_to_the_entries() -> None:
    assert procedure_eye.action({"code": "lidocaine_high"}, None) == {"words": "Check the doses", "to": "numbers"}
    assert procedure_eye.action({"code": "brand_new"}, None) == {"words": "Look through the entries", "to": "entries"}


def test_a_retracted_entry_is_struck_through_and_stays(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    going = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS)
    wrong = make.entry("harvest", site="flank", lipoaspirate_ml=120)
    make.record(db, clinic, going["id"], wrong)
    make.record(db, clinic, going["id"], make.entry("retraction", retracts=wrong["id"], reason="typed 120 instead of 12"))
    page = vera_at_desk.open(f"/procedures/{going['id']}")
    assert "<del>Harvest, flank: 120" in page.html
    assert "by Dr Vera Kovács: typed 120 instead of 12" in page.part("entries")
    assert "Strikes through entry 1" in page.part("entries")


def test_a_plan_says_what_it_needs_and_where_the_danger_is(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    anna = make.patient(db, clinic)
    scar = make.scar(db, clinic, anna["id"], label="Above the brow", subunit="forehead")
    planned = make.procedure(
        db, clinic, patient_id=anna["id"], plan={"injections": [{"scar_id": uuid.UUID(scar["id"]), "volume_ul": 1500}]}
    )
    page = vera_at_desk.open(f"/procedures/{planned['id']}")
    assert "Nanofat 1.6 mL 1.5 mL for 1 scar, 0.1 mL left in syringes and needles." in page.text
    assert "Vessels here connect to the eye and brain: Above the brow (forehead)." in page.text
    assert "Lidocaine ceiling 3410 mg" in page.text
    assert "Operation note" not in page.text
    assert faults(page) == []


def test_a_cancelled_procedure_says_why(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    planned = make.procedure(db, clinic)
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        row = find(session, Procedure, uuid.UUID(planned["id"]), lock=True)
        assert row is not None
        lifecycle.cancel(session, row, "The patient has a fever.")
    page = vera_at_desk.open(f"/procedures/{planned['id']}")
    assert "Cancelled before it began The patient has a fever." in page.text


def test_follow_up_and_its_reminders_are_listed(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    page = vera_at_desk.open(f"/procedures/{done['id']}")
    words = page.part("follow-up")
    assert [step in words for step in ("2 weeks", "3 months", "1 year")] == [True, True, True]
    assert "Not due yet" in words
    assert "Waiting Asks to arrange the visit" in words


def test_nora_sees_it_and_is_told_who_signs(clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]) -> None:
    page = at_desk(clinic.nurse).open(f"/procedures/{completed(db, clinic)['id']}")
    assert "Signing is for surgeons." in page.part("sign")
    assert not [action for action in page.forms if action.endswith("/sign")]


def test_another_clinics_procedure_is_as_unknown_as_no_procedure(
    clinic: make.Clinic, other_clinic: make.Clinic, db: Database, at_desk: Callable[[make.Person], Browser]
) -> None:
    hillside = at_desk(other_clinic.surgeon)
    theirs = hillside.open(f"/procedures/{completed(db, clinic)['id']}", 404)
    nothing = hillside.open(f"/procedures/{uuid.uuid4()}", 404)
    assert theirs.html == nothing.html
    assert "There is nothing at this address" in theirs.text
    assert "/procedures" in theirs.hrefs
    assert faults(theirs) == []


def test_the_note_alone_and_as_pdf(vera_at_desk: Browser, clinic: make.Clinic, db: Database) -> None:
    done = completed(db, clinic)
    assert "Petrauskienė" in vera_at_desk.open(f"/procedures/{done['id']}/note").text
    pdf = vera_at_desk.client.get(f"/procedures/{done['id']}/note.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF")


def test_text_of_people_never_becomes_markup(vera_at_desk: Browser, clinic: make.Clinic, db: Database, vera: Api) -> None:
    eve = make.patient(db, clinic, family_name=CANARY, given_name=CANARY, mrn=CANARY, allergies=CANARY)
    scar = make.scar(db, clinic, eve["id"], label=CANARY)
    done = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=eve["id"], title=CANARY)
    wrong = make.entry("note", text=CANARY)
    make.record(
        db,
        clinic,
        done["id"],
        make.entry("checklist", phase="time_out", item="team_introduced", answer="no", actor=CANARY),
        make.entry("filtration", filtered=False, reason=CANARY, nanofat_ml=4),
        make.entry("injection", scar_id=scar["id"], volume_ml=0.8, plane="subdermal"),
        wrong,
        make.entry("retraction", retracts=wrong["id"], reason=CANARY),
    )
    vera.post(f"/procedures/{done['id']}/signature", make.proof())
    vera.post(f"/procedures/{done['id']}/addenda", make.proof(1) | {"text": CANARY})
    addresses = [f"/procedures/{done['id']}", f"/procedures/{done['id']}/note", "/procedures?whose=all", "/outbox?show=to-come"]
    addresses += [href for href in vera_at_desk.open(addresses[-1]).hrefs if href.startswith("/outbox/")][:1]
    for address in [*addresses, f"/procedures?q={CANARY}nobody"]:
        page = vera_at_desk.open(address)
        assert "<script" not in OWN_SCRIPT.sub("", page.html), address
        assert CANARY in page.text or "nobody" in address, address


def test_a_tampered_record_says_that_its_signature_does_not_fit(lonely_db: Database, config: Config) -> None:
    riverside, app = make.clinic(lonely_db), create_app(config, lonely_db)
    done = completed(lonely_db, riverside)
    vera = Browser(app.test_client()).sign_in(riverside.surgeon)
    address = f"/procedures/{done['id']}"
    vera.send(vera.open(address), f"{address}/sign", **make.proof())
    assert "Verified just now" in vera.open(address).part("signature")
    tampered(lonely_db, "UPDATE entries SET volume_ul = 900 WHERE kind = 'injection'", table="entries")
    page = vera.open(address)
    assert "The signature does not fit the record" in page.part("signature")
    assert "Do not rely on this record." in page.part("signature")
    assert faults(page) == []
