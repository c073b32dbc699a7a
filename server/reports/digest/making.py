"""Making digests: from the rows of some procedures to a packed digest of each of them that counts."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import nan
from typing import Any

from schemas.outcome_words import AnsweredBy, Presence
from schemas.vocabulary import PhotoView, VisitState
from server.patients.models import Scar
from server.reports.digest import form
from server.reports.digest.reading import AREA, Rows
from server.reports.digest.words import Words
from server.reports.service.cohort import Frame
from server.reports.terms import SERIOUS, SERIOUS_CTCAE, SERIOUS_GRADES, minutes

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_PACK = {section.name: section.packer.pack for section in form.SECTIONS}
_BIT = {one: 1 << place for place, one in enumerate(form.COMPLICATIONS)}
_SERIOUS_BITS = sum(_BIT[one] for one in SERIOUS)

Digest = dict[str, Any]
"""Columns of a digest's row: `procedure_id`, and the bytes of each section."""


def make(frame: Frame, words: Words, ids: Sequence[uuid.UUID]) -> list[Digest]:
    """A digest of each of these procedures that counts, as what the frame's session sees; new words are added to `words`."""
    rows = Rows(frame, ids)
    return [_digest(frame, words, rows, one) for one in rows.procedures]


def _digest(frame: Frame, words: Words, rows: Rows, of: Any) -> Digest:
    number = words.number
    responses, scores = _answers(words, rows, of.id)
    pairs, ratings = _ratings(words, rows, of.id)
    day = of.performed_at.astimezone(frame.zone).date().toordinal()
    findings = rows.findings[of.id]
    return {
        "procedure_id": of.id,
        "facts": _PACK["facts"](
            of.id.bytes,
            of.patient_id.bytes,
            of.surgeon_id.bytes,
            (of.performed_at - _EPOCH) // _MICROSECOND,
            day,
            number(str(of.sex)),
            minutes(of.started_at, of.ended_at) is not None,
            *_redness(rows.redness[of.id]),
            *_complications(findings, assessed=of.id in rows.assessed),
        ),
        "visits": _visits(words, rows, of.id),
        "responses": responses,
        "scores": scores,
        "scars": b"".join(
            _PACK["scars"](
                one.id.bytes,
                *(number(str(word)) for word in (one.subunit, one.side, one.aetiology)),
                int(one.volume_ul or 0),
                _area_cm2(one),
            )
            for one in rows.scars[of.id]
        ),
        "pairs": pairs,
        "ratings": ratings,
        "events": b"".join(_events(words, findings, day)),
    }


def _visits(words: Words, rows: Rows, of: uuid.UUID) -> bytes:
    filled = {one.visit_id for one in rows.responses[of]}

    def stand(one: Any) -> int:
        if one.state == VisitState.ANSWERED or one.id in filled:
            return form.ANSWERED
        return form.ASKED if one.id in rows.told else form.SILENT

    pack, number = _PACK["visits"], words.number
    return b"".join(
        pack(
            *(number(str(word)) for word in (one.step, one.title, one.protocol_version, one.kind, one.state)),
            stand(one),
            one.target_date.toordinal(),
        )
        for one in rows.visits[of]
    )


def _answers(words: Words, rows: Rows, of: uuid.UUID) -> tuple[bytes, bytes]:
    """(responses, scores of them)."""
    number, given = words.number, rows.responses[of]
    responses = b"".join(
        _PACK["responses"](
            one.id.bytes, number(one.instrument), one.via == AnsweredBy.SCORE, number(one.step or ""), form.ordinal(one.answered_on)
        )
        for one in given
    )
    places = {one.id: place for place, one in enumerate(given)}
    scores = b"".join(
        _PACK["scores"](places[one.response_id], number(one.instrument), number(one.scale), one.value_e3)
        for one in rows.scores[of]
        if one.response_id in places
    )
    return responses, scores


def _ratings(words: Words, rows: Rows, of: uuid.UUID) -> tuple[bytes, bytes]:
    """(pairs of photographs, what the raters said of them)."""
    given = rows.pairs[of]
    pairs = b"".join(
        _PACK["pairs"](one.id.bytes, one.scar_id.bytes if one.scar_id else form.NOBODY, words.number(one.step), one.view == PhotoView.FRONT)
        for one in given
    )
    places = {one.id: place for place, one in enumerate(given)}
    ratings = b"".join(
        _PACK["ratings"](places[one.pair_id], words.number(str(one.rater_id)), form.NO_GRADE if one.grade is None else one.grade)
        for one in rows.ratings[of]
    )
    return pairs, ratings


def _redness(looks: Iterable[Any]) -> tuple[int, bool, int, int]:
    """(what is known, whether a day is red and clear, last red day, first clear day after it). It lasts until the last day it was seen."""
    reds, clears = {one.day for one in looks if one.red}, {one.day for one in looks if not one.red}
    if not reds and not clears:
        return form.UNSEEN, False, 0, form.NEVER
    if not reds:
        return form.NEVER_RED, False, 0, min(clears)
    until = max(reds)
    return form.WAS_RED, bool(reds & clears), until, min((day for day in clears if day > until), default=form.NEVER)


def _complications(findings: Sequence[Any], *, assessed: bool) -> tuple[int, int, bool, bool, bool]:
    """(asked about, present, assessed at all, looked for the serious ones, had one).

    A serious one was looked for where all of SERIOUS were asked about, be it at several assessments, or one was found.
    """
    asked = present = 0
    grave = False
    for one in findings:
        if one.present in {Presence.YES, Presence.NO}:
            asked |= _BIT[one.complication]
        if one.present == Presence.YES:
            present |= _BIT[one.complication]
            grave = grave or one.complication in SERIOUS or one.clavien_dindo in SERIOUS_GRADES or (one.ctcae or 0) >= SERIOUS_CTCAE
    return asked, present, assessed, grave or asked & _SERIOUS_BITS == _SERIOUS_BITS, grave


def _events(words: Words, findings: Iterable[Any], day: int) -> Iterable[bytes]:
    """Seen several times, an event began at its first onset, else when it was first seen."""
    by_event = defaultdict(list)
    for one in findings:
        by_event[one.event_id].append(one)
    for event, seen in sorted(by_event.items()):
        there = [one for one in seen if one.present == Presence.YES]
        if not there:
            continue
        began = min(one.onset_on or one.assessed_on for one in there).toordinal()
        last = max(*(one.assessed_on for one in there), *(one.last_present for one in seen if one.last_present), there[0].assessed_on)
        gone = min((one.first_absent for one in seen if one.first_absent), default=None)
        yield _PACK["events"](
            event.bytes,
            words.number(min(str(one.complication) for one in seen)),
            began,
            began - day,
            last.toordinal() - day,
            gone.toordinal() - day if gone and gone > last else form.NEVER,
            words.number(max((str(one.clavien_dindo) for one in seen if one.clavien_dindo), default="")),
            max((one.ctcae for one in seen if one.ctcae), default=0),
        )


@lru_cache(maxsize=4096)
def _area(*stored: Any) -> float:
    """By the rule of `Scar` itself, asked once for scars of the same size."""
    area = Scar(**dict(zip(AREA, stored, strict=True))).area_for_dose_cm2
    return nan if area is None else area


def _area_cm2(scar: Any) -> float:
    return _area(*(getattr(scar, name) for name in AREA))
