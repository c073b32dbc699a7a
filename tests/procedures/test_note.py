"""The operation note says what the entries say, and says so where they say nothing."""

import json
from datetime import timedelta, timezone
from typing import Any

import pytest

from schemas.vocabulary import ProcedureState
from server.procedures import note
from server.procedures.note.words import MINUS
from tests.procedures.test_note_example import BOXCAR_1, BOXCAR_2, CHEEK, NORA, START, VERA, addendum, example, fact, record

HELSINKI = timezone(timedelta(hours=2))


def item(document: dict[str, Any], label: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["items"] if one["label"] == label)
    return found


def test_two_sentences_tell_the_example() -> None:
    assert note.build(record(example()))["summary"] == (
        "On 23 November 2026 Dr Vera Kovács injected 3.8 mL of nanofat into 3 scars "
        "(Left cheek, main 2.4 mL; Boxcar, upper 0.8 mL; Boxcar, lower 0.6 mL). "
        "12 mL of nanofat was made from 60 mL of lipoaspirate (lower abdomen): 32 mL of fat, 60 passes in 2 stages, "
        "filtered at 500 µm; 8.2 mL of nanofat was discarded, and no incident is recorded."
    )


def test_the_sentences_know_no_more_than_the_entries() -> None:
    kept = [one for one in example() if one["kind"] in {"harvest", "filtration", "injection"} and one["scar_id"] in {None, CHEEK}]
    assert note.build(record(kept))["summary"] == (
        "On 23 November 2026 Dr Vera Kovács injected 2.4 mL of nanofat into 1 scar (Left cheek, main 2.4 mL). "
        "12 mL of nanofat was made from 60 mL of lipoaspirate (lower abdomen): fat fraction not recorded, emulsification not recorded, "
        "filtered at 500 µm; no discarded nanofat is recorded, and no incident is recorded."
    )


def test_all_eighteen_items_are_there_in_order_and_the_patient_besides() -> None:
    items = note.build(record([], started_at=None, ended_at=None))["items"]
    assert [one["number"] for one in items] == [*range(1, 19), None, None, None, None]
    assert all(one["value"] and all(one["value"]) for one in items)


def test_what_has_no_answer_says_so() -> None:
    document = note.build(record([], started_at=None, ended_at=None, state=ProcedureState.PLANNED))
    silent = [one for one in document["items"] if not one["recorded"]]
    assert {one["value"][0] for one in silent} == {"not recorded", "none recorded", "not signed"}
    assert [one["label"] for one in document["items"] if one["recorded"]] == [
        "Elective or emergency",
        "Surgeon and assistant",
        "Patient's name",
        "Date of birth",
        "Patient's number",
    ]
    assert {row["text"] for row in document["balance"]["rows"]} == {"not recorded"}


def test_no_problem_recorded_is_not_no_problem() -> None:
    problems = item(note.build(record(example())), "Problems, complications")
    assert (problems["value"], problems["recorded"]) == (["none recorded"], False)


def test_an_item_is_answered_by_notes_and_by_measured_entries() -> None:
    trouble = fact("incident", 55, incident="vascular_sign", severity="moderate", scar_id=str(CHEEK), text="Blanching.", action="Stopped.")
    document = note.build(record([*example(), trouble]))
    assert item(document, "Problems, complications")["value"] == [
        "10:25 Incident: vascular sign, moderate, Left cheek, main. Blanching. Action: Stopped."
    ]
    assert item(document, "Blood loss")["value"] == ["10 mL"]
    assert item(document, "Extra procedures, and why")["value"] == ["Subcision: Left cheek, main."]
    assert item(document, "Implants and devices")["value"] == ["Nanofat filter 500 µm; lot NF2231; expires 30 April 2028."]
    assert item(document, "Antibiotic prophylaxis")["value"] == ["Check list, time out: antibiotic given: not applicable."]
    assert item(document, "Anaesthesia")["value"][-1] == "Lidocaine in all: 80 mg, 1.29 mg/kg at 62 kg."
    assert "1 incident is recorded (vascular sign)" in document["summary"]
    assert len(document["exceptions"]["incidents"]) == 1


