"""A patient's photographs: two of one view side by side, all of that view by date, and what is known about consent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for

from schemas.fields import Choice, Id, Shape
from schemas.reading_words import Reading
from schemas.vocabulary import PhotoView
from server.access import Permission, allow
from server.db import find
from server.http import found, session
from server.patients.models import Patient, Scar
from server.photos.models import Photo
from server.problems import invalid
from server.procedures.models import Procedure
from server.procedures.service.drafting import NEVER_DONE
from server.reads import reads
from server.web import patient_words, photo_pairs
from server.web.blueprint import local, pages
from server.web.forms import filters
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


@pages.get("/patients/<uuid:patient_id>/photos")
@allow(Permission.READ_RECORD)
@reads(Reading.PHOTO)
def patient_photos(patient_id: uuid.UUID) -> str:
    """One view: the pair, and all of it by date."""
    patient = found(find(session(), Patient, patient_id))
    asked = filters(Chosen())
    scars = {one.id: one.label for one in session().scalars(sa.select(Scar).where(Scar.patient_id == patient.id))}
    angles = _angles(patient.id, scars)
    here = _angle(angles, asked)
    procedures = session().scalars(sa.select(Procedure).where(Procedure.patient_id == patient.id).order_by(Procedure.planned_for)).all()
    shots = _shots(patient.id, here, procedures, scars) if here else []
    left, right = _pair(shots, asked)
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
        not_graded=photo_pairs.NOT_GRADED,
        procedures=[one for one in procedures if one.state not in NEVER_DONE],
        address=_address(patient.id, here, left, right),
    )


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
    begun = [local(one.started_at).date() for one in procedures if one.started_at and one.state not in NEVER_DONE]
    newest = session().scalars(query).all()
    return [
        photo_pairs.shot(one, local(photo_pairs.moment_of(one)).date(), begun, scars.get(one.scar_id) if one.scar_id else None)
        for one in reversed(newest)
    ]


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
