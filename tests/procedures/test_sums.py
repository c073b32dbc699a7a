"""The totals of one procedure and the sums of the lists are the same numbers, whatever was recorded and retracted."""

import uuid
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.entry_loading import load_entries
from schemas.vocabulary import ProcedureState
from server.db import Database, find
from server.problems import Problem
from server.procedures.models import Procedure
from server.procedures.service import log, record, sums
from server.procedures.totals import Context, totals
from tests import make
from tests.api import Api
from tests.procedures import case as stages

VOLUME = st.integers(100, 40_000).map(lambda ul: ul / 1000)
FACTS = st.one_of(
    st.builds(lambda v: make.entry("harvest", site="hip", lipoaspirate_ml=v + 1), VOLUME),
    st.builds(lambda v: make.entry("preparation", separation="decant", fat_ml=v), VOLUME),
    st.builds(lambda: make.entry("preparation", separation="decant")),
    st.builds(lambda v: make.entry("filtration", filtered=True, aperture_um=500, nanofat_ml=v), VOLUME),
    st.builds(lambda p, s: make.entry("emulsification", stage=s, device="luer_luer", passes=p), st.integers(0, 300), st.integers(1, 20)),
    st.builds(lambda v, s: make.entry("injection", volume_ml=v, plane="subdermal", scar_id=s), VOLUME, st.integers(0, 1)),
    st.builds(lambda v, m: make.entry("discard", volume_ml=v, material=m), VOLUME, st.sampled_from(["nanofat", "fat", "lipoaspirate"])),
    st.builds(lambda: make.entry("note", text="calm")),
)
RETRACTIONS = st.builds(lambda n: make.entry("retraction", retracts=n, reason="wrong"), st.integers(0, 30))
CASES: st.SearchStrategy[list[dict[str, Any]]] = st.builds(
    lambda before, struck, after: before + struck + after,
    st.lists(FACTS, max_size=8),
    st.lists(RETRACTIONS, max_size=12),
    st.lists(FACTS, max_size=4),
)


def sendable(entry: dict[str, Any], scars: list[str], sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The entry with numbers of scars and earlier entries replaced by their ids."""
    if entry["kind"] == "injection":
        return entry | {"scar_id": scars[entry["scar_id"]]}
    if entry["kind"] == "retraction" and sent:
        return entry | {"retracts": sent[entry["retracts"] % len(sent)]["id"]}
    return entry | ({"retracts": str(uuid.uuid4())} if entry["kind"] == "retraction" else {})


def test_a_restored_injection_counts_in_the_list_again(vera: Api, clinic: make.Clinic) -> None:
    case = stages.begun(vera, clinic)
    (injected,) = case.record(make.entry("injection", scar_id=case.scar_ids[0], volume_ml=2, plane="subdermal"))["entries"]
    (struck,) = case.record(make.entry("retraction", retracts=injected["id"], reason="another scar"))["entries"]
    assert vera.get("/procedures")["items"][0]["injected_ml"] is None
    case.record(make.entry("retraction", retracts=struck["id"], reason="it was this one"))
    assert vera.get("/procedures")["items"][0]["injected_ml"] == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CASES)
def test_python_and_sql_sum_alike(db: Database, clinic: make.Clinic, entries: list[dict[str, Any]]) -> None:
    anna = make.patient(db, clinic)["id"]
    scars = [make.scar(db, clinic, anna)["id"] for _ in range(2)]
    made = make.procedure(db, clinic, patient_id=anna, state=ProcedureState.IN_PROGRESS)
    taken: list[dict[str, Any]] = []
    with db.transaction(clinic.id, actor=clinic.surgeon) as session:
        procedure = find(session, Procedure, uuid.UUID(made["id"]))
        assert procedure is not None
        for entry in entries:
            sent = sendable(entry, scars, taken) | {"id": str(uuid.uuid4())}
            with suppress(Problem):  # a second retraction of the same entry
                log.record_entries(session, procedure, load_entries(sent))
                taken.append(sent)
        facts = record.facts_of(session, procedure.id)
        summed = sums.volumes(session, [procedure.id]).get(procedure.id, {})
        shown = sums.injected(session, [procedure.id]).get(procedure.id, (None, 0))
    counted = totals(facts, Context())
    for wire, column in (("lipoaspirate_ml", "lipoaspirate_ul"), ("fat_ml", "fat_ul"), ("nanofat_ml", "nanofat_ul")):
        assert counted[wire] == _ml(summed.get(column))
    assert counted["injected_ml"] == _ml(summed.get("injected_ul"))
    assert counted["discarded_ml"] == _ml(summed.get("discarded_ul"))
    assert counted["passes"] == summed.get("passes")
    assert len(counted["scars"]) == summed.get("scars", 0)
    assert shown == (summed.get("injected_ul"), summed.get("scars", 0))


def _ml(stored: int | None) -> float | None:
    return None if stored is None else stored / 1000
