"""The arithmetic of the chain: pure, standard library only, so that anyone can check a journal without our code base."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

GENESIS = bytes(32)
HEADER_FIELDS = (
    "clinic_id",
    "seq",
    "at",
    "actor_id",
    "device_id",
    "action",
    "collection",
    "record_id",
    "write_id",
    "detail_hash",
)


def detail_hash(salt: bytes, body: str) -> bytes:
    """SHA-256(salt ‖ body). The salt stops anyone from guessing an erased body from its hash."""
    return sha256(salt + body.encode()).digest()


def link(prev_hash: bytes, header: Mapping[str, Any]) -> bytes:
    """SHA-256(prev_hash ‖ canonical JSON of every column but body and salt); they are bound through `detail_hash`."""
    text = json.dumps({name: header[name] for name in HEADER_FIELDS}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(prev_hash + text.encode()).digest()


def first_fault(rows: Iterable[Mapping[str, Any]]) -> tuple[int, str] | None:
    """First bad `(seq, what is wrong)` of a clinic's rows in order, or None when the chain is whole.

    A row is HEADER_FIELDS (ids and `at` as text, `detail_hash` in hex) plus `body`, `salt`, `prev_hash`, `hash` (bytes);
    body and salt are both None after a legal erasure, which the chain survives.
    """
    expected, previous = 1, GENESIS
    for row in rows:
        seq = row["seq"]
        if seq != expected:
            return expected, f"row {expected} is missing (the next one is {seq})"
        if row["prev_hash"] != previous:
            return seq, "prev_hash is not the hash of the row before"
        if (row["body"] is None) != (row["salt"] is None):
            return seq, "body and salt must be erased together"
        if row["body"] is not None and detail_hash(row["salt"], row["body"]).hex() != row["detail_hash"]:
            return seq, "the body was changed"
        if link(previous, row) != row["hash"]:
            return seq, "a column was changed"
        expected, previous = seq + 1, row["hash"]
    return None
