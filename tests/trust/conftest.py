"""People at desks, as in the stories of the pages."""

from tests.web.conftest import at_desk, vera_at_desk, visitor

__all__ = ["at_desk", "vera_at_desk", "visitor"]
