"""Being told on one's own devices: the browser's part, and the two forms of the work list that begin and end it."""

import uuid

from flask import Response, current_app

from schemas.endpoints import PushSubscriptionCreate
from server.access import Permission, allow, public
from server.followup.service import endpoints
from server.http import found, person, session
from server.web import worklist
from server.web.blueprint import pages
from server.web.forms import form, shown_again_by


@pages.get("/sw.js")
@public
def worker() -> Response:
    """What shows a notice while no page is open. At the root: a browser's worker may serve no page above its own address."""
    response = pages.send_static_file("sw.js")
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.post("/follow-up/notices")
@allow(Permission.FOLLOW_UP)
@shown_again_by(worklist.page)
def begin_notices() -> Response:
    """Tell me in this browser, which has just said how."""
    private = current_app.config["GRAFTLOG"].webhook_private
    row, _ = endpoints.subscribe(session(), person().user_id, **form(PushSubscriptionCreate()), private=private)
    return worklist.back("told", row.id)


@pages.post("/follow-up/notices/<uuid:subscription_id>/ending")
@allow(Permission.FOLLOW_UP)
@shown_again_by(worklist.page)
def end_notices(subscription_id: uuid.UUID) -> Response:
    """Tell me there no more."""
    row = found(endpoints.unsubscribe(session(), person().user_id, subscription_id))
    return worklist.back("untold", row.id)
