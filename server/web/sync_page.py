"""The page about tablets' rows: what waits for a person, both sides of it, one decision each. No script."""

import uuid

from flask import Response, render_template, request, url_for

from schemas.common import Page
from schemas.fields import Choice, Id
from schemas.reading_words import Reading
from schemas.sync import Resolution
from schemas.sync_words import Choice as Decision
from schemas.sync_words import IssueKind, IssueState
from server.access import Permission, allow
from server.canonical import instant
from server.db import find
from server.http import cursor_of, found, read_cursor, session
from server.problems import Problem
from server.reads import reads, saw
from server.sync.models import Issue
from server.sync.push import resolution
from server.sync.service import issues
from server.web import sync_words as words
from server.web.blueprint import go_to, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by
from server.web.sync_view import Surroundings

_KEPT = ("kind", "cursor", "limit")


class Filters(Page):
    """What the address of the page may say; `done` names what was just decided."""

    kind = Choice(IssueKind)
    done = Id()


def _page(problem: Problem | None = None, issue_id: uuid.UUID | None = None) -> str:
    """The open issues; after a refused decision with what is wrong beside the one it was about."""
    asked = filters(Filters())
    after = read_cursor(asked["cursor"], 2) if "cursor" in asked else None
    rows = issues.listed(session(), state=IssueState.OPEN, kind=asked.get("kind"), after=after, limit=asked["limit"] + 1)
    shown, more = rows[: asked["limit"]], len(rows) > asked["limit"]
    saw(issues.patients_of(session(), shown))
    around, counts = Surroundings(session(), shown), issues.counts(session())
    first = kept("kind", "limit")
    done = find(session(), Issue, asked["done"]) if "done" in asked else None
    return render_template(
        "sync.html",
        rows=[around.row(issue) for issue in shown],
        titles=words.TITLES,
        counts=[(kind, title, counts.get(kind, 0)) for kind, title in words.TITLES.items()],
        whole=sum(counts.values()),
        kind=asked.get("kind"),
        kept=kept(*_KEPT),
        done=words.DECIDED[done.choice] if done and done.choice else None,
        errors=[one | {"field": f"note-{issue_id}" if one["field"] == "note" else ""} for one in errors_of(problem)],
        refused=str(issue_id) if problem else "",
        typed=request.form.get("note", "") if problem else "",
        further=after is not None,
        first=url_for("web.sync", **first),
        following=url_for("web.sync", **first, cursor=cursor_of(instant(shown[-1].created_at), str(shown[-1].id))) if more else None,
    )


@pages.get("/sync")
@allow(Permission.RECORD)
@reads(Reading.LIST)
def sync() -> str:
    """Everything of the tablets that a person must look at."""
    return _page()


@pages.post("/sync/<uuid:issue_id>")
@allow(Permission.RECORD)
@shown_again_by(_page)
def decide(issue_id: uuid.UUID) -> Response:
    """Decide about one of them."""
    typed = form(Resolution())
    issue = found(find(session(), Issue, issue_id, lock=True))
    resolution.resolve(session(), issue, Decision(typed["choice"]), typed.get("note"))
    return go_to("sync", **kept(*_KEPT), done=issue_id)
