"""`graftlog`: a real clinic set up by hand, and the journal checked before and after tampering."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from server import clock
from server.clinics import demo
from server.clinics.credentials import SecondFactor
from server.db import Database
from tests import databases, make
from tests.tampering import tampered

GRAFTLOG = str(Path(sys.executable).parent / "graftlog")


def graftlog(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run({"GRAFTLOG_DATA": str(folder), "GRAFTLOG_PASSWORD": make.PASSWORD} | databases.settings(url), *arguments)


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GRAFTLOG, *arguments], env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_clinic_is_set_up_and_its_first_person_added(tmp_path: Path, worker_name: str) -> None:
    with databases.fresh(worker_name) as url:
        made = graftlog(tmp_path, url, "clinic", "create", "--name", "Hillside", "--time-zone", "Europe/Vilnius",
                        "--admin-email", "Ieva@hillside.example", "--admin-name", "Ieva Kazlauskaitė")  # fmt: skip
        assert made.returncode == 0, made.stderr
        clinic_id = made.stdout.split("(")[1].split(")")[0]
        again = graftlog(tmp_path, url, "clinic", "add-person", "--clinic", clinic_id, "--email", "ieva@hillside.example",
                         "--name", "Another", "--role", "surgeon")  # fmt: skip
        assert again.returncode != 0
        assert "already signs in as ieva@hillside.example" in again.stderr
        wrong = graftlog(tmp_path, url, "clinic", "create", "--name", "X", "--time-zone", "Mars/Olympus", "--admin-email", "a@b",
                         "--admin-name", "A")  # fmt: skip
        assert "not an IANA time zone" in wrong.stderr
        assert "Hillside" in graftlog(tmp_path, url, "clinic", "list").stdout


def test_the_journal_is_green_and_red_after_one_byte(tmp_path: Path, worker_name: str) -> None:
    with databases.fresh(worker_name) as url:
        database = Database(url)
        clinic = make.clinic(database)
        make.patient(database, clinic, given_name="Anna")
        green = graftlog(tmp_path, url, "journal", "verify")
        assert (green.returncode, "chain whole" in green.stdout) == (0, True)
        tampered(database, "UPDATE journal SET body = replace(body, 'Anna', 'Anne') WHERE seq = 6")
        database.close()
        red = graftlog(tmp_path, url, "journal", "verify")
        assert red.returncode == 1
        assert "row 6: the body was changed" in red.stdout


def test_somebody_else_checks_the_journal_that_was_written_out_for_him(tmp_path: Path, worker_name: str) -> None:
    """Ieva changes the key, writes the journal out without what it says, and an auditor checks it; a second file is not written over."""
    with databases.fresh(worker_name) as url:
        database = Database(url)
        clinic = make.clinic(database)
        make.patient(database, clinic, given_name="Anna")
        database.close()
        rotated = graftlog(tmp_path, url, "journal", "rotate-key", "--clinic", str(clinic.id))
        assert "is retired" in rotated.stdout, rotated.stderr
        file = tmp_path / "journal.jsonl"
        export = ("journal", "export", str(file), "--clinic", str(clinic.id), "--without-bodies")
        assert graftlog(tmp_path, url, *export).returncode == 0
        assert "Anna" not in file.read_text()
        keys = [one["public_key"] for one in json.loads(file.read_text().splitlines()[0])["keys"]]
        checked = graftlog(tmp_path, url, "journal", "verify", str(file), *(f"--key={key}" for key in keys))
        assert (checked.returncode, checked.stdout.startswith("✓ 7 rows, 1 checkpoints")) == (0, True), checked.stdout
        assert "File exists. Name a file that does not exist" in graftlog(tmp_path, url, *export).stderr
        stranger = graftlog(tmp_path, url, "journal", "export", str(file) + "2", "--clinic", str(uuid.uuid4()))
        assert "No such clinic" in stranger.stderr


def test_a_patient_is_erased_once_her_number_was_typed_twice(tmp_path: Path, worker_name: str) -> None:
    """Anna asks for it, Ádám decides it, the operator does it: first with a slip, then rightly."""
    with databases.fresh(worker_name) as url:
        database = Database(url)
        clinic = make.clinic(database)
        anna = make.patient(database, clinic, phone="+36 30 123 4567")
        database.close()
        erase = ("clinic", "erase-patient", "--clinic", str(clinic.id), "--mrn", anna["mrn"], "--reason", "Her letter.")
        slip = graftlog(tmp_path, url, *erase, "--by", clinic.admin.email, "--again", "7")
        assert (slip.returncode, "Nothing was erased." in slip.stderr) == (1, True)
        nobody = graftlog(tmp_path, url, *erase, "--by", "nobody@clinic.example", "--again", anna["mrn"])
        assert "address of a person of this clinic" in nobody.stderr
        done = graftlog(tmp_path, url, *erase, "--by", clinic.admin.email, "--again", anna["mrn"])
        assert done.returncode == 0, done.stderr
        assert "Emptied: phone, email. Reminders are stopped." in done.stdout
        assert "Bodies erased from the journal: 1." in done.stdout
        assert "chain whole" in graftlog(tmp_path, url, "journal", "verify").stdout


def test_the_demos_code_is_one_that_was_not_used_yet(tmp_path: Path, worker_name: str) -> None:
    """The case of the README signs in and signs right after the demo has signed in itself."""
    with databases.fresh(worker_name) as url:
        database = Database(url)
        clinic = make.clinic(database)
        now = int(clock.now().timestamp()) // 30
        with database.transaction(clinic.id) as session:
            factor = session.get_one(SecondFactor, (clinic.id, clinic.surgeon.user_id))
            factor.last_step = now
        database.close()
        said = graftlog(tmp_path, url, "demo", "code", "--email", clinic.surgeon.email)
        assert said.stdout.strip() in {demo.code_of(now + 1), demo.code_of(now + 2)}  # the second where half a minute ended meanwhile
        assert "nobody in it has this address" in graftlog(tmp_path, url, "demo", "code").stderr
