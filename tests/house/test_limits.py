"""The catalogue tells the truth about every number."""

import pytest

from schemas.entries import SHAPES
from schemas.entry_columns import COLUMNS, STORED, limit_of
from schemas.fields import Measure, Quantity
from schemas.limits import LIMITS
from schemas.patients import PatientCreate, ScarCreate
from schemas.procedures import Header, Plan, PlannedInjection
from tests.api import Api

NUMBERS = [(kind, name, field) for kind, shape in SHAPES.items() for name, field in shape().fields.items() if isinstance(field, Quantity)]


@pytest.mark.parametrize(("kind", "name", "field"), NUMBERS, ids=[f"{kind}.{name}" for kind, name, _ in NUMBERS])
def test_each_number_is_checked_by_the_limit_the_catalogue_names(kind: str, name: str, field: Quantity) -> None:
    assert field.limit is limit_of(kind, name)


def test_each_number_is_stored_in_the_steps_its_column_has() -> None:
    for _, name, field in NUMBERS:
        if isinstance(field, Measure) or name == "device_seq":
            assert field.attribute is None
        else:
            column = field.attribute or name
            assert COLUMNS[column] == (name, field.steps)
            assert STORED[name] == (column, field.steps)


@pytest.mark.parametrize("shape", [PatientCreate, ScarCreate, Header, PlannedInjection])
def test_numbers_outside_entries_are_checked_by_the_limit_of_their_name(shape: type) -> None:
    for name, field in shape().fields.items():
        if isinstance(field, Quantity):
            assert field.limit is LIMITS[name]


def test_the_plan_is_checked_by_limits_of_its_own() -> None:
    plan = Plan().fields
    assert [plan[name].limit.name for name in ("passes", "aperture_um")] == ["planned_passes", "aperture_um"]  # type: ignore[attr-defined]  # reason: both are Quantity


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_each_limit_is_a_range_with_the_usual_inside(limit: object) -> None:
    bounds = [limit.hard_min, limit.soft_min, limit.typical, limit.soft_max, limit.hard_max]  # type: ignore[attr-defined]  # reason: a Limit
    known = [bound for bound in bounds if bound is not None]
    assert known == sorted(known)


def test_the_catalogue_names_vocabulary_limits_and_kinds(anyone: Api) -> None:
    catalogue = anyone.get("/catalogue")
    assert "lower_abdomen" in catalogue["vocabulary"]["HarvestSite"]
    assert catalogue["limits"]["aperture_um"]["unit"] == "µm"
    assert catalogue["entries"]["discard"]["volume_ml"] == {"required": True, "limit": "discarded_ml"}
    assert set(catalogue["entries"]) == set(SHAPES)


def test_an_unchanged_catalogue_is_not_sent_again(anyone: Api) -> None:
    version = anyone.get("/catalogue")["version"]
    answer = anyone.call("GET", "/catalogue", headers={"If-None-Match": f'"{version}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_large_bound_is_written_out() -> None:
    assert LIMITS["journal_rows"].refusal(-1) == "-1 rows is outside 0 to 999999999 rows."