def test_a_dose_per_kilogram_needs_a_weight() -> None:
    document = note.build(record(example(), patient={"weight_g": None}))
    assert item(document, "Anaesthesia")["value"][-1] == "Lidocaine in all: 80 mg; dose per kg not known, weight not recorded."
    assert document["patient"]["weight"] == "not recorded"


def test_the_balance_runs_from_lipoaspirate_to_what_is_left() -> None:
    balance = note.build(record(example()))["balance"]
    assert [(row["label"], row["ml"], row["from_ml"]) for row in balance["rows"]] == [
        ("Lipoaspirate", 60, 0),
        ("Fat fraction", 32, 0),
        ("Nanofat", 12, 0),
        ("Nanofat injected", 3.8, 0),
        ("Nanofat discarded", 8.2, 3.8),
        ("Residual, not accounted for", 0, 12),
    ]
    assert [one["text"] for one in balance["yields"]] == ["37.5 %", "20 %"]


def test_a_scar_shows_what_was_planned_and_what_was_given() -> None:
    other = fact("injection", 60, scar_id=str(BOXCAR_2), volume_ml=0.4, plane="subdermal", needle_gauge=25)
    rows = note.build(record([*example(), other]))["scars"]["rows"]
    assert [(row["number"], row["planned"], row["given"], row["difference"]) for row in rows] == [
        (1, "2.5 mL", "2.4 mL", f"{MINUS}0.1 mL"),
        (2, "0.8 mL", "0.8 mL", "0 mL"),
        (3, "0.6 mL", "1 mL", "+0.4 mL"),
    ]
    assert (rows[2]["plane"], rows[2]["needle"], rows[0]["per_area"]) == ("intradermal and subdermal", "27 G and 25 G", "0.833 mL/cm²")


def test_a_plane_that_differs_from_the_plan_says_both() -> None:
    facts = [one for one in example() if one["scar_id"] != CHEEK]
    deep = fact("injection", 50, scar_id=str(CHEEK), volume_ml=2.4, plane="subcutaneous", cannula_mm=0.9)
    row = note.build(record([*facts, deep]))["scars"]["rows"][0]
    assert (row["plane"], row["needle"]) == ("subcutaneous (planned: intradermal)", "cannula 0.9 mm (planned: 27 G)")


def test_a_scar_left_out_is_not_a_scar_given_nothing() -> None:
    missing = [one for one in example() if one["scar_id"] != BOXCAR_1]
    row = note.build(record(missing))["scars"]["rows"][1]
    assert (row["given"], row["difference"]) == ("none recorded", f"{MINUS}0.8 mL")
    untouched = note.build(record([]))["scars"]["rows"][1]
    assert (untouched["given"], untouched["difference"]) == ("not recorded", "not recorded")


def test_a_scar_without_a_point_stands_beside_the_map() -> None:
    face = note.build(record(example()))["face_map"]
    assert [(one["number"], one["view"], one["x"], one["y"]) for one in face["points"]] == [
        (1, "front", 0.67, 0.56),
        (2, "left", 0.43, 0.62),
    ]
    assert face["unplaced"] == [{"number": 3, "label": "Boxcar, lower"}]


def test_a_retracted_entry_counts_nowhere_and_is_seen() -> None:
    wrong = fact("injection", 49, scar_id=str(CHEEK), volume_ml=24, plane="intradermal", confirmed=True, reason="Typed in haste")
    undo = fact("retraction", 49.5, by=NORA, retracts=str(wrong["id"]), reason="24 typed for 2.4")
    document = note.build(record([*example(), wrong, undo]))
    assert document["scars"]["total"]["given"] == "3.8 mL"
    assert not any("24 mL" in row["text"] for row in document["timeline"]["rows"])
    assert document["retracted"] == [
        {
            "time": "10:19",
            "text": "Injection, Left cheek, main: 24 mL, intradermal. Reason: Typed in haste.",
            "by": "Dr Vera Kovács",
            "reason": "24 typed for 2.4",
            "retracted_by": "Nóra Szabó",
            "retracted_at": "10:19",
        }
    ]


