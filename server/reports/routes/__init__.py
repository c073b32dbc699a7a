"""HTTP of the reports."""

from server.reports.routes.cohort import routes as cohort_routes

ROUTES = (cohort_routes,)
