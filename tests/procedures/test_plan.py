"""What the plan answers before the day."""

from datetime import UTC, datetime
from typing import Any

from schemas.vocabulary import ProcedureState, Role
from server.clinics.models import User
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.procedures import case as stages


def answers(tablet: Api, clinic: make.Clinic, **header: Any) -> dict[str, Any]:
    """The plan's answers for the case."""
    return dict(tablet.get(f"{stages.planned(tablet, clinic, **header).path}/plan"))


def past_case(db: Any, clinic: make.Clinic, *, lipoaspirate_ml: float, nanofat_ml: float, **header: Any) -> None:
    """A completed procedure of Dr Kovács with that yield."""
    done = make.procedure(db, clinic, state=ProcedureState.COMPLETED, ended_at=datetime(2025, 3, 3, 12, tzinfo=UTC), **header)
    harvest = {"kind": "harvest", "site": "flank", "lipoaspirate_ml": lipoaspirate_ml}
    filtration = {"kind": "filtration", "filtered": True, "aperture_um": 500, "nanofat_ml": nanofat_ml}
    make.record(db, clinic, done["id"], harvest, filtration)


def test_what_is_needed_is_the_scars_and_the_syringes_dead_space(vera: Api, clinic: make.Clinic) -> None:
    needed = answers(vera, clinic)["nanofat_needed"]
    assert needed == {"scars_ml": 4, "dead_space_ml": 0.3, "total_ml": 4.3, "scars": 3}


def test_without_own_cases_the_lipoaspirate_rests_on_the_estimate(vera: Api, clinic: make.Clinic) -> None:
    aspirate = answers(vera, clinic)["lipoaspirate_needed"]
    assert (aspirate["median_ml"], aspirate["from_ml"], aspirate["to_ml"]) == (21.5, 10.7, 43.0)
    assert (aspirate["yield"]["basis"], aspirate["yield"]["cases"]) == ("estimate", 0)


def test_two_own_cases_are_too_few(vera: Api, clinic: make.Clinic, db: Any) -> None:
    for _ in range(2):
        past_case(db, clinic, lipoaspirate_ml=50, nanofat_ml=20)
    assert answers(vera, clinic)["lipoaspirate_needed"]["yield"]["basis"] == "estimate"


def test_after_three_cases_the_surgeons_own_yield_counts(vera: Api, clinic: make.Clinic, db: Any) -> None:
    for nanofat in (10, 20, 25):
        past_case(db, clinic, lipoaspirate_ml=50, nanofat_ml=nanofat)
    aspirate = answers(vera, clinic)["lipoaspirate_needed"]
    assert aspirate["yield"] == {"basis": "own", "surgeon": "Dr Vera Kovács", "cases": 3, "median": 0.4, "low": 0.2, "high": 0.5}
    assert (aspirate["median_ml"], aspirate["from_ml"], aspirate["to_ml"]) == (10.7, 8.6, 21.5)


def test_another_surgeons_cases_do_not_count(vera: Api, clinic: make.Clinic, db: Any) -> None:
    with db.transaction(clinic.id) as session:
        second = User(email=f"{clinic.id}@clinic.example", name="Dr Second", roles=[str(Role.SURGEON)], password_hash="x")
        session.add(second)
    for _ in range(3):
        past_case(db, clinic, lipoaspirate_ml=50, nanofat_ml=20, surgeon_id=second.id)
    assert answers(vera, clinic)["lipoaspirate_needed"]["yield"]["cases"] == 0


def test_retracted_entries_do_not_count(vera: Api, clinic: make.Clinic, db: Any) -> None:
    for _ in range(3):
        past_case(db, clinic, lipoaspirate_ml=50, nanofat_ml=20)
    wrong = vera.get("/procedures?state=completed")["items"][0]["id"]
    harvest = vera.get(f"/procedures/{wrong}")["entries"][0]
    make.record(db, clinic, wrong, {"kind": "retraction", "retracts": harvest["id"], "reason": "another patient's"})
    assert answers(vera, clinic)["lipoaspirate_needed"]["yield"]["cases"] == 2


def test_the_lidocaine_ceiling_follows_the_weight(vera: Api, clinic: make.Clinic) -> None:
    ceiling = answers(vera, clinic)["lidocaine_ceiling"]
    assert (ceiling["weight_kg"], ceiling["ceiling_mg"], ceiling["usual_mg"]) == (62, 3410, 1736)
    assert ceiling["ceiling_ml_at_800_mg_per_l"] == 4262


def test_the_weight_of_the_day_counts_before_the_patients(vera: Api, clinic: make.Clinic) -> None:
    assert answers(vera, clinic, weight_kg=50)["lidocaine_ceiling"]["ceiling_mg"] == 2750


