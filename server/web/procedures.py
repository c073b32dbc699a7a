"""The list of procedures, one procedure with its note, signing it and adding to it."""

import uuid
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, render_template, request, url_for

from schemas.common import Page
from schemas.fields import Choice, Day, Shape, Text
from schemas.procedures import AddendumRequest, SignRequest
from schemas.reading_words import Reading
from schemas.vocabulary import EntryKind, ProcedureState
from server import clock
from server.access import Permission, allow
from server.clinics import service as clinics
from server.http import cursor_of, person, read_cursor, session
from server.ids import uuid7
from server.photos.service import album
from server.problems import Problem, invalid
from server.procedures import note
from server.procedures.service import listing, record, signing
from server.rates import Rate, rated
from server.reads import reads, saw
from server.web import words
from server.web.blueprint import go_to, local, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by
from server.web.procedure_grid import grid
from server.web.procedure_view import fingerprint, view


class Filters(Page):
    """What the address of the list may say. Without any of it who signs is shown what is hers and not signed, others everything."""

    whose = Text(longest=36)
    state = Choice(("any", "unsigned", *ProcedureState))
    photos = Choice(("missing",))
    planned_from = Day()
    planned_to = Day()
    q = Text(longest=100)


class Shown(Shape):
    """What the address of one procedure may say."""

    kind = Text(longest=40)


_NARROWS = frozenset({"whose", "state", "photos", "planned_from", "planned_to", "q"})


@pages.get("/procedures")
@allow(Permission.SIGNED_IN)
@reads(Reading.LIST)
def procedures() -> str:
    """The list; who may not read records is told what her roles are for."""
    if not person().may(Permission.READ_RECORD):
        return render_template("no_record.html", roles=[words.ROLES[role] for role in person().roles])
    asked = filters(Filters())
    default = not asked.keys() & _NARROWS
    if default and person().may(Permission.SIGN):
        asked |= {"whose": "mine", "state": "unsigned"}
    surgeons = clinics.surgeons(session())
    rows, last = listing.procedures(
        session(),
        limit=asked["limit"],
        after=read_cursor(asked["cursor"], 2) if "cursor" in asked else None,
        state=ProcedureState(asked["state"]) if asked.get("state") in set(ProcedureState) else None,
        surgeon_id=_surgeon(asked.get("whose", "all"), {str(one.id) for one in surgeons}),
        planned_from=asked.get("planned_from"),
        planned_to=asked.get("planned_to"),
        q=asked.get("q"),
        also=_also(asked),
    )
    saw(uuid.UUID(row["patient_id"]) for row in rows)
    same = kept(*_NARROWS, "limit")
    return render_template(
        "procedures.html",
        grid=grid(session(), rows, local(clock.now()).date()),
        rows=rows,
        surgeons=surgeons,
        states=words.PROCEDURES,
        asked=asked,
        default=default,
        further="cursor" in asked,
        first=url_for("web.procedures", **same),
        following=url_for("web.procedures", **same, cursor=cursor_of(*last)) if last else None,
    )


def _surgeon(whose: str, known: set[str]) -> uuid.UUID | None:
    """Whose procedures are wanted; None for everybody's."""
    if whose == "mine":
        return person().user_id
    if whose != "all" and whose not in known:
        raise invalid("/whose", "Choose from the list: mine, everybody's, or those of one surgeon.")
    return uuid.UUID(whose) if whose in known else None


def _also(asked: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    unsigned = [listing.UNSIGNED] if asked.get("state") == "unsigned" else []
    return unsigned + ([album.without_photo()] if asked.get("photos") == "missing" else [])


def _page(procedure_id: uuid.UUID, problem: Problem | None = None, kind: str | None = None) -> str:
    whole = record.load(session(), record.get(session(), procedure_id))
    shown = view(session(), person(), whole, in_files=current_app.config["GRAFTLOG"].smtp_url is None)
    typed = {name: request.form.get(name, "") for name in ("text", "meaning", "id")}
    return render_template("procedure.html", errors=errors_of(problem), typed=typed, new_id=typed["id"] or str(uuid7()), kind=kind, **shown)


@pages.get("/procedures/<uuid:procedure_id>")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def procedure(procedure_id: uuid.UUID) -> str:
    """Everything about one procedure; of its entries those of one kind, if the address names one."""
    kind = filters(Shown()).get("kind")
    if kind is not None and kind not in set(EntryKind):
        raise invalid("/kind", f"The address names a kind that no entry has. Leave kind out, or choose one of {', '.join(EntryKind)}.")
    return _page(procedure_id, kind=kind)


@pages.post("/procedures/<uuid:procedure_id>/sign")
@allow(Permission.SIGN)
@shown_again_by(_page)
@rated(Rate.SIGN_IN)
def sign(procedure_id: uuid.UUID) -> Response:
    """Sign what the page showed: if anything was recorded since, it is shown again first."""
    found = record.get(session(), procedure_id, lock=True)
    if request.form.get("seen") != fingerprint(record.load(session(), found)):
        raise Problem("stale", "Something was recorded since you opened this page. It is shown now; read it, then sign.")
    signing.sign(session(), found, **form(SignRequest()), keys_folder=current_app.config["GRAFTLOG"].keys)
    return go_to("procedure", procedure_id=procedure_id, _anchor="signature")


@pages.post("/procedures/<uuid:procedure_id>/addenda")
@allow(Permission.SIGN)
@shown_again_by(_page)
@rated(Rate.SIGN_IN)
def add_addendum(procedure_id: uuid.UUID) -> Response:
    """Add to what is signed. The page chose the id, so a form sent twice adds once."""
    found = record.get(session(), procedure_id, lock=True)
    signing.add_addendum(session(), found, form(AddendumRequest()), current_app.config["GRAFTLOG"].keys)
    return go_to("procedure", procedure_id=procedure_id, _anchor="addenda")


def _note(procedure_id: uuid.UUID) -> dict[str, Any]:
    return note.build(record.load(session(), record.get(session(), procedure_id)))


@pages.get("/procedures/<uuid:procedure_id>/note")
@allow(Permission.READ_RECORD)
@reads(Reading.NOTE)
@rated(Rate.EXPORT)
def note_alone(procedure_id: uuid.UUID) -> str:
    """The note by itself, to read or print."""
    return note.html(_note(procedure_id))


@pages.get("/procedures/<uuid:procedure_id>/note.pdf")
@allow(Permission.READ_RECORD)
@reads(Reading.NOTE_FILE)
@rated(Rate.EXPORT)
def note_pdf(procedure_id: uuid.UUID) -> Response:
    """The note to file or send."""
    response = Response(note.pdf(_note(procedure_id)), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="note-{procedure_id}.pdf"'
    return response
