"""HTTP of the reports: `ROUTES` are its blueprints."""

from server.reports.routes import cohort, logbook, panel

ROUTES = (cohort.routes, logbook.routes, panel.routes)

__all__ = ["ROUTES"]
