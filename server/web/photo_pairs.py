"""Two photographs side by side: which ones, how long before or after a procedure, and what can be computed about how alike they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import url_for

from schemas.limits import THUMBNAIL_SIDES_PX
from schemas.vocabulary import PhotoKind, PhotoState, PhotoView, ThumbnailState
from server.photos.models import Photo
from server.procedures.note.words import counted, short_day
from server.web import patient_words as words
from server.web.blueprint import local
from server.web.words import Said

SMALL, LARGE = THUMBNAIL_SIDES_PX
ALIKE = 0.02
"""So far may two pictures' shapes differ and count as the same: a camera's own rounding."""
NEAR = 1.5
"""Times so many pixels along the longer side is still about as fine."""
BY_PEOPLE = "Light, sharpness, distance, pose and expression are graded by people, below each picture: no program here looks at a face."


@dataclass(frozen=True)
class Shot:
    """A photograph as the page shows it. Without `picture` there is nothing to see, and `instead` says why."""

    photo: Photo
    day: date
    when: str
    since: str
    said: Said
    alt: str
    pixels: str
    small: str | None
    picture: str | None
    instead: str


def shot(photo: Photo, day: date, procedures: Sequence[date], scar: str | None) -> Shot:
    """`day` on the clinic's calendar; `procedures` are the days zero of those that took place."""
    name = f"{words.VIEWS[photo.view]}{f' of {scar}' if scar else ''}, {short_day(day)}"
    when = short_day(day) if photo.taken_at else f"announced {short_day(day)}, when it was taken is not recorded"
    return Shot(
        photo=photo,
        day=day,
        when=when,
        since=since(day, procedures),
        said=words.PHOTOS[photo.state],
        alt=f"{name}, {words.KINDS[photo.kind]}",
        pixels=f"{photo.width_px} × {photo.height_px} px, {_held(photo)}" if photo.width_px and photo.height_px else "Size not known yet",
        small=_thumbnail(photo, SMALL),
        picture=_thumbnail(photo, LARGE) or (url_for("photos.get_content", photo_id=photo.id) if _is_here(photo) else None),
        instead=_instead(photo),
    )


def shots(photos: Iterable[Photo], procedures: Sequence[date], labels: Mapping[UUID, str]) -> list[Shot]:
    """In the order given; `labels` are those of the patient's scars."""
    return [shot(one, local(moment_of(one)).date(), procedures, labels.get(one.scar_id) if one.scar_id else None) for one in photos]


def view_of(photo: Photo) -> dict[str, Any]:
    """What names its view in the address of the patient's photographs: close-ups are apart by scar."""
    return {"view": photo.view} | ({"scar": photo.scar_id} if photo.view == PhotoView.CLOSE_UP and photo.scar_id else {})


def _is_here(photo: Photo) -> bool:
    return photo.state == PhotoState.STORED


def _thumbnail(photo: Photo, side: int) -> str | None:
    made = _is_here(photo) and photo.thumbnails == ThumbnailState.MADE
    return url_for("photos.get_thumbnail", photo_id=photo.id, size=side) if made else None


def _instead(photo: Photo) -> str:
    if photo.state == PhotoState.ANNOUNCED:
        return "Announced by the tablet; the picture itself has not arrived yet."
    if photo.state == PhotoState.FAILED:
        return f"Unusable. {photo.failure or ''}".strip()
    if photo.state == PhotoState.ERASED:
        return "Erased on the patient’s request."
    return "" if photo.thumbnails == ThumbnailState.MADE else "No small copy yet."


def _held(photo: Photo) -> str:
    width, height = photo.width_px or 0, photo.height_px or 0
    return "square" if width == height else "upright" if height > width else "lying"


def since(day: date, procedures: Sequence[date]) -> str:
    """`91 days after the procedure of 3 Mar 2026`: the last one before it, else the first one after it."""
    before = [one for one in procedures if one <= day]
    if before:
        days = (day - max(before)).days
        on = short_day(max(before))
        return f"{counted(days, 'day')} after the procedure of {on}" if days else f"on the day of the procedure of {on}"
    after = min(procedures, default=None)
    return f"{counted((after - day).days, 'day')} before the procedure of {short_day(after)}" if after else "no procedure has begun"


def first_pair(shots: Sequence[Shot]) -> tuple[Shot | None, Shot | None]:
    """(left, right) where the address names none: the first picture before a procedure, and the newest other; `shots` by day."""
    here = [one for one in shots if one.picture] or list(shots)
    left = next((one for one in here if one.photo.kind == PhotoKind.BASELINE), here[0] if here else None)
    return left, next((one for one in reversed(here) if one is not left), None)


def named(shots: Sequence[Shot], photo_id: UUID) -> Shot | None:
    """The one of this photograph."""
    return next((one for one in shots if one.photo.id == photo_id), None)


def laid(left: Shot | None, right: Shot | None) -> tuple[Shot, Shot] | None:
    """(under, over): the earlier picture lies over the later one; None where one of the two is not there to see."""
    if not (left and right and left.picture and right.picture):
        return None
    return (right, left) if moment_of(left.photo) <= moment_of(right.photo) else (left, right)


def checks(left: Shot, right: Shot) -> list[tuple[Said, str]]:
    """What can be computed about how far the two can be compared: state and sentence."""
    days = abs((right.day - left.day).days)
    apart = f"{counted(days, 'day')} apart" if days else "on the same day"
    rows = [(words.PAIRS["view"], f"Both were taken as {words.VIEWS[left.photo.view].casefold()}, {apart}.")]
    one, two = left.photo, right.photo
    if not (one.width_px and one.height_px and two.width_px and two.height_px):
        return [*rows, (words.PAIRS["size_unknown"], "Of one of them no picture is here, so its size is not known.")]
    if _held(one) == _held(two):
        rows.append((words.PAIRS["held"], f"Both {_held(one)}."))
    else:
        rows.append(
            (
                words.PAIRS["held_differently"],
                f"Left {_held(one)}, right {_held(two)}: the same face fills them differently.",
            )
        )
    shapes = one.width_px / one.height_px, two.width_px / two.height_px
    if abs(shapes[0] / shapes[1] - 1) <= ALIKE:
        rows.append((words.PAIRS["shape"], "Width to height is the same, so neither was cropped otherwise."))
    else:
        rows.append((words.PAIRS["another_shape"], "Width to height differs: another camera, or one of them was cropped."))
    sides = sorted((max(one.width_px, one.height_px), max(two.width_px, two.height_px)))
    if sides[1] <= NEAR * sides[0]:
        rows.append((words.PAIRS["fine"], f"{sides[0]} and {sides[1]} px along the longer side."))
    else:
        rows.append((words.PAIRS["less_fine"], f"{sides[0]} against {sides[1]} px along the longer side: detail is lost in one."))
    return rows


def moment_of(photo: Photo) -> datetime:
    """When it was taken, as far as that is known."""
    return photo.taken_at or photo.created_at
