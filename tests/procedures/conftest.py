"""The case in its stages."""

import pytest

from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case


@pytest.fixture
def case(vera: Api, clinic: make.Clinic) -> Case:
    """Anna's procedure, just begun."""
    return stages.begun(vera, clinic)


@pytest.fixture
def complete_case(vera: Api, clinic: make.Clinic) -> Case:
    """Anna's procedure, recorded and completed."""
    return stages.completed(vera, clinic)


@pytest.fixture
def signed_case(vera: Api, clinic: make.Clinic) -> Case:
    """Anna's procedure, signed."""
    return stages.signed(vera, clinic)
