"""The arithmetic of the journal and its verifier in one file: standard library and `cryptography` only, no database.

    python verifier.py EXPORT.jsonl [--key PUBLIC_KEY]... [--witness CHECKPOINT_FILE]...

checks an export without any of Graftlog's other code. Hashes: RFC 9162 section 2.1 (Merkle tree); the checkpoint's text is the
signed note of C2SP (c2sp.org/signed-note and c2sp.org/tlog-checkpoint), so that other witnesses can read it.
"""

import argparse
import base64
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "graftlog-journal/1"
GENESIS = bytes(32)
HEADER_FIELDS = ("action", "actor_id", "at", "clinic_id", "collection", "detail_hash", "device_id", "record_id", "seq", "write_id")
ERASURES = "erasures"
"""Collection of the decisions to erase: `records` of such a row names the ids of those whose earlier bodies may be gone."""
NO_CHECKPOINT = "none"  # `previous` of the first one
_ED25519 = b"\x01"  # C2SP's number of the signature algorithm
HINT = 4
"""Bytes of a key's hash that stand before a signature in a signed note."""


class Unverified(ValueError):
    """A checkpoint's text cannot be read, or no trusted key signed it."""


def b64(data: bytes) -> str:
    """Base64 text."""
    return base64.b64encode(data).decode()


def detail_hash(salt: bytes, body: str) -> bytes:
    """SHA-256(salt ‖ body). The salt stops anyone from guessing an erased body from its hash."""
    return sha256(salt + body.encode()).digest()


def link(prev_hash: bytes, header: Mapping[str, Any]) -> bytes:
    """SHA-256(prev_hash ‖ canonical JSON of every column but body and salt); they are bound through `detail_hash`.

    The JSON is written out here, its keys in their order: twice as fast as an encoder, and a journal has many rows.
    """
    text = (
        f'{{"action":{_said(header["action"])},"actor_id":{_said(header["actor_id"])},"at":{_said(header["at"])},"clinic_id":'
        f'{_said(header["clinic_id"])},"collection":{_said(header["collection"])},"detail_hash":{_said(header["detail_hash"])},"device_id":'
        f'{_said(header["device_id"])},"record_id":{_said(header["record_id"])},"seq":{header["seq"]},"write_id":{_said(header["write_id"])}}}'
    )
    return sha256(prev_hash + text.encode()).digest()


