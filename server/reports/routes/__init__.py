"""HTTP of the reports."""

from server.reports.routes import logbook

ROUTES = (logbook.routes,)

__all__ = ["ROUTES"]
