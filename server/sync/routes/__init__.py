"""HTTP of the tablets' sync, one file per direction."""

from server.sync.routes.issues import routes as issue_routes
from server.sync.routes.pull import routes as pull_routes
from server.sync.routes.push import routes as push_routes

ROUTES = (pull_routes, push_routes, issue_routes)
