"""Riverside has its questionnaire as a FHIR R4 Questionnaire; our form beside it says what FHIR cannot."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from server.cli import graftlog
from server.db import Database
from server.outcomes.rules import definition, fhir
from server.outcomes.rules.reader import Fault
from server.outcomes.rules.scoring import score
from server.outcomes.service.files import plain
from tests import make
from tests.api import Api

EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
Step = str | int


def number(name: str, value: int) -> dict[str, Any]:
    """An extension of FHIR with a number."""
    return {"url": EXTENSION + name, "valueInteger": value}


HUNGARIAN = [{"url": "lang", "valueCode": "hu"}, {"url": "content", "valueString": "Milyen gyakran néz tükörbe?"}]
LOOK: dict[str, Any] = {
    "linkId": "look",
    "type": "integer",
    "text": "How often do you look?",
    "_text": {"extension": [{"url": f"{EXTENSION}translation", "extension": HUNGARIAN}]},
    "required": True,
    "extension": [number("minValue", 0), number("maxValue", 4)],
}
LIGHT: dict[str, Any] = {
    "linkId": "light",
    "type": "choice",
    "text": "In which light?",
    "answerOption": [
        {"valueCoding": {"code": "dim", "display": "Dim", "extension": [number("ordinalValue", 1)]}},
        {"valueCoding": {"code": "bright", "display": "Bright", "extension": [number("ordinalValue", 3)]}},
    ],
}
QUESTIONNAIRE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "status": "active",
    "title": "Mirror",
    "version": "2",
    "language": "en",
    "item": [{"linkId": "hello", "type": "display", "text": "Hello"}, LOOK, {"linkId": "more", "type": "group", "item": [LIGHT]}],
}
SCALES = [
    {"id": "often", "title": "Often", "best": "low", "items": ["look", "light"], "missing": "person_mean_if_half", "conversion": "linear"}
]
BESIDE: dict[str, Any] = {"key": "mirror", "licence": "none", "audience": "patient", "scales": SCALES, "concerning": {"look": [4]}}
YAML = b"""
key: mirror
version: "2"
title: Mirror
licence: none
audience: patient
items:
  - {id: look, kind: scale, min: 0, max: 4, required: true, concerning: [4],
     text: {en: "How often do you look?", hu: "Milyen gyakran n\xc3\xa9z t\xc3\xbck\xc3\xb6rbe?"}}
  - id: light
    kind: choice
    text: {en: "In which light?"}
    options: [{value: 1, label: {en: Dim}}, {value: 3, label: {en: Bright}}]
scales:
  - {id: often, title: Often, best: low, items: [look, light], missing: person_mean_if_half, conversion: linear}
"""
DOCUMENTED = Path(__file__).parents[2] / "docs" / "instruments.md"


def places(value: Any, place: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place in it, the whole first."""
    yield place
    for name, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(one, (*place, name))


def changed(value: Any, place: tuple[Step, ...], to: Any) -> Any:
    """A copy with something else at that place."""
    if not place:
        return to
    made = deepcopy(value)
    at = made
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = to
    return made


def test_it_is_the_same_instrument_as_in_our_own_form() -> None:
    ours, theirs = definition.read(plain(YAML)), fhir.read(BESIDE, QUESTIONNAIRE)
    assert theirs == ours
    for answers in ({"look": 4, "light": 3}, {"look": 0, "light": 1}, {"look": 2}, {}):
        assert score(theirs, answers) == score(ours, answers)
    assert [one.value for one in score(theirs, {"look": 2, "light": 2})] == [50]


