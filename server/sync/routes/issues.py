"""HTTP of what a person must look at."""

import uuid
from typing import Any

from flask import Response

from schemas.reading_words import Reading
from schemas.sync import IssueList, IssueOut, IssueQuery, Resolution
from schemas.sync_words import Choice
from server.access import Permission, allow
from server.canonical import instant
from server.db import find
from server.http import Routes, answer, found, page_of, read_cursor, session
from server.reads import reads, saw
from server.sync.models import Issue
from server.sync.push import resolution
from server.sync.service import issues

routes = Routes("sync_issues", __name__, url_prefix="/api/v1", description="What came from tablets and asks for a person")


@routes.route("/sync/issues", methods=["GET"])
@routes.arguments(IssueQuery, location="query")
@routes.response(200, IssueList)
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def list_issues(query: dict[str, Any]) -> Response:
    """Issues, oldest first; the open ones unless asked for the others."""
    after = read_cursor(query["cursor"], 2) if "cursor" in query else None
    rows = issues.listed(session(), state=query["state"], kind=query.get("kind"), after=after, limit=query["limit"] + 1)
    saw(issues.patients_of(session(), rows[: query["limit"]]))
    return page_of(rows, query["limit"], lambda last: (instant(last.created_at), str(last.id)))


@routes.route("/sync/issues/<uuid:issue_id>/resolution", methods=["POST"])
@routes.arguments(Resolution)
@routes.response(200, IssueOut)
@routes.refuses(404, 409)
@allow(Permission.RECORD)
def resolve(body: dict[str, Any], issue_id: uuid.UUID) -> Response:
    """Decide about an issue."""
    issue = found(find(session(), Issue, issue_id, lock=True))
    return answer(resolution.resolve(session(), issue, Choice(body["choice"]), body.get("note")).document())
