"""The note's photographs: how many, which file each is, and whether the signature covers it."""

from typing import Any

from server.procedures.note.case import Case
from server.procedures.note.words import NOT_RECORDED, capital, counted, plain
from server.procedures.pictures import Picture

_SHORT_HASH = 12


def section(case: Case) -> dict[str, Any]:
    """Of the procedure alone. One that is announced and not whole is counted apart: nobody has seen it yet."""
    known = [one for one in case.record.pictures if one.sha256]
    coming = len(case.record.pictures) - len(known)
    whole = [one for one in known if not one.erased]
    gone = len(known) - len(whole)
    text = f"{counted(len(whole), 'photograph')} of this procedure." if whole else "No photograph of this procedure is stored."
    if gone:
        text += f" {counted(gone, 'photograph')} {'was' if gone == 1 else 'were'} erased on the patient's request."
    if coming:
        text += f" {counted(coming, 'photograph')} {'is' if coming == 1 else 'are'} announced and not stored yet."
    return {"stored": len(whole), "announced": coming, "text": text, "rows": [_row(case, one) for one in known]}


def _row(case: Case, one: Picture) -> dict[str, str]:
    scar = next((scar.label for scar in case.record.scars if str(scar.id) == one.scar_id), None)
    shown = f"{capital(plain(one.view))}, {plain(one.kind)}" + (f", {scar}" if scar else "")
    taken = case.moment(one.taken_at) if one.taken_at else NOT_RECORDED
    return {
        "id": one.id,
        "text": f"{shown}; taken: {taken}.",
        "hash": f"{(one.sha256 or '')[:_SHORT_HASH]}…",
        "standing": _standing(case, one),
    }


def _standing(case: Case, one: Picture) -> str:
    signature = case.record.signature
    if one.erased:
        return "Erased on the patient's request."
    if signature is None:
        return "Not signed yet."
    if any(signed["id"] == one.id for signed in signature.document()["manifest"].get("photos", [])):
        return "Covered by the signature."
    if one.stored_at and one.stored_at < signature.signed_at:
        return "Not covered by the signature."
    return "Added after signing; not covered by the signature."
