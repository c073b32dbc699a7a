"""An exported journal in the hands of somebody who does not trust us: every way of rewriting history is named by its row."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.config import Config
from server.db import Database
from server.journal import checkpoints, keys, proofs, reading, verifier
from tests import make

Line = dict[str, Any]


def checkpoint(db: Database, clinic: make.Clinic, config: Config) -> str:
    """What a tablet would be handed now."""
    with db.transaction(clinic.id) as session:
        taken = checkpoints.take(session, config.keys)
        assert taken is not None
        return taken.note


def exported(db: Database, clinic: make.Clinic, *, bodies: bool = True) -> list[Line]:
    with db.transaction(clinic.id, write=False) as session:
        return [json.loads(line) for line in reading.export(session, clinic.id, bodies=bodies)]


@pytest.fixture
def journal(db: Database, clinic: make.Clinic, config: Config) -> list[Line]:
    """Anna, a checkpoint, Bence, a checkpoint, Csaba: eight rows, the checkpoints after the sixth and the seventh."""
    for name in ("Anna", "Bence"):
        make.patient(db, clinic, given_name=name)
        checkpoint(db, clinic, config)
    make.patient(db, clinic, given_name="Csaba")
    return exported(db, clinic)


def checked(lines: list[Line], *keys_: str, witnessed: dict[int, bytes] | None = None) -> verifier.Journal:
    return verifier.read((json.dumps(line) for line in lines), keys_, witnessed or {})


def at(lines: list[Line], seq: int) -> int:
    return next(index for index, line in enumerate(lines) if line.get("seq") == seq)


def key_of(lines: list[Line]) -> str:
    return str(lines[0]["keys"][0]["public_key"])


def relinked(lines: list[Line]) -> list[Line]:
    """As somebody who can write the database would leave it: every hash is computed anew, and only the signatures are not his."""
    previous = verifier.GENESIS
    for line in lines:
        if "seq" in line:
            if line["body"] is not None:
                line["detail_hash"] = verifier.detail_hash(bytes.fromhex(line["salt"]), line["body"]).hex()
            line["prev_hash"], previous = previous.hex(), verifier.link(previous, line)
            line["hash"] = previous.hex()
    return lines


def resigned(lines: list[Line], private: Ed25519PrivateKey) -> list[Line]:
    """With checkpoints of another key too."""
    tree, named = verifier.Tree(), verifier.NO_CHECKPOINT
    for line in relinked(lines):
        if "seq" in line:
            tree.add(bytes.fromhex(line["hash"]))
        elif "checkpoint" in line:
            said = verifier.Checkpoint(lines[0]["clinic_id"], tree.size, tree.root(), "e", "t", named)
            line["checkpoint"] = proofs.signed(said, private)
            named = verifier.name_of(line["checkpoint"])
    return lines


def test_a_journal_as_it_is(journal: list[Line]) -> None:
    read = checked(journal, key_of(journal))
    assert (read.tree.size, read.checkpoints, read.fault) == (8, 2, None)


def test_without_what_the_records_say_it_is_checked_all_the_same(db: Database, clinic: make.Clinic, journal: list[Line]) -> None:
    bare = exported(db, clinic, bodies=False)
    assert "Anna" not in json.dumps(bare)
    assert checked(bare).tree.root() == checked(journal).tree.root()


@pytest.mark.parametrize("column", [*verifier.HEADER_FIELDS, "body", "salt", "prev_hash", "hash"])
def test_a_column_that_was_changed_names_its_row(journal: list[Line], column: str) -> None:
    row = journal[at(journal, 6)]
    was = row[column]
    if column in {"salt", "prev_hash", "hash"}:
        row[column] = ("0" if was[0] != "0" else "1") + was[1:]
    else:
        row[column] = 99 if column == "seq" else f"{was}?"
    assert checked(journal).fault is not None
    assert checked(journal).fault[0] == 6  # type: ignore[index]  # reason: asserted above


def _without(seq: int) -> Callable[[list[Line]], list[Line]]:
    return lambda lines: [line for line in lines if line.get("seq") != seq]


def _swapped(lines: list[Line]) -> list[Line]:
    third, fourth = at(lines, 3), at(lines, 4)
    lines[third], lines[fourth] = lines[fourth], lines[third]
    return lines


def _twice(lines: list[Line]) -> list[Line]:
    return [*lines[: at(lines, 4)], lines[at(lines, 3)], *lines[at(lines, 4) :]]


def _cut(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.get("seq", 0) < 6]


def _renamed(lines: list[Line]) -> list[Line]:
    row = lines[at(lines, 6)]
    row["body"] = row["body"].replace("Anna", "Anne")
    return lines


def _without_a_checkpoint(lines: list[Line]) -> list[Line]:
    first = next(index for index, line in enumerate(lines) if "checkpoint" in line)
    return lines[:first] + lines[first + 1 :]


ATTACKS: dict[str, tuple[Callable[[list[Line]], list[Line]], int, str]] = {
    "the first row is gone": (_without(1), 1, "row 1 is missing"),
    "a row in the middle is gone": (_without(4), 4, "row 4 is missing"),
    "two rows changed places": (_swapped, 3, "row 3 is missing"),
    "a row stands twice": (_twice, 4, "row 4 is missing"),
    "the end after a checkpoint is gone": (_cut, 6, "a checkpoint says that 6 rows were written; 5 are here"),
    "a body was changed and all hashes with it": (lambda lines: relinked(_renamed(lines)), 6, "the checkpoint of 6 rows says"),
    "a checkpoint is gone": (_without_a_checkpoint, 7, "a checkpoint is missing before this one"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_named_by_its_row(journal: list[Line], attack: str) -> None:
    do, seq, says = ATTACKS[attack]
    fault = checked(do(journal), key_of(journal)).fault
    assert fault is not None
    assert (fault[0], says in fault[1]) == (seq, True), fault


def test_another_key_convinces_only_who_trusts_the_export(journal: list[Line]) -> None:
    """Everything is consistent with itself, keys included; whoever had the clinic's key before is not deceived."""
    mine, theirs = Ed25519PrivateKey.generate(), key_of(journal)
    forged = resigned(_renamed(journal), mine)
    forged[0]["keys"] = [{"public_key": base64.b64encode(mine.public_key().public_bytes_raw()).decode()}]
    assert checked(forged).fault is None
    assert checked(forged, theirs).fault == (6, "the checkpoint of 6 rows is not signed by a trusted key")


