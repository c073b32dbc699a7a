"""Three judges of a bundle: fhir.resources (R4B models), the npm package fhir (true R4 definitions), and what both miss."""

import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError
from ucumvert import get_ucum_parser

from tests.fhir.targets import TARGETS
from tests.node import folder_of, installed

HERE = Path(__file__).parent / "client"
Json = dict[str, Any]


def by_models(bundle: Json) -> list[str]:
    """What the R4B models hold against each resource of a bundle."""
    found = []
    for one in [{name: value for name, value in bundle.items() if name != "entry"}, *(entry["resource"] for entry in bundle["entry"])]:
        try:
            get_fhir_model_class(one["resourceType"]).model_validate(one)
        except (ValidationError, KeyError, LookupError) as error:
            found.append(f"{one['resourceType']}/{one.get('id')}: {error}")
    return found


def by_definitions(bundles: Sequence[Json]) -> list[list[str]]:
    """What the R4 definitions hold against each bundle, all in one process of Node."""
    folder = installed(HERE, "the R4 validator of npm")
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in bundles)
        file.flush()
        environ = os.environ | {"NODE_PATH": str(folder_of(HERE) / "node_modules")}
        command = ["node", str(folder / "validate.cjs"), file.name]
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=110)
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def by_us(bundle: Json) -> list[str]:
    """What neither of the two looks at: references, their targets, units, codes without system, order of times, XHTML, invariants."""
    here = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]}
    found = [] if len(here) == len(bundle["entry"]) else ["a resource stands in it twice"]
    for entry in bundle["entry"]:
        resource = entry["resource"]
        name = f"{resource['resourceType']}/{resource['id']}"
        if not entry["fullUrl"].endswith(f"/{name}"):
            found.append(f"{name}: another fullUrl")
        found += [f"{name}: {fault}" for fault in (*_in_tree(resource, here), *_invariants(resource), *_targets(resource))]
    return found


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path without indexes, value) of everything in a resource."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)


def _in_tree(resource: Json, here: set[str]) -> Iterator[str]:
    for path, value in walk(resource):
        if value in (None, "", [], {}):
            yield f"{path} is empty"
        if not isinstance(value, dict):
            continue
        if isinstance(reference := value.get("reference"), str) and reference not in here:
            yield f"{path} names {reference}, which is not here"
        if "code" in value and "value" in value and not (value.get("system") and is_unit(value["code"])):
            yield f"{path}: {value['code']!r} is no UCUM unit"
        if "code" in value and "system" not in value and set(value) <= {"code", "display", "version"} and path.endswith("oding"):
            yield f"{path}: a code without its system"
        if {"start", "end"} <= value.keys() and _order(value["start"]) > _order(value["end"]):
            yield f"{path} ends before it starts"
        if "div" in value:
            yield from _xhtml(value["div"], path)


def _order(text: str) -> str:
    return re.sub(r"(\.\d+)?Z$", "", text)


def _xhtml(div: str, path: str) -> Iterator[str]:
    try:
        root = ET.fromstring(div)
    except ET.ParseError as error:
        yield f"{path}: {error}"
    else:
        if root.tag != "{http://www.w3.org/1999/xhtml}div" or not "".join(root.itertext()).strip():
            yield f"{path}: no XHTML with text"


@cache
def is_unit(code: str) -> bool:
    """Whether UCUM knows it."""
    try:
        get_ucum_parser().parse(code)
    except Exception:  # noqa: BLE001  reason: the parser's errors have no common class of their own
        return False
    return True


def _targets(resource: Json) -> Iterator[str]:
    """References to types that R4 does not allow there; a place that the table does not know is a fault too."""
    kind = resource["resourceType"]
    for path, value in walk(resource):
        if not (isinstance(value, dict) and isinstance(value.get("reference"), str)):
            continue
        place = f"{kind}.{path}"
        if path.startswith("extension."):
            allowed: tuple[str, ...] = ("BodyStructure",)
        else:
            allowed = TARGETS.get(place, ())
        if value["reference"].partition("/")[0] not in allowed and allowed != ("*",):
            yield f"{place} may not name a {value['reference'].partition('/')[0]}"


def _of_observation(one: Json) -> Iterator[str]:
    valued, own = any(name.startswith("value") for name in one), one.get("code", {}).get("coding")
    if valued and "dataAbsentReason" in one:
        yield "obs-6: a value, and why there is none"
    if valued and any(part["code"]["coding"] == own for part in one.get("component", [])):
        yield "obs-7: a component with the observation's own code"
    if not (valued or {"dataAbsentReason", "component", "hasMember"} & one.keys()):
        yield "says nothing"


def _of_appointment(one: Json) -> Iterator[str]:
    times = {"start", "_start"} & one.keys() and {"end", "_end"} & one.keys()
    if not times and one["status"] not in {"proposed", "cancelled", "waitlist"}:
        yield "app-3: no start and end"
    if "cancelationReason" in one and one["status"] not in {"cancelled", "noshow"}:
        yield "app-4: a reason for no cancellation"


_RULES: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "Composition": ("cmp-1: an empty section", lambda one: all({"text", "entry", "section"} & part.keys() for part in one["section"])),
    "Consent": ("ppc-1: no policy", lambda one: bool({"policy", "policyRule"} & one.keys())),
    "CarePlan": ("cpl-3: detail and reference", lambda one: not any({"detail", "reference"} <= part.keys() for part in one["activity"])),
    "MedicationAdministration": ("mad-1: no dose", lambda one: "dose" in one.get("dosage", {"dose": ""})),
    "ServiceRequest": ("prr-1: details of no order", lambda one: "code" in one or "orderDetail" not in one),
}


def _invariants(one: Json) -> Iterator[str]:
    """R4's rules of these types that are no mere cardinality: obs-6, obs-7, app-3, app-4, cmp-1, ppc-1, cpl-3, mad-1, prr-1."""
    kind = one["resourceType"]
    if kind == "Observation":
        yield from _of_observation(one)
    if kind == "Appointment":
        yield from _of_appointment(one)
    if kind in _RULES and not _RULES[kind][1](one):
        yield _RULES[kind][0]
