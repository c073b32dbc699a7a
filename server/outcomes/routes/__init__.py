"""HTTP of the outcomes: `ROUTES` are its blueprints."""

from server.outcomes.routes import assessments, instruments, pairs, ratings, responses

ROUTES = (assessments.routes, instruments.routes, responses.routes, pairs.routes, ratings.routes)

__all__ = ["ROUTES"]
