"""The strict fields: what is taken, what it becomes, and what the refusal says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from schemas.fields import Choice, Day, Flag, Id, Measure, Moment, Pattern, Quantity, QueryWhole, Scan, Shape, Text
from schemas.limits import LIMITS
from schemas.patients import EMAIL, PHONE
from schemas.pointers import pointers
from schemas.vocabulary import Side


def refusal(field: fields.Field[Any], value: Any) -> str:
    """What the field says against a value."""
    with pytest.raises(ValidationError) as caught:
        field.deserialize(value)
    return str(caught.value.messages[0])


@pytest.mark.parametrize(
    ("sent", "stored"), [(2.4, 2400), (0.001 + 0.01, 11), (12, 12000), (12.0, 12000), (0.1 + 0.2, 300), (49.999, 49999)]
)
def test_millilitres_become_microlitres(sent: float, stored: int) -> None:
    assert Quantity("volume_ml").deserialize(sent) == stored


@given(st.integers(10, 50_000))
def test_every_stored_microlitre_can_be_sent(stored: int) -> None:
    assert Quantity("volume_ml").deserialize(stored / 1000) == stored


@pytest.mark.parametrize("value", ["12", "12,5", True, None, [], float("nan"), float("inf"), 10**400, 1e308, -1, 0.0105, 50.001])
def test_what_is_no_volume_is_refused(value: Any) -> None:
    assert refusal(Quantity("volume_ml"), value)


def test_a_refusal_names_value_limit_unit_and_slip() -> None:
    says = "0.5 µm is outside 50 to 2000 µm. Apertures are entered in whole micrometres: 0.5 mm is 500."
    assert refusal(Quantity("aperture_um", steps=1), 0.5) == says


def test_whole_numbers_may_be_written_with_a_point_but_not_with_a_fraction() -> None:
    passes = Quantity("passes", steps=1)
    assert passes.deserialize(13.0) == 13
    assert "13.9 has more digits than are stored; round it to whole passes" in refusal(passes, 13.9)
    assert "more digits" in refusal(passes, 2.6e-42)
    assert "not text" in refusal(passes, "13")


def test_a_measure_stays_the_number_that_was_sent() -> None:
    port = Measure("port_mm")
    assert (port.deserialize(1.25), port.deserialize(1.0)) == (1.25, 1)
    assert isinstance(port.deserialize(1.0), int)


@pytest.mark.parametrize("value", ["0", "201", "ten", "1.0", "", "+5", "٣", "9999999999"])
def test_a_limit_in_the_query_is_a_whole_number(value: str) -> None:
    assert refusal(QueryWhole("limit"), value)


def test_text_is_trimmed_and_bounded() -> None:
    name = Text(longest=6)
    assert name.deserialize(" Anna\n") == "Anna"
    assert refusal(name, "Annabel") == "At most 6 characters; this has 7. Shorten it."
    assert refusal(name, " \n ") == "Must not be empty; write something."


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "a\x1bb", "\x7f", "a\x1db", "\x85", "a\x9fb"])
def test_what_databases_cannot_hold_is_refused(value: str) -> None:
    assert "control character" in refusal(Text(), value)


def test_lines_tabs_and_every_script_are_text() -> None:
    text = "Zeile 1\r\n\tstring — Ж 漢 \U0001f9ec"
    assert Text().deserialize(text) == text


def test_only_a_scan_may_hold_a_group_separator() -> None:
    assert Scan().deserialize(" \x1d01095\x1d10A\n") == "\x1d01095\x1d10A"
    assert "control character" in refusal(Scan(), "a\x00")


@pytest.mark.parametrize("phone", ["+36 30 123 4567", "06 (1) 555-0100", "12345", " 12345 "])
def test_a_phone_is_taken_as_people_write_it(phone: str) -> None:
    assert Pattern(PHONE, "+36 30 123 4567").deserialize(phone) == phone.strip()


@pytest.mark.parametrize("phone", ["call me", "1234", "+36\n301234567", "++3630", "٠١٢٣٤٥٦"])
def test_what_is_no_phone_is_answered_with_an_example(phone: str) -> None:
    assert "for example +36 30 123 4567" in refusal(Pattern(PHONE, "+36 30 123 4567"), phone)


@pytest.mark.parametrize(
    "address", ["anna", "@example.org", "anna@", "a b@example.org", "a@b@c", "anna@example.org\n", "anna@ex\u2003ample"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert refusal(Pattern(EMAIL, "anna@example.org"), address)


def test_a_choice_lists_its_words() -> None:
    assert refusal(Choice(Side), "LEFT") == "Must be one of: left, right, midline, both."


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, None])
def test_a_flag_is_true_or_false(value: Any) -> None:
    assert refusal(Flag(), value)


def test_an_id_may_be_in_capitals() -> None:
    assert Id().deserialize("01931C1E-7A52-7C2B-9F0E-0123456789AB") == UUID("01931c1e-7a52-7c2b-9f0e-0123456789ab")


@pytest.mark.parametrize("value", ["2026-11-23T09:30:00+01:00", "2026-11-23t08:30:00.000z", "2026-11-23T09:30:00.5+01:00"])
def test_a_moment_keeps_its_offset(value: str) -> None:
    moment = Moment().deserialize(value)
    assert abs(moment - datetime(2026, 11, 23, 8, 30, tzinfo=UTC)) <= timedelta(seconds=0.5)
    assert moment.isoformat()[-6:] in {"+01:00", "+00:00"}


@pytest.mark.parametrize(
    "value", ["2026-11-23 09:30:00Z", "2026-11-23T09:30Z", "2026-11-23T24:00:00Z", "2026-11-23T09:30:60Z", "2026-11-23T09:30:00+0100"]
)
def test_other_ways_to_write_a_time_are_answered_with_an_example(value: str) -> None:
    assert "2026-11-23T09:30:00+01:00" in refusal(Moment(), value)


@given(st.dates())
def test_dates_of_three_centuries_are_taken(day: date) -> None:
    if 1900 <= day.year < 2200:
        assert Day().deserialize(day.isoformat()) == day
    else:
        assert "1900 and 2199" in refusal(Day(), day.isoformat())


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_the_ends_of_a_limit_are_inside_it(limit: Any) -> None:
    assert limit.refusal(limit.hard_min) is limit.refusal(limit.hard_max) is None
    assert limit.unit in str(limit.refusal(limit.hard_max + 1))


class Leaf(Shape):
    """For the story below."""

    volume_ml = Quantity("volume_ml", required=True)


class Tree(Shape):
    """For the story below."""

    leaves = fields.List(fields.Nested(Leaf))


def test_pointers_lead_into_lists_and_objects() -> None:
    messages = Tree().validate({"leaves": [{"volume_ml": 1}, {"volume_ml": "x"}, {}, None]})
    assert {one["pointer"]: one["message"] for one in pointers(messages)} == {
        "/leaves/1/volume_ml": "Must be a number, not text; decimals take a point.",
        "/leaves/2/volume_ml": "Is missing; send it.",
        "/leaves/3": "May not be null; send a value.",
    }
