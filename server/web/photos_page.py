"""A patient's photographs: two of one view side by side and graded, all of that view by date, and what they may be shown for."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Response, render_template, request, url_for

from schemas.fields import Choice, Day, Id, Shape
from schemas.photos import PhotoGradeCreate
from schemas.reading_words import Reading
from schemas.vocabulary import ConsentPurpose, PhotoView
from server import clock
from server.access import Permission, allow
from server.clinics.models import User
from server.db import find
from server.http import found, session
from server.ids import uuid7
from server.patients.models import Patient, Scar
from server.photos.models import Photo
from server.photos.service import album, consents, grades
from server.problems import Problem, invalid
from server.procedures.days import performed_at
from server.procedures.models import Procedure
from server.procedures.service.drafting import NEVER_DONE
from server.reads import reads
from server.web import patient_words, photo_pairs, queries
from server.web.blueprint import go_to, local, pages
from server.web.forms import errors_of, filters, form, kept, shown_again_by
from server.web.patient import banner
from server.web.photo_pairs import Shot

MOST = 200
"""Of one view; the newest ones."""


class Chosen(Shape):
    """What the address may say: a view, a scar where it is a close-up, and the two photographs side by side."""

    view = Choice(PhotoView)
    scar = Id()
    left = Id()
    right = Id()


class Decided(Shape):
    """The form of a consent."""

    id = Id()
    purpose = Choice(ConsentPurpose, required=True)
    given = Choice(("yes", "no"), required=True)
    decided_on = Day(required=True)


CHOSEN = tuple(Chosen().fields)


@dataclass(frozen=True)
class Angle:
    """One view; close-ups are apart by scar."""

    view: PhotoView
    scar_id: uuid.UUID | None
    name: str
    count: int

    @property
    def address(self) -> dict[str, Any]:
        """What names it in the page's address."""
        return {"view": self.view} | ({"scar": self.scar_id} if self.scar_id else {})


def _page(patient_id: uuid.UUID, problem: Problem | None = None, photo_id: uuid.UUID | None = None) -> str:
    """`photo_id`: whose grade was refused."""
    patient = found(find(session(), Patient, patient_id))
    asked = filters(Chosen())
    scars = {one.id: one.label for one in session().scalars(sa.select(Scar).where(Scar.patient_id == patient.id))}
    angles = _angles(patient.id, scars)
    here = _angle(angles, asked)
    procedures = session().scalars(sa.select(Procedure).where(Procedure.patient_id == patient.id).order_by(Procedure.planned_for)).all()
    shots = _shots(patient.id, here, procedures, scars) if here else []
    left, right = _pair(shots, asked)
    graded = grades.newest(session(), [one.photo.id for one in shots])
    decided = consents.now(session(), patient.id)
    return render_template(
        "photos.html",
        **banner(patient),
        consent=patient_words.CONSENT,
        angles=angles,
        angle=here,
        shots=shots,
        most=MOST,
        left=left,
        right=right,
        laid=photo_pairs.laid(left, right),
        checks=photo_pairs.checks(left, right) if left and right else [],
        by_people=photo_pairs.BY_PEOPLE,
        procedures=[one for one in procedures if one.state not in NEVER_DONE],
        address=_address(patient.id, here, left, right),
        graded=graded,
        qualities=patient_words.QUALITIES,
        flaws=patient_words.FLAWS,
        decided=decided,
        decisions=patient_words.CONSENTS,
        purposes=patient_words.PURPOSES,
        names=queries.names(session(), User, {*(one.recorded_by for one in decided.values()), *(one.graded_by for one in graded.values())}),
        today=local(clock.now()).date(),
        fresh_id=uuid7,
        typed=request.form,
        chosen=kept(*CHOSEN),
        errors=[one | {"field": f"{one['field']}-{photo_id}" if photo_id else one["field"]} for one in errors_of(problem)],
        refused=photo_id,
    )


@pages.get("/patients/<uuid:patient_id>/photos")
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def patient_photos(patient_id: uuid.UUID) -> str:
    """One view: the pair, all of it by date, and what the photographs may be shown for."""
    return _page(patient_id)


@pages.post("/patients/<uuid:patient_id>/photos/consent")
@allow(Permission.WRITE_PATIENT)
@shown_again_by(_page)
def decide_consent(patient_id: uuid.UUID) -> Response:
    """Record that the patient agrees, or no longer does. The page chose the id, so a form sent twice is recorded once."""
    asked = form(Decided())
    consents.decide(session(), patient_id, asked | {"given": asked["given"] == "yes", "purpose": ConsentPurpose(asked["purpose"])})
    return go_to("patient_photos", patient_id=patient_id, **kept(*CHOSEN), _anchor="consent")


