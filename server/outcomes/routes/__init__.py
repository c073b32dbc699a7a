"""HTTP of the outcomes: `ROUTES` are its blueprints."""

from server.outcomes.routes import pairs, ratings

ROUTES = (
    pairs.routes,
    ratings.routes,
)

__all__ = ["ROUTES"]
