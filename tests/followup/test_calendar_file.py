"""The appointment as a calendar file, read back by a library that others wrote."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from server.followup.messages.calendar_file import LONGEST_LINE, calendar_file

VISIT = uuid.UUID("01931c1e-7a52-7c2b-9f0e-0123456789ab")
WRITTEN = datetime(2026, 3, 24, 9, tzinfo=UTC)
AT = datetime(2026, 3, 30, 10, 30, tzinfo=ZoneInfo("Europe/Budapest"))


def made(**only_what_matters: Any) -> bytes:
    """Anna's appointment on the morning after Budapest's clocks went forward."""
    facts: dict[str, Any] = {
        "visit_id": VISIT,
        "generation": 2,
        "starts_at": AT,
        "written_at": WRITTEN,
        "summary": "Appointment at Riverside",
    }
    return calendar_file(**facts | only_what_matters)


def event(file: bytes) -> Any:
    """The only event of a file."""
    calendar = cast("Any", Calendar.from_ical(file))
    assert calendar["METHOD"] == "PUBLISH"
    (found,) = calendar.walk("VEVENT")
    return found


def test_a_calendar_shows_the_appointment_at_the_clinics_time() -> None:
    found = event(made(description="Questions, or another time: +36 1 555 0100"))
    assert found.start == AT
    assert found.end - found.start == timedelta(minutes=30)
    assert found["SUMMARY"] == "Appointment at Riverside"
    assert found["DESCRIPTION"] == "Questions, or another time: +36 1 555 0100"
    assert found["STATUS"] == "CONFIRMED"


def test_a_later_file_replaces_the_one_before() -> None:
    first, second = event(made()), event(made(generation=3, starts_at=AT + timedelta(days=1), written_at=WRITTEN + timedelta(hours=1)))
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second["DTSTAMP"].dt > first["DTSTAMP"].dt


def test_an_appointment_can_be_taken_back() -> None:
    assert event(made(cancelled=True))["STATUS"] == "CANCELLED"


def test_marks_and_line_breaks_survive_and_add_no_property() -> None:
    found = event(made(summary="A, B; C\\D\r\nATTACH:http://evil.example\nX", description="x\x00\x0b\u2028y"))
    assert found["SUMMARY"] == "A, B; C\\D\nATTACH:http://evil.example\nX"
    assert "ATTACH" not in found
    assert found["DESCRIPTION"] == "x y"


def test_lines_end_as_the_standard_says_and_none_is_too_long() -> None:
    file = made(summary="Időpont: " + "Plasztikai Magánrendelő és Őrségi Kórház " * 6)
    assert file.endswith(b"END:VCALENDAR\r\n")
    lines = file.split(b"\r\n")
    assert max(map(len, lines)) <= LONGEST_LINE
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    for line in lines:
        line.decode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300))
def test_whatever_a_clinic_is_called_is_read_back(name: str) -> None:
    assert event(made(summary=name))["SUMMARY"] == name