@pytest.mark.parametrize(
    ("place", "to", "pointer", "said"),
    [
        (("item", 1, "extension"), [number("minValue", 0)], "/questionnaire/item/1/extension", "maxValue: Is missing"),
        (("item", 1, "type"), "string", "/questionnaire/item/1/type", "Must be one of: choice"),
        (("item", 2, "item", 0, "linkId"), "two words", "/questionnaire/item/2/item/0/linkId", "for example q1"),
        (("item", 1, "enableWhen"), [{"question": "x"}], "/questionnaire/item/1/enableWhen", "depend on others"),
        (
            ("item", 2, "item", 0, "answerOption", 1),
            {"valueString": "Bright"},
            "/questionnaire/item/2/item/0/answerOption/1",
            "ordinalValue",
        ),
        (("item", 2, "item", 0, "answerOption", 1), {"valueInteger": 1}, "/questionnaire/item/2/item/0/answerOption", "there twice"),
        (("item", 2, "item", 0, "text"), 7, "/questionnaire/item/2/item/0/text", "Must be text"),
        (("item", 2, "item", 0), LOOK, "/questionnaire/item", "look is there twice"),
        (("version",), "2 or 3", "/questionnaire/version", "for example 1.0"),
        (("item",), [], "/questionnaire/item", "Must be a list of 1 to"),
    ],
)
def test_a_slip_is_named_where_it_stands_in_what_was_sent(place: tuple[Step, ...], to: Any, pointer: str, said: str, vera: Api) -> None:
    refusal = vera.post("/instruments", {"definition": BESIDE, "questionnaire": changed(QUESTIONNAIRE, place, to)}, 422)
    assert [one["pointer"] for one in refusal["errors"]] == [pointer]
    assert said in refusal["errors"][0]["message"]
    assert "mirror" not in {one["key"] for one in vera.get("/instruments")["items"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"concerning": {"look": [5]}}, "/definition/concerning/look/0"),
        ({"concerning": {"lock": [4]}}, "/definition/concerning/lock"),
        ({"items": [LOOK]}, "/definition/items"),
        ({"version": "2 or 3"}, "/definition/version"),
        ({"scales": [{**SCALES[0], "items": ["lock"]}]}, "/definition/scales/0/items/0"),
    ],
)
def test_and_so_is_one_in_our_form_beside_it(change: dict[str, Any], pointer: str, vera: Api) -> None:
    refusal = vera.post("/instruments", {"definition": {**BESIDE, **change}, "questionnaire": QUESTIONNAIRE}, 422)
    assert [one["pointer"] for one in refusal["errors"]] == [pointer]


def test_a_list_where_a_word_belongs_is_a_refusal_not_a_failure(vera: Api) -> None:
    """Each of these once stopped the reader instead of being read."""
    content = ("item", 1, "_text", "extension", 0, "extension", 0, "url")
    for place in (("item", 1, "type"), ("item", 1, "linkId"), content):
        broken = changed(QUESTIONNAIRE, place, [])
        vera.post("/instruments", {"definition": BESIDE, "questionnaire": broken}, 201 if place == content else 422)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, "\x00", "\ud800", "x" * 2000]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["en", "url", "extension", "item", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(list(places(QUESTIONNAIRE))), st.sampled_from(list(places(BESIDE))), JSON, st.booleans())
def test_whatever_stands_in_it_it_is_read_or_refused(there: tuple[Step, ...], here: tuple[Step, ...], to: Any, beside: bool) -> None:
    given_ones = (changed(BESIDE, here, to), QUESTIONNAIRE) if beside else (BESIDE, changed(QUESTIONNAIRE, there, to))
    try:
        made = fhir.read(*given_ones)
    except Fault:
        return
    assert definition.read(definition.write(made)) == made


def test_from_the_command_line_both_files_are_named(lonely_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make.clinic(lonely_db)
    monkeypatch.setenv("DATABASE_URL", lonely_db.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GRAFTLOG_DATA", str(tmp_path))
    theirs, ours = tmp_path / "mirror.json", tmp_path / "beside.json"
    theirs.write_text(json.dumps(QUESTIONNAIRE))

    def load(beside: Any) -> tuple[int, str]:
        ours.write_text(json.dumps(beside))
        words = ["instrument", "load", str(theirs), *(["--beside", str(ours)] if beside else []), "--clinic", str(clinic.id)]
        result = CliRunner().invoke(graftlog, words)
        return result.exit_code, result.output

    alone = load(None)
    assert alone[0] == 1
    assert f"graftlog instrument load {theirs} --beside OURS.yaml --clinic {clinic.id}" in alone[1]
    refused = load(["our form"])
    assert refused[0] == 1
    assert "our form without items" in refused[1]
    assert load(BESIDE) == (0, "mirror 2: loaded (Mirror).\n")


def test_sent_in_the_wrong_place_it_is_told_where_it_belongs(vera: Api) -> None:
    (wrong,) = vera.post("/instruments", {"definition": QUESTIONNAIRE}, 422)["errors"]
    assert wrong["pointer"] == "/definition/resourceType"
    assert "is sent as questionnaire" in wrong["message"]


def test_what_the_documentation_shows_can_be_loaded(vera: Api) -> None:
    ours, questionnaire, beside = (
        plain(one.encode()) for one in re.findall(r"```(?:yaml|json)\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    )
    assert vera.post("/instruments", {"definition": ours})["version"] == "1"
    assert vera.post("/instruments", {"definition": beside, "questionnaire": questionnaire})["version"] == "2"
    listed = [one for one in vera.get("/instruments")["items"] if one["key"] == "mirror_q"]
    assert [(one["version"], one["newest"], one["usable"]) for one in listed] == [("1", False, False), ("2", True, False)]