def test_a_retraction_taken_back_is_seen_too_and_its_entry_counts_again() -> None:
    facts = example()
    filtered = next(one for one in facts if one["kind"] == "filtration")
    undo = fact("retraction", 49.5, retracts=str(filtered["id"]), reason="Wrong row")
    redo = fact("retraction", 50, retracts=str(undo["id"]), reason="Wrong button")
    document = note.build(record([*facts, undo, redo]))
    assert document["balance"]["rows"][2]["text"] == "12 mL"
    assert document["retracted"][0]["text"].startswith("Retraction of an earlier entry (10:13: Filtration: filter 500 µm")


def test_it_is_a_draft_until_it_is_signed() -> None:
    draft, signed = note.build(record(example())), note.build(record(example(), signed=True, state=ProcedureState.SIGNED))
    assert (draft["draft"], draft["banners"], draft["signature"]) == (True, ["DRAFT - NOT SIGNED"], None)
    assert (signed["draft"], signed["banners"]) == (False, [])
    assert signed["signature"] == {
        "name": "Dr Vera Kovács",
        "at": "23 November 2026, 10:50:00 (UTC+01:00), Europe/Budapest",
        "key_id": "riverside-1",
        "signature": "kQ3vkQ3vkQ3vkQ3vkQ3vkQ3v…",
        "meaning": "Signed as author of this record",
        "checkpoint": "Signed before checkpoints of the journal were taken.",
        "covers": f"Covers {len(example())} entries, all that are recorded.",
    }


def test_what_came_after_signing_is_said_to_be_late_and_not_covered() -> None:
    whole = record([*example(), fact("note", 95, text="Patient comfortable.", late=True)], signed=True, state=ProcedureState.SIGNED)
    whole.addenda.append(addendum("Mild redness, no pain."))
    document = note.build(whole)
    assert document["timeline"]["rows"][-1]["text"] == "Note: Patient comfortable. Late entry, received 23 November 2026, 11:05."
    assert document["signature"]["covers"].endswith("1 entry came later and is not covered.")
    assert document["addenda"][0]["text"] == "Mild redness, no pain."
    assert document["as_of"].startswith("State of the record: 24 November 2026, 09:30:00 (UTC+01:00)")


def test_a_signed_note_tells_warnings_of_that_hour_from_those_since() -> None:
    whole = record(example(), signed=True, state=ProcedureState.SIGNED)
    assert whole.signature is not None
    manifest = json.loads(whole.signature.manifest)
    manifest["warnings"] = [{"code": "differs_from_plan", "entry_id": None, "message": "An old remark."}]
    whole.signature.manifest = json.dumps(manifest)
    warnings = note.build(whole)["exceptions"]["warnings"]
    assert all("Arose after signing." in one["detail"] for one in warnings[:-1])
    assert warnings[-1] == {
        "text": "An old remark.",
        "detail": "Listed when signed; the record as it stands no longer gives rise to it.",
    }


def test_an_unusual_number_that_someone_confirmed_says_who_and_why() -> None:
    odd = fact(
        "injection", 61, scar_id=str(CHEEK), volume_ml=0.1, plane="intradermal", needle_gauge=20, confirmed=True, reason="Deep pocket"
    )
    warnings = note.build(record([*example(), odd]))["exceptions"]["warnings"]
    assert warnings[0]["text"] == "Needle gauge is 20 G; usual is 25 to 30 G."
    assert warnings[0]["detail"].startswith("Injection, 10:31. Confirmed by Dr Vera Kovács: Deep pocket. Source: ")


@pytest.mark.parametrize(
    ("state", "facts", "words"),
    [
        (ProcedureState.CANCELLED, [], "was cancelled: Fever."),
        (ProcedureState.ABANDONED, [], "was abandoned before any injection: Fever."),
        (ProcedureState.ENTERED_IN_ERROR, [], "was entered in error: Fever."),
        (ProcedureState.ABANDONED, example(), "injected 3.8 mL of nanofat into 3 scars"),
    ],
)
def test_a_procedure_that_did_not_go_its_way_says_so(state: ProcedureState, facts: list[Any], words: str) -> None:
    document = note.build(record(facts, state=state, closed_reason="Fever"))
    assert words in document["summary"]
    assert document["procedure"]["closed_reason"] == "Fever"
    assert ("ENTERED IN ERROR" in document["banners"]) == (state == ProcedureState.ENTERED_IN_ERROR)