def test_without_a_weight_there_is_no_ceiling_and_a_gap(vera: Api, clinic: make.Clinic, db: Any) -> None:
    ieva = make.patient(db, clinic, weight_g=None)["id"]
    told = vera.get(f"/procedures/{make.procedure(db, clinic, patient_id=ieva)['id']}/plan")
    assert told["lidocaine_ceiling"]["ceiling_mg"] is None
    assert "weight" in [gap["code"] for gap in told["missing"]]


def test_scars_in_risk_zones_are_named(vera: Api, clinic: make.Clinic, db: Any) -> None:
    case = stages.planned(vera, clinic)
    temple = make.scar(db, clinic, case.patient_id, subunit="temple", label="Right temple")
    assert vera.get(f"{case.path}/plan")["risk_zones"] == []
    plan = {"injections": [{"scar_id": temple["id"], "volume_ml": 1}]}
    vera.patch(case.path, {"plan": plan}, case.read()["write_id"])
    assert vera.get(f"{case.path}/plan")["risk_zones"] == [{"scar_id": temple["id"], "label": "Right temple", "subunit": "temple"}]


def test_what_is_missing_before_the_day_is_listed(vera: Api, clinic: make.Clinic) -> None:
    gaps = {gap["code"] for gap in answers(vera, clinic)["missing"]}
    assert gaps == {"consent", "photos", "allergies", "birth_date"}


def test_nothing_is_missing_when_all_is_there(vera: Api, clinic: make.Clinic, db: Any) -> None:
    anna = make.patient(db, clinic)["id"]
    scar = make.scar(db, clinic, anna)["id"]
    body = {
        "patient_id": anna,
        "surgeon_id": str(clinic.surgeon.user_id),
        "planned_for": stages.at(0),
        "consent_on": "2025-11-20",
        "baseline_photos_on": "2025-11-20",
        "plan": {"harvest_site": "flank", "injections": [{"scar_id": scar, "volume_ml": 1}]},
    }
    assert vera.get(f"/procedures/{vera.post('/procedures', body)['id']}/plan")["missing"] == []


def test_the_plan_reads_back_as_it_was_sent(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    plan = case.read()["plan"]
    assert (plan["harvest_site"], plan["passes"], plan["aperture_um"]) == ("lower_abdomen", 60, 500)
    assert [one["scar_id"] for one in plan["injections"]] == list(case.scar_ids)
    assert plan["injections"][0] == {"scar_id": case.scar_ids[0], "volume_ml": 2.5, "plane": "intradermal", "needle_gauge": 27}


def test_a_scar_of_another_patient_cannot_be_planned(vera: Api, clinic: make.Clinic, db: Any) -> None:
    case = stages.planned(vera, clinic)
    strange = make.scar(db, clinic, make.patient(db, clinic)["id"])["id"]
    plan = {"injections": [{"scar_id": case.scar_ids[0], "volume_ml": 1}, {"scar_id": strange, "volume_ml": 1}]}
    refusal = vera.patch(case.path, {"plan": plan}, case.read()["write_id"], 422)
    assert refusal["errors"][0]["pointer"] == "/plan/injections/1/scar_id"


def test_a_scar_is_planned_once(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    twice = [{"scar_id": case.scar_ids[0], "volume_ml": 1}] * 2
    refusal = vera.patch(case.path, {"plan": {"injections": twice}}, case.read()["write_id"], 422)
    assert refusal["errors"][0]["pointer"] == "/plan/injections"


def test_replacing_the_plan_is_a_new_version_even_when_only_a_volume_changes(vera: Api, clinic: make.Clinic) -> None:
    case = stages.planned(vera, clinic)
    before = case.read()
    plan = before["plan"] | {"injections": [one | {"volume_ml": 1.5} for one in before["plan"]["injections"]]}
    after = vera.patch(case.path, {"plan": plan}, before["write_id"])
    assert after["write_id"] != before["write_id"]
    assert [one["volume_ml"] for one in after["plan"]["injections"]] == [1.5] * 3
    vera.patch(case.path, {"plan": plan}, before["write_id"], 412)


def test_an_unknown_patient_is_named_before_her_scars(vera: Api, clinic: make.Clinic) -> None:
    nobody, nothing = str(uuid7()), str(uuid7())
    body = {"patient_id": nobody, "surgeon_id": str(clinic.surgeon.user_id), "planned_for": "2026-11-23T09:30:00+01:00"}
    plan = {"plan": {"injections": [{"scar_id": nothing, "volume_ml": 1}]}}
    assert [one["pointer"] for one in vera.post("/procedures", body | plan, 422)["errors"]] == ["/patient_id"]
