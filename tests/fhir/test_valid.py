"""Forty cases as bundles, each sound by two independent validators and by what both of them miss."""

import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from server.app import App
from server.db import Database
from server.fhir.service.reading import OF_CLINIC, OF_PATIENT
from tests import make
from tests.api import Api
from tests.fhir import cases, validators
from tests.fhir.targets import TARGETS

Bundle = dict[str, Any]


@pytest.fixture(scope="module")
def clinic(db: Database) -> make.Clinic:
    """Riverside, for all forty."""
    return make.clinic(db)


@pytest.fixture(scope="module")
def bundles(app: App, db: Database, clinic: make.Clinic) -> list[Bundle]:
    """Everything about each of forty patients, and about the procedure of every fourth one, and its note as a document."""
    vera = Api(app.test_client(), make.token(db, clinic.surgeon))
    found = []
    for number, case in enumerate(cases.forty(vera, clinic)):
        app.rates.memory.reset()
        found.append(fetched(vera, f"//fhir/Patient/{case.patient_id}/$everything"))
        if number % 4 == 3:
            found.append(fetched(vera, f"//fhir/Procedure/{case.id}/$everything"))
            found.append(fetched(vera, f"//fhir/Composition/{case.id}/$document"))
    return found


def fetched(tablet: Api, path: str) -> Bundle:
    """A bundle as it comes."""
    got = tablet.call("GET", path)
    assert (got.status_code, got.mimetype) == (200, "application/fhir+json"), got.text[:500]
    bundle: Bundle = json.loads(got.text)
    return bundle


@pytest.mark.timeout(300)
def test_forty_cases_are_valid_by_the_models_of_fhir_resources(bundles: list[Bundle]) -> None:
    assert len(bundles) == 60
    assert [fault for one in bundles for fault in validators.by_models(one)] == []


@pytest.mark.timeout(300)
def test_forty_cases_are_valid_by_the_definitions_of_r4(bundles: list[Bundle]) -> None:
    assert validators.by_definitions(bundles) == [[]] * len(bundles)


@pytest.mark.timeout(300)
def test_their_references_units_codes_and_times_are_sound(bundles: list[Bundle]) -> None:
    assert [fault for one in bundles for fault in validators.by_us(one)] == []


@pytest.mark.timeout(300)
def test_every_type_that_the_interface_names_is_among_them(bundles: list[Bundle]) -> None:
    """So that what is valid here is all there is."""
    told = Counter(entry["resource"]["resourceType"] for one in bundles for entry in one["entry"])
    assert set(told) == {*OF_PATIENT, *OF_CLINIC}
    statuses = {(entry["resource"]["resourceType"], entry["resource"].get("status")) for one in bundles for entry in one["entry"]}
    assert {
        ("Procedure", one) for one in ("preparation", "not-done", "stopped", "in-progress", "completed", "entered-in-error")
    } <= statuses
    assert {("Composition", one) for one in ("preliminary", "final", "entered-in-error")} <= statuses
    assert {("Observation", "entered-in-error"), ("Appointment", "booked"), ("Appointment", "fulfilled")} <= statuses


def test_the_table_of_references_is_no_wider_than_the_standard() -> None:
    wider = {place: named for place, named in TARGETS.items() if not set(named) - {"*"} <= _targets_of(place)}
    assert wider == {}
    assert all(_targets_of(place) == {"Resource"} for place, named in TARGETS.items() if named == ("*",))


def _targets_of(place: str) -> set[str]:
    """Types that the R4B models say a reference may name."""
    kind, *path = place.split(".")
    model, field = get_fhir_model_class(kind), None
    for name in path:
        if field is not None:
            model = get_fhir_model_class(str(re.findall(r"(\w+)Type", str(field.annotation))[0]))
        field = next(one for key, one in model.model_fields.items() if (one.alias or key) == name)
    assert field is not None
    known: Any = field.json_schema_extra
    return set(known["enum_reference_types"])


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {}


def breaks(name: str) -> Callable[[Callable[[dict[str, Any]], None]], Callable[[dict[str, Any]], None]]:
    """One way to spoil a resource of the type before the colon."""

    def mark(spoil: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        BREAKS[name] = spoil
        return spoil

    return mark


breaks("Procedure: a status that R4 has not")(lambda one: one.update(status="done"))
breaks("Procedure: no subject")(lambda one: one.pop("subject"))
breaks("Procedure: a field of R5")(lambda one: one.update(occurrenceDateTime="2025-11-24T09:00:00Z"))
breaks("Procedure: a date that is none")(lambda one: one["performedPeriod"].update(start="yesterday"))
breaks("Procedure: an end before its start")(lambda one: one["performedPeriod"].update(end="2001-01-01T00:00:00Z"))
breaks("Procedure: two kinds of time")(lambda one: one.update(performedDateTime="2025-11-24T09:00:00Z"))
breaks("Procedure: somebody who is nowhere")(lambda one: one["recorder"].update(reference="Practitioner/nobody"))
breaks("Procedure: a part of a patient")(lambda one: one.update(partOf=[one["subject"]]))
breaks("Procedure: a code without system")(lambda one: one["code"]["coding"][0].pop("system"))
breaks("Observation: a unit that UCUM has not")(lambda one: one["valueQuantity"].update(code="cc"))
breaks("Observation: no code")(lambda one: one.pop("code"))
breaks("Observation: a value and its absence")(lambda one: one.update(dataAbsentReason={"text": "none"}))
breaks("Composition: no title")(lambda one: one.pop("title"))
breaks("Composition: broken text")(lambda one: one["section"][0]["text"].update(div="<div>unclosed"))
breaks("Consent: no policy")(lambda one: one.pop("policyRule"))
breaks("Appointment: a status that R4 has not")(lambda one: one.update(status="attended"))
breaks("Patient: a list where one is meant")(lambda one: one.update(birthDate=["1991-04-17"]))


@pytest.mark.timeout(300)
def test_each_way_to_spoil_a_bundle_is_noticed(bundles: list[Bundle]) -> None:
    """The validators are no yes-men: none of these passes all three, and neither of the two alone finds them all."""
    whole = next(one for one in bundles if _first(one, "Consent") and _first(one, "Appointment"))
    spoilt = [_spoilt(whole, name) for name in BREAKS]
    by_definitions = [bool(one) for one in validators.by_definitions(spoilt)]
    by_models = [bool(validators.by_models(one)) for one in spoilt]
    ours = [bool(validators.by_us(one)) for one in spoilt]
    unnoticed = [name for name, *said in zip(BREAKS, by_definitions, by_models, ours, strict=True) if not any(said)]
    assert unnoticed == []
    assert not all(by_definitions)
    assert not all(by_models)
    assert any(by_definitions)
    assert any(by_models)


def _first(bundle: Bundle, kind: str, has: str = "id") -> dict[str, Any] | None:
    found = (one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind and has in one["resource"])
    return next(found, None)


def _spoilt(whole: Bundle, name: str) -> Bundle:
    bundle = copy.deepcopy(whole)
    kind = name.partition(":")[0]
    has = {"Procedure": "performedPeriod", "Observation": "valueQuantity"}.get(kind, "id")
    resource = _first(bundle, kind, has)
    assert resource is not None, name
    BREAKS[name](resource)
    return bundle
