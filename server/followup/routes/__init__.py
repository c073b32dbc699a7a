"""The API of the follow-up: `ROUTES` are its blueprints; `callbacks` is what providers call."""

from server.followup.routes import answers, endpoints, protocol, red_flags, sending, templates, visits, worklist
from server.followup.routes.callbacks import callbacks

ROUTES = (
    *(visits.routes, worklist.routes, answers.routes, red_flags.routes, protocol.routes, templates.routes, sending.routes),
    endpoints.routes,
)

__all__ = ["ROUTES", "callbacks"]
