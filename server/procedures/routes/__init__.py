"""HTTP of procedures, one file per part of the work."""

from server.procedures.routes.entries import routes as entry_routes
from server.procedures.routes.procedures import routes as procedure_routes
from server.procedures.routes.signing import routes as signing_routes

ROUTES = (procedure_routes, entry_routes, signing_routes)
