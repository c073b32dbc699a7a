"""HTTP of the outcomes: `ROUTES` are its blueprints."""

from server.outcomes.routes import assessments, pairs, ratings

ROUTES = (assessments.routes, pairs.routes, ratings.routes)

__all__ = ["ROUTES"]
