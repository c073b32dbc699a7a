"""The live stream: pings about what has changed, and nothing that is not bounded."""

from collections.abc import Iterator

import pytest

from server.app import App
from server.db import Database
from server.problems import Problem
from server.sync.stream import SECONDS, Stream, seat
from tests import make
from tests.api import Api


def listening(db: Database, clinic: make.Clinic, last_seen: str | None = None) -> Iterator[str]:
    """A stream that does not wait between two looks; its greeting and first look are over."""
    events = Stream(db, clinic.id, last_seen, wait=lambda _: None).events()
    assert next(events) == "retry: 2000\n\n"
    return events


def test_a_change_is_told_with_its_collection(db: Database, clinic: make.Clinic) -> None:
    events = listening(db, clinic)
    assert next(events) == ": beat\n\n"
    anna = make.patient(db, clinic)
    said = next(events)
    assert said.startswith("event: changed\nid: ")
    assert said.endswith('\ndata: {"collection": "patients"}\n\n')
    make.scar(db, clinic, anna["id"])
    assert '"scars"' in next(events)


def test_who_comes_back_is_told_what_happened_in_between(db: Database, clinic: make.Clinic) -> None:
    make.patient(db, clinic)
    events = listening(db, clinic, "5")
    assert '"patients"' in next(events)


@pytest.mark.parametrize("strange", ["-1", "x", "9" * 30, "", "²"])
def test_a_strange_last_event_is_as_none(db: Database, clinic: make.Clinic, strange: str) -> None:
    assert next(listening(db, clinic, strange)) == ": beat\n\n"


def test_another_clinics_changes_are_not_told(db: Database, clinic: make.Clinic, other_clinic: make.Clinic) -> None:
    events = listening(db, clinic)
    next(events)
    make.patient(db, other_clinic)
    assert set(events) == {": beat\n\n"}


def test_a_stream_ends_within_a_minute_and_beats_until_then(db: Database, clinic: make.Clinic) -> None:
    waited: list[float] = []
    events = list(Stream(db, clinic.id, wait=waited.append).events())
    assert events == ["retry: 2000\n\n"] + [": beat\n\n"] * 11
    assert sum(waited) == SECONDS


def test_streams_leave_most_threads_to_calls() -> None:
    taken = [seat(20) for _ in range(5)]
    with pytest.raises(Problem, match="too_many_streams"):
        seat(20)
    taken[0]()
    taken[0]()
    taken[0] = seat(20)
    with pytest.raises(Problem, match="too_many_streams"):
        seat(20)
    for release in taken:
        release()


def test_over_http_it_is_an_event_stream_of_which_a_process_holds_two(vera: Api, app: App) -> None:
    assert app.settings.web_threads == 8
    held = [vera.call("GET", "/sync/stream") for _ in range(2)]
    assert [answer.mimetype for answer in held] == ["text/event-stream"] * 2
    assert [next(answer.iter_encoded()) for answer in held] == [b"retry: 2000\n\n"] * 2
    assert vera.get("/sync/stream", 503)["code"] == "too_many_streams"
    held[0].close()
    again = vera.call("GET", "/sync/stream")
    assert again.status_code == 200
    for answer in (again, held[1]):
        answer.close()
