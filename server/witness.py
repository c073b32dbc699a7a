"""HTTP of the journal's checkpoints: what tablets keep, so that a rewritten history is contradicted from outside."""

from typing import Any

from flask import Response

from schemas.witness import KeyList, WitnessOut, WitnessQuery
from server.access import Permission, allow
from server.canonical import instant
from server.http import Routes, answer, caller, session
from server.journal import checkpoints, keys, verifier
from server.journal.models import JournalCheckpoint

routes = Routes("witness", __name__, url_prefix="/api/v1", description="Checkpoints of the journal, to be kept outside of the server")


@routes.route("/journal/checkpoint", methods=["GET"])
@routes.arguments(WitnessQuery, location="query")
@routes.response(200, WitnessOut)
@allow(Permission.SYNC)
def get_checkpoint(query: dict[str, Any]) -> Response:
    """The newest checkpoint, and the proof that it continues the one the asker keeps. A tablet asks at the end of each sync."""
    newest = checkpoints.newest(session())
    proof = checkpoints.proof(session(), query.get("known", 0), newest) if newest else None
    return answer(
        {
            "checkpoint": _document(newest) if newest else None,
            "proof": None if proof is None else [verifier.b64(part) for part in proof],
        }
    )


def _document(checkpoint: JournalCheckpoint) -> dict[str, Any]:
    return {
        "size": checkpoint.size,
        "root": verifier.b64(checkpoint.root),
        "at": instant(checkpoint.at),
        "key_id": checkpoint.key_id,
        "note": checkpoint.note,
    }


@routes.route("/journal/keys", methods=["GET"])
@routes.response(200, KeyList)
@allow(Permission.SYNC)
def list_keys() -> Response:
    """The public keys that sign notes and checkpoints, with their history. Whoever keeps them once can check everything later."""
    return answer({"items": keys.published(session(), caller().clinic_id)})
