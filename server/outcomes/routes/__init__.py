"""HTTP of the outcomes."""

from server.outcomes.routes import assessments

ROUTES = (assessments.routes,)

__all__ = ["ROUTES"]
