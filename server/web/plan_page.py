"""The surgeon's desk: a plan edited with its answers beside it, stored, put back, and printed for the wall."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, render_template, request

from schemas.reading_words import Reading
from schemas.vocabulary import FaceView, HarvestSite, Plane, ProcedureState, Side
from server import clock
from server.access import Permission, allow
from server.http import person, session
from server.problems import Problem
from server.procedures.models import Procedure
from server.procedures.note.facemap import CAPTIONS, marks
from server.procedures.note.words import age
from server.procedures.service import drafting, lifecycle, planning, record
from server.procedures.service.record import Record
from server.reads import reads
from server.web import plan_form, words
from server.web.blueprint import go_to, pages
from server.web.drawings.face import face
from server.web.forms import errors_of, shown_again_by

SAVE, ANSWERS, USUAL = "save", "answers", "usual"


def _load(procedure_id: uuid.UUID, *, lock: bool = False) -> Record:
    return record.load(session(), record.get(session(), procedure_id, lock=lock))


def _wall(whole: Record, tried: Procedure) -> dict[str, Any]:
    """The map and the table: scars in the order of the record, numbered as on the map."""
    planned = {one.scar_id: one for one in tried.injections}
    rows: list[dict[str, Any]] = [
        {"number": place, "scar": scar, "planned": planned.get(scar.id)} for place, scar in enumerate(whole.scars, 1)
    ]
    views = []
    for view in CAPTIONS:
        points = [
            (row["number"], row["scar"].x_e4 / 10000, row["scar"].y_e4 / 10000)
            for row in rows
            if row["scar"].view == view and row["scar"].x_e4 is not None and row["scar"].y_e4 is not None
        ]
        if points or view == FaceView.FRONT:
            title = f"{CAPTIONS[view]}: {len(points)} marked"
            views.append({"caption": CAPTIONS[view], "drawing": face(view, marks(points), title=title)})
    return {"rows": rows, "views": views}


def _about(whole: Record, tried: Procedure, *, stored: bool) -> dict[str, Any]:
    """What the answers' part of the page shows."""
    plan = planning.answers(session(), tried)
    today = clock.now().astimezone(person().time_zone).date()
    return {
        "plan": plan,
        "wall": _wall(whole, tried),
        "tried": tried,
        "stored": stored,
        "patient": whole.patient,
        "age": age(whole.patient.birth_date, today) if whole.patient.birth_date else None,
        "surgeon": whole.surgeon,
        "missing": [words.GAPS.get(one["code"], one["message"]) for one in plan["missing"]],
    }


def _page(whole: Record, typed: Mapping[str, str], about: Mapping[str, Any] | None, **more: Any) -> str:
    return render_template(
        "plan_page.html",
        procedure=whole.procedure,
        patient=whole.patient,
        scars=whole.scars,
        typed=typed,
        about=about,
        sites=HarvestSite,
        sides=Side,
        planes=Plane,
        last=drafting.last_of_surgeon(session(), whole.procedure),
        **{"errors": [], "note": "", "version": str(whole.procedure.write_id), "theirs": None, "undo": False} | more,
    )


def _closed(whole: Record) -> str:
    said = words.PROCEDURES[whole.procedure.state]
    return render_template("plan_closed.html", procedure=whole.procedure, patient=whole.patient, said=said)


def _again(problem: Problem, procedure_id: uuid.UUID) -> str:
    """With what was typed. Where a tablet was faster, what is stored now stands beside it; saving again is then her choice."""
    whole = _load(procedure_id)
    if whole.procedure.state != ProcedureState.PLANNED:
        return _closed(whole)
    zone = person().time_zone
    typed = plan_form.typed_by(request.form, whole.scars)
    changes, _ = plan_form.read(typed, whole.scars, zone)
    about = _about(whole, drafting.draft(session(), whole.procedure, changes), stored=False) if changes else None
    theirs = _differences(plan_form.typed_from(whole.procedure, whole.scars, zone), typed, whole) if problem.code == "stale" else None
    return _page(whole, typed, about, errors=errors_of(problem), theirs=theirs)