def test_the_rows_after_the_last_checkpoint_are_held_by_who_kept_a_newer_one(
    db: Database, clinic: make.Clinic, config: Config, journal: list[Line]
) -> None:
    """The last row and the checkpoint that knew of it are taken away; a tablet in Vera's bag still has that checkpoint."""
    kept = verifier.opened(checkpoint(db, clinic, config), [key_of(journal)])
    assert checked(_without(8)(journal), key_of(journal)).fault is None
    fault = checked(_without(8)(journal), key_of(journal), witnessed={kept.size: kept.root}).fault
    assert fault == (8, "a checkpoint kept elsewhere says that 8 rows were written; 7 are here")


def test_two_histories_of_one_length_cannot_both_be_shown(journal: list[Line]) -> None:
    """A fork signed with the clinic's own key: the tablet's checkpoint of seven rows is about others."""
    kept = {7: checked(journal[: at(journal, 8)]).tree.root()}
    mine = Ed25519PrivateKey.generate()
    forged = resigned(_renamed(journal), mine)
    fault = checked(forged, base64.b64encode(mine.public_key().public_bytes_raw()).decode(), witnessed=kept).fault
    assert fault == (7, "a checkpoint kept elsewhere says that the first 7 rows were others")


@pytest.mark.usefixtures("journal")
def test_a_new_key_is_named_by_the_old_one(db: Database, clinic: make.Clinic, config: Config) -> None:
    with db.transaction(clinic.id) as session:
        old, new = keys.rotate(session, config.keys)
    checkpoint(db, clinic, config)
    lines = exported(db, clinic)
    first, second = lines[0]["keys"]
    assert (first["key_id"], second["key_id"], second["retired_at"]) == (old, new, None)
    assert first["retired_at"] is not None
    said = json.loads(lines[at(lines, 9)]["body"])
    assert keys.is_valid(first["public_key"], said["signature"], second["public_key"])
    assert checked(lines).fault is None
    assert checked(lines, second["public_key"]).fault == (6, "the checkpoint of 6 rows is not signed by a trusted key")


def test_the_verifier_is_one_file(journal: list[Line], tmp_path: Path) -> None:
    """Carried off alone, with nothing of Graftlog's to import."""
    tool = shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    file, kept = tmp_path / "export.jsonl", tmp_path / "kept.txt"

    def ran(*more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(tool), str(file), *more], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout

    file.write_text("".join(f"{json.dumps(line)}\n" for line in journal))
    kept.write_text(next(line["checkpoint"] for line in journal if "checkpoint" in line))
    code, said = ran("--key", key_of(journal), "--witness", str(kept))
    assert (code, said.startswith("✓ 8 rows, 2 checkpoints")) == (0, True), said
    assert "a --key that you had before" in ran()[1]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in relinked(_renamed(journal))))
    assert ran("--key", key_of(journal)) == (1, "✗ row 6: the checkpoint of 6 rows says that they were others\n")
    file.write_text("{}\n")
    assert ran()[0] == 2


@pytest.mark.parametrize("text", ["", "graftlog/x\n1\n", "a\nb\nc\n\n— d e\n", "x\n1\nAAAA\nepoch e\nat t\nprevious p\n\n— y AAAA\n"])
def test_what_is_no_checkpoint_is_said_to_be_none(text: str) -> None:
    with pytest.raises(verifier.Unverified):
        verifier.opened(text, [])
