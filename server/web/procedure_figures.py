"""The drawings of one procedure's page with the table that stands beside them, all from the note's own document."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from schemas.vocabulary import EntryKind, FaceView
from server.procedures.facts import standing
from server.procedures.note import describe
from server.procedures.note.facemap import CAPTIONS
from server.procedures.note.words import amount, glued, listed, plain
from server.procedures.service.record import Record
from server.web.drawings import balance, face_scars, lanes
from server.web.drawings.lanes import Lane

_LANES = {
    EntryKind.HARVEST: Lane.HARVEST,
    EntryKind.PREPARATION: Lane.PROCESSING,
    EntryKind.EMULSIFICATION: Lane.PROCESSING,
    EntryKind.FILTRATION: Lane.PROCESSING,
    EntryKind.INJECTION: Lane.INJECTION,
}


def figures(whole: Record, document: Mapping[str, Any], totals: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """What `procedure/figures.html` shows: sides of the face, rows of the scars, the times and the balance, each with its caption."""
    acts = _acts(whole, totals, zone)
    scars, ends = _scars(document, totals), _endpoints(whole)
    return {
        "faces": [
            {"caption": CAPTIONS[view], "drawing": face_scars.face(view, scars, title=f"{CAPTIONS[view]} of the face with its scars")}
            for view in face_scars.views(scars)
        ],
        "face_caption": face_scars.caption(scars),
        "scar_rows": [
            row | {"endpoint": listed(list(dict.fromkeys(ends.get(one["scar_id"], [])))) or "not recorded"}
            for row, one in zip(document["scars"]["rows"], totals["scars"], strict=True)
        ],
        "scar_total": document["scars"]["total"],
        "acts": acts,
        "lanes": lanes.lanes(acts, title="Harvest, processing and injection on the clock") if acts else None,
        "lanes_caption": lanes.caption(acts),
        "balance": balance.balance(totals),
        "balance_parts": balance.parts(totals),
        "balance_caption": balance.caption(totals),
    }


def _scars(document: Mapping[str, Any], totals: Mapping[str, Any]) -> list[face_scars.Scar]:
    points = {one["number"]: one for one in document["face_map"]["points"]}
    rows = []
    for row, one in zip(document["scars"]["rows"], totals["scars"], strict=True):
        ml, at = one["injected_ml"], points.get(row["number"])
        volume = f"{amount(one['planned_ml'], 'mL')} planned, none given" if ml is None else f"{amount(ml, 'mL')} given"
        where = {"view": FaceView(at["view"]), "x": at["x"], "y": at["y"]} if at else {}
        rows.append(face_scars.Scar(row["number"], row["label"], volume, given=ml is not None, **where))
    return rows


def _endpoints(whole: Record) -> dict[str, list[str]]:
    """The end points noted at the injections that stand, by scar."""
    noted: dict[str, list[str]] = {}
    for fact in standing(whole.facts):
        if fact["kind"] == EntryKind.INJECTION and fact["details"].get("endpoint"):
            noted.setdefault(str(fact["scar_id"]), []).append(plain(fact["details"]["endpoint"]))
    return noted


def _acts(whole: Record, totals: Mapping[str, Any], zone: tzinfo) -> list[lanes.Act]:
    numbers = {row["scar_id"]: number for number, row in enumerate(totals["scars"], 1)}
    kept = {fact["id"] for fact in standing(whole.facts)}
    labels = {str(scar.id): scar.label for scar in whole.scars}
    acts = []
    for fact, entry in zip(whole.facts, whole.entries(), strict=True):
        if fact["id"] not in kept or fact["kind"] not in _LANES:
            continue
        begin = fact["started_at"] or fact["ended_at"] or fact["recorded_at"]
        end = max(begin, fact["ended_at"] or fact["recorded_at"])
        if fact["kind"] == EntryKind.INJECTION and not fact["started_at"]:
            end = begin
        text = glued(describe.describe(entry, labels.get(entry.get("scar_id", ""), "")))
        number = numbers.get(entry.get("scar_id", ""))
        acts.append(lanes.Act(_LANES[fact["kind"]], begin.astimezone(zone), end.astimezone(zone), text, number))
    return sorted(acts, key=lambda one: one.begin)