def test_made_up_records_are_marked() -> None:
    assert "DEMONSTRATION DATA" in note.build(record([], clinic={"demo": True}))["banners"]


def test_times_are_the_clinics_and_each_entrys_its_own_devices() -> None:
    document = note.build(record([*example(), fact("note", 61, text="Tea.", zone=HELSINKI)], clinic={"time_zone": "America/Toronto"}))
    assert document["procedure"]["began"] == "23 November 2026, 03:30"
    assert item(document, "Date and time")["value"] == ["23 November 2026, 03:30 to 04:42"]
    times = {row["text"]: row["time"] for row in document["timeline"]["rows"]}
    assert times["Note: Tea."] == "11:31 (UTC+02:00)"
    assert times["Emulsification, stage 1: 30 passes, Luer to Luer, connector 2.4 mm."] == "10:08 (UTC+01:00)"


def test_a_procedure_past_midnight_names_both_days() -> None:
    late = START + timedelta(hours=14)
    document = note.build(
        record([fact("note", 10, text="a"), fact("note", 900, text="b")], started_at=late, ended_at=late + timedelta(hours=2))
    )
    assert item(document, "Date and time")["value"] == ["23 November 2026, 23:30 to 24 November 2026, 01:30"]
    assert [row["time"] for row in document["timeline"]["rows"]] == ["23 Nov 2026, 09:40", "24 Nov 2026, 00:30"]


def test_the_check_list_shows_every_answer_and_every_gap() -> None:
    first = fact("checklist", 1, phase="time_out", item="antibiotic_given", answer="no", actor="Dr Réka Nagy")
    again = fact("checklist", 4, by=NORA, phase="time_out", item="antibiotic_given", answer="yes", reason="Given at 09:33")
    sign_in, time_out, _ = note.build(record([first, again]))["checklist"]
    assert sign_in["answered"] == "0 of 8 items answered"
    assert time_out["answered"] == "1 of 8 items answered; 09:31 to 09:34; Dr Vera Kovács and Nóra Szabó"
    assert time_out["lines"][0] == "Yes: antibiotic given (earlier: no, Given at 09:33)."
    assert time_out["lines"][1].startswith("No answer recorded: team introduced; patient, site and procedure;")


def test_a_step_nobody_timed_has_no_length() -> None:
    durations = {one["label"]: one["text"] for one in note.build(record(example()))["timeline"]["durations"]}
    assert durations["Harvest"] == "10 min"
    only = note.build(record([one for one in example() if one["kind"] != "injection" or one["scar_id"] == CHEEK]))
    assert {one["label"]: one["text"] for one in only["timeline"]["durations"]}["Injection"] == "not recorded"


def test_unseen_characters_become_visible() -> None:
    sly = record([], patient={"given_name": "An\u202ena\u0000"}, title="a\u0085b")
    document = note.build(sly)
    assert (document["patient"]["name"], document["procedure"]["title"]) == ("Petrauskienė, An\ufffdna\ufffd", "a\ufffdb")


def test_people_and_scars_unknown_here_do_not_break_the_note() -> None:
    strange = fact("injection", 50, scar_id="01931c1e-7a52-7c2b-9f0e-0123456789ab", volume_ml=1, plane="intradermal")
    strange = {**strange, "recorded_by": strange["id"]}
    document = note.build(record([strange]))
    assert document["timeline"]["rows"][0]["by"] == "a person not known here"
    assert document["scars"]["rows"][3]["label"] == "a scar not known of this patient"
    assert document["scars"]["rows"][3]["difference"] == "not planned"


def test_the_note_is_json_and_the_same_record_gives_the_same_note() -> None:
    whole = record(example(), signed=True)
    assert json.loads(json.dumps(note.build(whole))) == note.build(whole)
    assert VERA.name in note.build(whole)["summary"]