@pages.post("/patients/<uuid:patient_id>/photos/<uuid:photo_id>/grade")
@allow(Permission.RECORD)
@shown_again_by(_page)
def grade_photo(patient_id: uuid.UUID, photo_id: uuid.UUID) -> Response:
    """Judge a photograph, in the view in which it was looked at."""
    if album.get(session(), photo_id).patient_id != patient_id:
        raise Problem("not_found", "Check the address and the id.")
    grades.grade(session(), photo_id, form(PhotoGradeCreate()))
    return go_to("patient_photos", patient_id=patient_id, **kept(*CHOSEN), _anchor="pair")


def _angles(patient_id: uuid.UUID, scars: dict[uuid.UUID, str]) -> list[Angle]:
    """Those of which there are photographs, as the vocabulary lists them."""
    query = sa.select(Photo.view, Photo.scar_id, sa.func.count()).where(Photo.patient_id == patient_id).group_by(Photo.view, Photo.scar_id)
    counts: dict[tuple[PhotoView, uuid.UUID | None], int] = {}
    for view, scar_id, count in session().execute(query):
        key = view, scar_id if view == PhotoView.CLOSE_UP else None
        counts[key] = counts.get(key, 0) + count
    places = list(PhotoView)
    in_order = sorted(counts, key=lambda key: (places.index(key[0]), scars.get(key[1], "") if key[1] else ""))
    return [Angle(view, scar, _name(view, scars.get(scar) if scar else None), counts[view, scar]) for view, scar in in_order]


def _name(view: PhotoView, scar: str | None) -> str:
    return f"{patient_words.VIEWS[view]}, {scar}" if scar else patient_words.VIEWS[view]


def _angle(angles: Sequence[Angle], asked: dict[str, Any]) -> Angle | None:
    """The one that the address names; without any the first, unless there is none at all."""
    scar = asked.get("scar")
    if "view" not in asked and scar is None:
        return angles[0] if angles else None
    view = PhotoView(asked.get("view", PhotoView.CLOSE_UP))
    same = [one for one in angles if one.view == view and scar in {None, one.scar_id}]
    return same[0] if same else Angle(view, None, patient_words.VIEWS[view], 0)


def _shots(patient_id: uuid.UUID, here: Angle, procedures: Sequence[Procedure], scars: dict[uuid.UUID, str]) -> list[Shot]:
    """By date; of more than `MOST` the newest."""
    at = sa.func.coalesce(Photo.taken_at, Photo.created_at)
    query = sa.select(Photo).where(Photo.patient_id == patient_id, Photo.view == here.view).order_by(at.desc(), Photo.id.desc()).limit(MOST)
    if here.view == PhotoView.CLOSE_UP:
        query = query.where(Photo.scar_id == here.scar_id)
    begun = [local(performed_at(one)).date() for one in procedures if one.started_at and one.state not in NEVER_DONE]
    newest = session().scalars(query).all()
    return photo_pairs.shots(reversed(newest), begun, scars)


def _pair(shots: Sequence[Shot], asked: dict[str, Any]) -> tuple[Shot | None, Shot | None]:
    named = {side: photo_pairs.named(shots, asked[side]) for side in ("left", "right") if side in asked}
    for side, one in named.items():
        if one is None:
            raise invalid(f"/{side}", "No photograph of this patient in this view has this id. Choose one from the strip.")
    if "left" in named and named["left"] is named.get("right"):
        raise invalid("/right", "This photograph already stands on the left. Choose another one from the strip.")
    left, right = photo_pairs.first_pair([one for one in shots if one not in named.values()])
    if named.get("right") and "left" not in named:
        return left, named["right"]
    return (named["left"], named.get("right") or right or left) if "left" in named else (left, right)


def _address(patient_id: uuid.UUID, here: Angle | None, left: Shot | None, right: Shot | None) -> Any:
    """Makes the page's address with another photograph on one side; the one that stands on the other side changes places."""
    now: dict[str, Any] = {side: one.photo.id for side, one in (("left", left), ("right", right)) if one}

    def with_other(side: str, photo_id: uuid.UUID) -> str:
        opposite = "left" if side == "right" else "right"
        pair = now | {side: photo_id}
        if pair.get(opposite) == photo_id:
            pair |= {opposite: now.get(side)}
        return url_for("web.patient_photos", patient_id=patient_id, **(here.address if here else {}), **pair, _anchor="pair")

    return with_other
