"""Which two photographs of a procedure raters compare at a step, and why there are none."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schemas.rating_words import Step, Unpaired
from schemas.vocabulary import PhotoKind, PhotoView

Angle = tuple[PhotoView, uuid.UUID | None]
"""A view; of a close-up also the scar."""


@dataclass(frozen=True)
class Window:
    """Days after the procedure: the one aimed at, and the first and the last that count for it."""

    target: int
    opens: int
    closes: int


WINDOWS = {Step.TWO_WEEKS: Window(14, 1, 45), Step.THREE_MONTHS: Window(90, 46, 182), Step.ONE_YEAR: Window(365, 183, 730)}
"""The windows of the analysis, which leave no day between them; those of the appointments are narrower."""


@dataclass(frozen=True)
class Shot:
    """A photograph that is there to be seen. `day` is the clinic's."""

    id: uuid.UUID
    kind: PhotoKind
    angle: Angle
    at: datetime
    day: date
    poor: bool


@dataclass(frozen=True)
class Operation:
    """A procedure that was done; `before` and `after` are the days of the patient's last one before it and first one after it."""

    id: uuid.UUID
    patient_id: uuid.UUID
    day: date
    before: date | None
    after: date | None


def angle(view: PhotoView, scar_id: uuid.UUID | None) -> Angle | None:
    """What two photographs must have in common; None where they cannot be known to have it."""
    if view == PhotoView.CLOSE_UP:
        return (view, scar_id) if scar_id else None
    return None if view == PhotoView.OTHER else (view, None)


def choose(one: Operation, shots: Sequence[Shot], step: Step) -> dict[Angle, tuple[Shot, Shot]] | Unpaired:
    """By angle the newest baseline since the procedure before, and the follow-up nearest to the step's day that is no later one's."""
    window = WINDOWS[step]
    baselines = [
        shot for shot in shots if shot.kind == PhotoKind.BASELINE and shot.day <= one.day and (one.before is None or shot.day > one.before)
    ]
    later = [
        shot
        for shot in shots
        if shot.kind == PhotoKind.FOLLOW_UP
        and window.opens <= (shot.day - one.day).days <= window.closes
        and (one.after is None or shot.day <= one.after)
    ]
    if not baselines or not later:
        return Unpaired.NO_FOLLOW_UP if baselines else Unpaired.NO_BASELINE
    if not _angles(baselines) & _angles(later):
        return Unpaired.OTHER_VIEW
    first = {shot.angle: shot for shot in sorted(baselines, key=lambda shot: (shot.at, shot.id)) if not shot.poor}
    aim = sorted(later, key=lambda shot: (abs((shot.day - one.day).days - window.target), shot.at, shot.id), reverse=True)
    second = {shot.angle: shot for shot in aim if not shot.poor}
    return {each: (first[each], second[each]) for each in first if each in second} or Unpaired.POOR


def _angles(shots: Iterable[Shot]) -> set[Angle]:
    return {shot.angle for shot in shots}