def _differences(stored: Mapping[str, str], typed: Mapping[str, str], whole: Record) -> list[dict[str, str]]:
    labels = {str(scar.id): scar.label for scar in whole.scars}
    rows = []
    for box in stored:
        if stored[box] != typed[box]:
            name, _, scar_id = box.partition("-")
            what = words.PLAN_BOXES[name] + (f", {labels[scar_id]}" if scar_id else "")
            rows.append({"what": what, "stored": stored[box] or "nothing", "typed": typed[box] or "nothing"})
    return rows


@pages.get("/procedures/<uuid:procedure_id>/plan")
@allow(Permission.PLAN)
@reads(Reading.RECORD)
def edit_plan(procedure_id: uuid.UUID) -> str:
    """The plan as it is stored; of a procedure that has begun, why it no longer changes."""
    whole = _load(procedure_id)
    if whole.procedure.state != ProcedureState.PLANNED:
        return _closed(whole)
    saved = request.args.get("saved", "") == str(whole.procedure.write_id)
    typed = plan_form.typed_from(whole.procedure, whole.scars, person().time_zone)
    about = _about(whole, whole.procedure, stored=True)
    return _page(whole, typed, about, note="The plan is saved." if saved else "", undo=saved)


@pages.post("/procedures/<uuid:procedure_id>/plan")
@allow(Permission.PLAN)
@shown_again_by(_again)
@reads(Reading.RECORD)
def save_plan(procedure_id: uuid.UUID) -> Response:
    """Store the plan, or show its answers or the usual settings without storing."""
    wanted = request.form.get("do", ANSWERS)
    whole = _load(procedure_id, lock=wanted == SAVE)
    if whole.procedure.state != ProcedureState.PLANNED:
        raise Problem("wrong_state", f"The procedure is {whole.procedure.state}; its plan no longer changes.")
    typed, note = plan_form.typed_by(request.form, whole.scars), ""
    if wanted == USUAL:
        typed, note = _usual(whole, typed)
    changes, errors = plan_form.read(typed, whole.scars, person().time_zone)
    version = request.form.get("version", "")
    if errors:
        shown = errors if wanted in {SAVE, ANSWERS} else []
        return make_response(_page(whole, typed, None, errors=shown, note=note, version=version), 422 if shown else 200)
    if wanted != SAVE:
        about = _about(whole, drafting.draft(session(), whole.procedure, changes), stored=False)
        return make_response(_page(whole, typed, about, note=note, version=version))
    _must_be(version, whole.procedure)
    lifecycle.change_procedure(session(), whole.procedure, changes)
    return _to(whole.procedure)


def _usual(whole: Record, typed: dict[str, str]) -> tuple[dict[str, str], str]:
    last = drafting.last_of_surgeon(session(), whole.procedure)
    if last is None:
        return typed, "There is no earlier plan of this surgeon; nothing is filled in."
    filled = plan_form.like_last(typed, last, drafting.dose_of(session(), last), whole.scars)
    return filled, "Filled in from the surgeon's last plan. Volumes follow the area of each scar that is in. Not saved yet."


def _must_be(version: str, procedure: Procedure) -> None:
    if version != str(procedure.write_id):
        raise Problem("stale", "Somebody changed this plan since you opened it. Both are shown below; nothing of yours is lost.")


def _to(procedure: Procedure) -> Response:
    return go_to("edit_plan", procedure_id=procedure.id, saved=procedure.write_id)


@pages.post("/procedures/<uuid:procedure_id>/plan/answers")
@allow(Permission.PLAN)
@reads(Reading.RECORD)
def try_plan(procedure_id: uuid.UUID) -> Response:
    """The answers' part alone, for what is typed; nothing is stored."""
    whole = _load(procedure_id)
    typed = plan_form.typed_by(request.form, whole.scars)
    changes, errors = plan_form.read(typed, whole.scars, person().time_zone)
    about = None if errors else _about(whole, drafting.draft(session(), whole.procedure, changes), stored=False)
    return make_response(render_template("plan_answers.html", about=about, errors=errors), 422 if errors else 200)


@pages.post("/procedures/<uuid:procedure_id>/plan/undo")
@allow(Permission.PLAN)
def undo_plan(procedure_id: uuid.UUID) -> Response:
    """Put back what the last change replaced, if that change is still the last one. Itself a change: undone twice, it is back."""
    procedure = record.get(session(), procedure_id, lock=True)
    _must_be(request.form.get("version", ""), procedure)
    lifecycle.change_procedure(session(), procedure, plan_form.back_to(drafting.before(session(), procedure)))
    return _to(procedure)
