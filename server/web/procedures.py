"""The list of procedures, one procedure with its note, signing it and adding to it."""

import uuid
from typing import Any

from flask import Response, current_app, render_template, request, url_for

from schemas.fields import Shape, Text
from schemas.procedures import AddendumRequest, SignRequest
from schemas.reading_words import Reading
from schemas.vocabulary import EntryKind
from server import clock
from server.access import Permission, allow
from server.clinics import service as clinics
from server.http import cursor_of, person, read_cursor, session
from server.ids import uuid7
from server.problems import Problem, invalid
from server.procedures import note
from server.procedures.service import listing, record, signing
from server.rates import Rate, rated
from server.reads import reads, saw
from server.web import words
from server.web.blueprint import go_to, local, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by
from server.web.procedure_grid import grid
from server.web.procedure_list import NARROWS, asked_for, listed, narrowing, way
from server.web.procedure_view import fingerprint, view


class Shown(Shape):
    """What the address of one procedure may say."""

    kind = Text(longest=40)


@pages.get("/procedures")
@allow(Permission.SIGNED_IN)
@reads(Reading.LIST)
def procedures() -> str:
    """The list; who may not read records is told what her roles are for."""
    if not person().may(Permission.READ_RECORD):
        return render_template("no_record.html", roles=[words.ROLES[role] for role in person().roles])
    asked, default = asked_for()
    rows, last = listing.procedures(
        session(),
        limit=asked["limit"],
        after=read_cursor(asked["cursor"], 2) if "cursor" in asked else None,
        **narrowing(asked),
    )
    saw(uuid.UUID(row["patient_id"]) for row in rows)
    same = kept(*NARROWS, "limit")
    return render_template(
        "procedures.html",
        grid=grid(session(), rows, local(clock.now()).date()),
        rows=rows,
        surgeons=clinics.surgeons(session()),
        states=words.PROCEDURES,
        asked=asked,
        default=default,
        listed=listed(),
        further="cursor" in asked,
        first=url_for("web.procedures", **same),
        following=url_for("web.procedures", **same, cursor=cursor_of(*last)) if last else None,
    )


def _page(procedure_id: uuid.UUID, problem: Problem | None = None, kind: str | None = None) -> str:
    whole = record.load(session(), record.get(session(), procedure_id))
    shown = view(session(), person(), whole, in_files=current_app.config["GRAFTLOG"].smtp_url is None)
    here = way(whole.procedure)
    typed = {name: request.form.get(name, "") for name in ("text", "meaning", "id")}
    return render_template(
        "procedure.html",
        errors=errors_of(problem),
        typed=typed,
        new_id=typed["id"] or str(uuid7()),
        kind=kind,
        way=here,
        listed=here.listed if here else {},
        **shown,
    )


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
    return go_to("procedure", procedure_id=procedure_id, **listed(), _anchor="signature")


@pages.post("/procedures/<uuid:procedure_id>/addenda")
@allow(Permission.SIGN)
@shown_again_by(_page)
@rated(Rate.SIGN_IN)
def add_addendum(procedure_id: uuid.UUID) -> Response:
    """Add to what is signed. The page chose the id, so a form sent twice adds once."""
    found = record.get(session(), procedure_id, lock=True)
    signing.add_addendum(session(), found, form(AddendumRequest()), current_app.config["GRAFTLOG"].keys)
    return go_to("procedure", procedure_id=procedure_id, **listed(), _anchor="addenda")


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