def _said(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


def row_fault(row: Mapping[str, Any], expected: int, previous: bytes) -> tuple[int, str] | None:
    """`(seq, what is wrong)` of one row that should be number `expected` after the hash `previous`.

    A row is HEADER_FIELDS (ids and `at` as text, `detail_hash` in hex) plus `body`, `salt`, `prev_hash`, `hash` (bytes);
    body and salt are both None after a legal erasure, which the chain survives.
    """
    seq: int = row["seq"]
    if seq != expected:
        return expected, f"row {expected} is missing (the next one is {seq})"
    if row["prev_hash"] != previous:
        return seq, "prev_hash is not the hash of the row before"
    if (row["body"] is None) != (row["salt"] is None):
        return seq, "body and salt must be erased together"
    if row["body"] is not None and detail_hash(row["salt"], row["body"]).hex() != row["detail_hash"]:
        return seq, "the body was changed"
    try:
        return None if link(previous, row) == row["hash"] else (seq, "a column was changed")
    except TypeError:  # a column of an export is no text any more
        return seq, "a column was changed"


def parent(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node; the byte in front keeps it from being taken for a leaf's."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """A Merkle tree of which only the roots of its complete subtrees are kept, the largest first: enough to go on from.

    Its leaves are the rows' hashes; `parts` has one root (32 bytes) for each bit that is set in `size`.
    """

    size: int = 0
    parts: list[bytes] = field(default_factory=list)

    def add(self, row_hash: bytes) -> None:
        """One more leaf."""
        part, bits = sha256(b"\x00" + row_hash).digest(), self.size
        while bits & 1:
            part, bits = parent(self.parts.pop(), part), bits >> 1
        self.parts.append(part)
        self.size += 1

    def root(self) -> bytes:
        """Merkle Tree Hash of all leaves; of none, the hash of nothing."""
        if not self.parts:
            return sha256().digest()
        root = self.parts[-1]
        for part in reversed(self.parts[:-1]):
            root = parent(part, root)
        return root


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint's text says: so many rows have this root. `epoch` and `previous` bind it to its place in the history."""

    clinic_id: str
    size: int
    root: bytes
    epoch: str
    at: str
    previous: str

    def text(self) -> str:
        """The lines that are signed."""
        return f"{origin(self.clinic_id)}\n{self.size}\n{b64(self.root)}\nepoch {self.epoch}\nat {self.at}\nprevious {self.previous}\n"


def origin(clinic_id: str) -> str:
    """Name of a clinic's journal among all logs in the world."""
    return f"graftlog/{clinic_id}"


def hint(name: str, public_key: bytes) -> bytes:
    """Four bytes by which a signed note says whose signature follows."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:HINT]


def name_of(note: str) -> str:
    """By which the next checkpoint calls this one: SHA-256 of its text without the signature, in hex."""
    return sha256(note.split("\n\n— ", maxsplit=1)[0].encode() + b"\n").hexdigest()


def opened(note: str, keys: Iterable[str]) -> Checkpoint:
    """Read a signed note that one of `keys` (public keys, base64) has signed. Raises Unverified."""
    text, _, signature = note.partition("\n\n— ")
    text += "\n"
    try:
        name, seal = signature.rstrip("\n").split(" ")
        raw = base64.b64decode(seal, validate=True)
        first, size, root, *more = text.rstrip("\n").split("\n")
        said = dict(line.split(" ", 1) for line in more)
        checkpoint = Checkpoint(
            first.removeprefix("graftlog/"), int(size), base64.b64decode(root, validate=True), said["epoch"], said["at"], said["previous"]
        )
    except (ValueError, KeyError) as error:
        raise Unverified("a checkpoint cannot be read") from error
    if name != first or checkpoint.text() != text:
        raise Unverified("a checkpoint cannot be read")
    for key in keys:
        public = base64.b64decode(key)
        if raw[:HINT] == hint(name, public):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[HINT:], text.encode())
            except InvalidSignature:
                continue
            return checkpoint
    raise Unverified(f"the checkpoint of {checkpoint.size} rows is not signed by a trusted key")


Fault = tuple[int, str]


@dataclass
class Journal:
    """A journal being read: add its rows and checkpoints in order; `fault` is the first `(seq, what is wrong)`."""

    clinic_id: str
    keys: Sequence[str]
    witnessed: Mapping[int, bytes] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    previous: bytes = GENESIS
    named: str = NO_CHECKPOINT
    checkpoints: int = 0
    fault: Fault | None = None
    erased: dict[str, int] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    has_bodies: bool = False

    def row(self, row: Mapping[str, Any]) -> None:
        """The next row."""
        self.fault = self.fault or row_fault(row, self.tree.size + 1, self.previous)
        if self.fault is None and row["clinic_id"] != self.clinic_id:
            self.fault = row["seq"], "the row is another clinic's"
        if self.fault is None:
            self.previous = row["hash"]
            self.tree.add(row["hash"])
            self._note_erasure(row)
            if self.tree.size in self.witnessed and self.witnessed[self.tree.size] != self.tree.root():
                self.fault = self.tree.size, f"a checkpoint kept elsewhere says that the first {self.tree.size} rows were others"

    def _note_erasure(self, row: Mapping[str, Any]) -> None:
        """Which records have lost a body (and where first), and about which ones a row says that they were to."""
        if row["body"] is None:
            self.erased.setdefault(row["record_id"], row["seq"])
            return
        self.has_bodies = True
        if row["collection"] == ERASURES:
            self.decided.update(json.loads(row["body"])["records"])

    def checkpoint(self, note: str) -> None:
        """The checkpoint that was taken after the rows so far."""
        if self.fault:
            return
        try:
            said = opened(note, self.keys)
        except Unverified as error:
            self.fault = self.tree.size, str(error)
            return
        if said.clinic_id != self.clinic_id:
            self.fault = self.tree.size, "a checkpoint is another clinic's"
        elif said.size != self.tree.size:
            self.fault = self.tree.size + 1, f"a checkpoint says that {said.size} rows were written; {self.tree.size} are here"
        elif said.root != self.tree.root():
            self.fault = said.size, f"the checkpoint of {said.size} rows says that they were others"
        elif said.previous != self.named:
            self.fault = said.size, "a checkpoint is missing before this one"
        self.named, self.checkpoints = name_of(note), self.checkpoints + 1

    def end(self) -> Fault | None:
        """After the last row: what is wrong, or None. A checkpoint kept elsewhere may know of more rows.

        A body may be gone only where a row says that this record was to be erased; an export without bodies has none to show.
        """
        longer = [size for size in self.witnessed if size > self.tree.size]
        if self.fault is None and longer:
            self.fault = (
                self.tree.size + 1,
                f"a checkpoint kept elsewhere says that {max(longer)} rows were written; {self.tree.size} are here",
            )
        unexplained = [seq for record_id, seq in self.erased.items() if record_id not in self.decided] if self.has_bodies else []
        if self.fault is None and unexplained:
            self.fault = min(unexplained), "the body is gone, and no decision to erase it is recorded"
        return self.fault


def read(lines: Iterable[str], keys: Sequence[str], witnessed: Mapping[int, bytes]) -> Journal:
    """Check an export, a line at a time. `keys` are trusted public keys (base64); without any, those that the export itself names.

    Raises Unverified for what is no export.
    """
    every = (json.loads(line) for line in lines if line.strip())
    first: Any = next(every, None)
    if not isinstance(first, dict) or first.get("format") != FORMAT:
        raise Unverified(f"this is no export of a journal: its first line does not say {FORMAT}")
    journal = Journal(first["clinic_id"], list(keys) or [one["public_key"] for one in first["keys"]], witnessed)
    for line in every:
        if "checkpoint" in line:
            journal.checkpoint(line["checkpoint"])
        else:
            for name in ("salt", "prev_hash", "hash"):
                line[name] = bytes.fromhex(line[name]) if line[name] is not None else None
            journal.row(line)
    journal.end()
    return journal


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when all is well, 1 with the first bad row, 2 when the file cannot be read."""
    parser = argparse.ArgumentParser(description="Check an exported Graftlog journal.")
    parser.add_argument("file", type=Path, help="what `graftlog journal export` wrote")
    parser.add_argument("--key", action="append", default=[], help="public key to trust (base64); may be given again for older keys")
    parser.add_argument("--witness", action="append", default=[], type=Path, help="a checkpoint that a tablet or somebody else has kept")
    asked = parser.parse_args(arguments)
    try:
        with asked.file.open(encoding="utf-8") as lines:
            own = json.loads(lines.readline() or "{}").get("keys", [])
            kept = [opened(path.read_text(encoding="utf-8"), asked.key or [one["public_key"] for one in own]) for path in asked.witness]
            lines.seek(0)
            journal = read(lines, asked.key, {one.size: one.root for one in kept})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stdout.write(f"✗ {asked.file}: {error}\n")
        return 2
    if journal.fault:
        sys.stdout.write(f"✗ row {journal.fault[0]}: {journal.fault[1]}\n")
        return 1
    sys.stdout.write(f"✓ {journal.tree.size} rows, {journal.checkpoints} checkpoints; root {b64(journal.tree.root())}\n")
    if not asked.key:
        sys.stdout.write("  Checked with the keys that the export itself names. Only a --key that you had before proves who signed.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
