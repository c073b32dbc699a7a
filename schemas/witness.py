"""Shapes of the journal's checkpoints, as tablets and others keep them."""

from marshmallow import fields

from schemas.fields import Moment, QueryWhole, Shape, Text
from schemas.limits import LIMITS, Limit

LIMITS["journal_rows"] = Limit("journal_rows", "rows", 0, 999_999_999, typical=1000)
_ROOT = 44
"""Characters of 32 bytes in base64."""


class WitnessQuery(Shape):
    """What the asker holds already."""

    known = QueryWhole("journal_rows", metadata={"description": "`size` of the checkpoint that you keep; the proof starts there."})


class CheckpointOut(Shape):
    """So many rows of the journal have this Merkle root, says the clinic's key."""

    size = fields.Integer(required=True, metadata={"description": "Rows of the journal that it covers: numbers 1 to `size`."})
    root = Text(longest=_ROOT, required=True, metadata={"description": "RFC 9162 Merkle Tree Hash over the rows' hashes, base64."})
    at = Moment(required=True)
    key_id = Text(longest=16, required=True)
    note = Text(longest=2000, required=True, metadata={"description": "The signed text (C2SP signed note); keep it as it is."})


class WitnessOut(Shape):
    """The newest checkpoint; `proof` shows that the journal still begins with the rows of the one that is known."""

    checkpoint = fields.Nested(CheckpointOut, required=True, allow_none=True, metadata={"description": "null: nothing is covered yet."})
    proof = fields.List(
        Text(longest=_ROOT),
        required=True,
        allow_none=True,
        metadata={"description": "RFC 9162 consistency proof, base64; null: this journal has no checkpoint of `known` rows."},
    )


class KeyOut(Shape):
    """A public key of the clinic's, in use or retired."""

    key_id = Text(longest=16, required=True)
    public_key = Text(longest=_ROOT, required=True)
    created_at = Moment(required=True)
    retired_at = Moment(required=True, allow_none=True)


class KeyList(Shape):
    """All keys, the oldest first."""

    items = fields.List(fields.Nested(KeyOut), required=True)
