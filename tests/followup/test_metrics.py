"""Metrics and the state of the whole installation: numbers that an administrator watches, and nothing of a patient."""

from dataclasses import replace

import pytest

from schemas.vocabulary import ProcedureState, ReminderState
from server import clock
from server.app import create_app
from server.config import Config
from server.db import Database
from server.followup.engine import guard, tick
from server.followup.models import Chore
from server.followup.service import sending
from tests import make
from tests.api import Api
from tests.followup.conftest import MONDAY, VISITS_ONLY
from tests.followup.desk import put
from tests.followup.story import Story, budapest

DUE = "2026-03-13T10:00"


@pytest.fixture
def alone(lonely_db: Database, mailing: Config) -> Story:
    """Anna, the only patient of the only clinic."""
    clinic = make.clinic(lonely_db)
    with clock.at(MONDAY):
        make.protocol(lonely_db, clinic, VISITS_ONLY)
        patient = make.patient(lonely_db, clinic)
        procedure = make.procedure(lonely_db, clinic, state=ProcedureState.COMPLETED, patient_id=patient["id"], ended_at=MONDAY)
    return Story(lonely_db, clinic, mailing, patient, procedure)


def scraped(story: Story, wall: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    with clock.at(budapest(wall)):
        answer = Api(create_app(story.config, story.db).test_client(), None).call("GET", "//metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in answer.text.splitlines() if not line.startswith("#")}


def test_what_waits_and_for_how_long(alone: Story) -> None:
    """Nine messages are planned; one is due, one more within a day. The rest of the year is not counted."""
    found = scraped(alone, "2026-03-13T10:02")
    assert found['graftlog_messages{state="due",channel="email"}'] == 1
    assert found['graftlog_messages{state="within_a_day",channel="email"}'] == 1
    assert found['graftlog_messages{state="in_flight",channel="email"}'] == 0
    assert found['graftlog_oldest_due_seconds{channel="email"}'] == 120
    assert found['graftlog_oldest_due_seconds{channel="sms"}'] == 0
    assert "graftlog_last_tick_seconds" not in found, "nobody has ticked yet"


def test_how_late_messages_went_out(alone: Story) -> None:
    alone.run("2026-03-13T10:00:04")
    found = scraped(alone, "2026-03-13T10:10")
    buckets = [found[f'graftlog_lateness_seconds_bucket{{le="{bound}"}}'] for bound in ("1", "5", "86400", "+Inf")]
    assert (buckets, found["graftlog_lateness_seconds_sum"], found["graftlog_lateness_seconds_count"]) == ([0, 1, 1, 1], 4, 1)
    assert scraped(alone, "2026-03-14T10:01")["graftlog_lateness_seconds_count"] == 0, "a day later it is no news"


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (ReminderState.EXPIRED, "expired_24h"),
        (ReminderState.SUPPRESSED, "suppressed_24h"),
        (ReminderState.DEAD, "dead_24h"),
        (ReminderState.UNCERTAIN, "uncertain"),
    ],
)
def test_what_did_not_go_out(alone: Story, state: ReminderState, name: str) -> None:
    """The first is due; the second is not, so nobody misses it yet."""
    first, second, *_ = alone.reminders()
    with clock.at(budapest("2026-03-13T10:01")):
        put(alone, first.id, state)
        if state != ReminderState.UNCERTAIN:
            put(alone, second.id, state)
    assert scraped(alone, "2026-03-13T10:05")[f"graftlog_{name}"] == 1


def test_what_was_written_down_late_is_not_sent_late(alone: Story) -> None:
    """Recorded on Friday 13 March at eleven, an hour after its first message was due: nobody has waited for it."""
    with clock.at(budapest("2026-03-13T11:00")):
        make.procedure(alone.db, alone.clinic, state=ProcedureState.COMPLETED, ended_at=MONDAY)
    assert scraped(alone, "2026-03-13T11:00")['graftlog_oldest_due_seconds{channel="email"}'] == 3600, "Anna's own, which nobody has sent"
    alone.run("2026-03-13T11:00:02")
    found = scraped(alone, "2026-03-13T11:10")
    assert [found[f'graftlog_lateness_seconds_bucket{{le="{bound}"}}'] for bound in ("1", "5", "+Inf")] == [0, 1, 2]


def test_ticks_the_clock_and_the_proof(alone: Story) -> None:
    with clock.at(budapest(DUE)):
        tick.Engine(alone.db, alone.config).tick()
    with alone.db.transaction(everywhere=True) as session:
        session.merge(Chore(name="proof", next_at=budapest(DUE), ran_at=budapest(DUE), said="3 rows"))
    found = scraped(alone, "2026-03-13T10:00:30")
    assert (found["graftlog_last_tick_seconds"], found["graftlog_clock_held"], found["graftlog_proof_missing"]) == (30, 0, 3)
    with alone.db.transaction(everywhere=True) as session:
        session.get_one(Chore, guard.WATERMARK).said = "clock_jumped_forward"
    assert scraped(alone, "2026-03-13T10:00:31")["graftlog_clock_held"] == 1


def test_the_engine_calls_its_rows_by_these_names() -> None:
    assert (sending.EVERYTHING, sending.WATERMARK, sending.TICK) == (guard.ALL, guard.WATERMARK, tick.TICK)


def test_no_patient_and_no_clinic_is_named(alone: Story) -> None:
    alone.run(DUE)
    text = " ".join(scraped(alone, "2026-03-13T10:10"))
    for private in ("Petrauskien", "anna@", "Riverside", str(alone.clinic.id)):
        assert private not in text


def test_metrics_want_their_token(alone: Story) -> None:
    """Without one set, only this machine may look, and only while it serves nobody else."""
    guarded = Api(create_app(replace(alone.config, metrics_token="s3cret"), alone.db).test_client(), None)
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}, {"Authorization": "Basic s3cret"}):
        assert guarded.call("GET", "//metrics", headers=sent).status_code == 404
    assert guarded.call("GET", "//metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    public = create_app(replace(alone.config, host="0.0.0.0"), alone.db).test_client()
    assert public.get("/metrics").status_code == 404
    local = create_app(alone.config, alone.db).test_client()
    assert local.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404


def test_the_command_line_says_how_sending_stands(alone: Story) -> None:
    """What an administrator reads before anything else."""
    with clock.at(budapest("2026-03-13T10:20")):
        with alone.db.transaction(write=False, everywhere=True) as session:
            assert sending.status_text(session)[:2] == [
                "No worker has ticked yet.",
                "email: 1 due (the oldest for 1200 s), 1 more within a day, 0 being sent",
            ]
        with alone.db.transaction(everywhere=True) as session:
            guard.pause_all(session, "Moving house.")
        with alone.db.transaction(alone.clinic.id, actor=alone.clinic.coordinator) as session:
            sending.pause(session, "Holidays.")
        with alone.db.transaction(write=False, everywhere=True) as session:
            lines = sending.status_text(session)
    assert lines[0] == "Everything is paused since 2026-03-13 09:20 UTC: Moving house."
    assert lines[-1] == "Paused: Riverside Plastic Surgery, since 2026-03-13 09:20 UTC: Holidays."
    assert alone.run("2026-03-13T10:21") == {}
