"""Cases to sign."""

from tests.procedures.conftest import complete_case, signed_case

__all__ = ["complete_case", "signed_case"]
