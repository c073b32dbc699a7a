"""Other versions and other places: a migration under load, a backup under load, and tablets that live through it all."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
import uuid
from pathlib import Path

from server.backup import service as backups
from server.config import Config, from_environment
from server.db import Database
from server.migrations import heads
from server.migrations.upgrade import upgrade
from tests.drill.processes import ROOT
from tests.drills.book import IN_THE_SUITE, Broken, Figures, NotShown, Scene, drill, ensure
from tests.drills.checker import check, kept, whole
from tests.drills.database import at_work, ended, repeat
from tests.drills.load import Desk, Load, Told
from tests.drills.serving import serving
from tests.offline.__main__ import live
from tests.offline.theatre import theatre

STALLS_AT_MOST_S = 2.0
HEADS = "server/migrations/heads.py"


@drill(
    14,
    "two and three tablets edit the same records offline and sync in any order, on a bad network, while the server is killed",
    "all tablets end alike; every fact once; every losing value kept",
)
def lives(scene: Scene) -> Figures:
    """Seeded lives, each with its own clinic."""
    if scene.short:
        raise NotShown(IN_THE_SUITE)
    count, db = 40, scene.cluster().database()
    with theatre(db, scene.folder) as here:
        for seed in range(scene.seed * 1000, scene.seed * 1000 + count):
            if promises := live(here, seed):
                raise Broken(f"life {seed}: {promises[0]}")
        happened = sum(here.network.happened.values())
    db.close()
    return [f"{count} lives, {happened} requests"]


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise NotShown(f"the version before is not in this copy: {done.stderr.decode().strip()}")
    return done.stdout


def before(folder: Path) -> str:
    """Put the newest code with an older migration into that folder; the migration's name."""
    for commit in _git("log", "--format=%H", "--", HEADS).decode().split()[1:]:
        said: dict[str, str] = {}
        exec(_git("show", f"{commit}:{HEADS}"), said)
        if said["NEWEST"] < heads.NEWEST:
            with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
                archive.extractall(folder, filter="data")
            return said["NEWEST"]
    raise NotShown("no older migration is in this copy's history")


PREPARE = """
import json, sys
from schemas.vocabulary import ProcedureState
from server.db import Database
from tests import make
db = Database(sys.argv[1])
clinic = make.clinic(db)
patient = make.patient(db, clinic)["id"]
for _ in range(6):
    made = make.procedure(db, clinic, state=ProcedureState.IN_PROGRESS, patient_id=patient)
    print(json.dumps([str(clinic.id), make.token(db, clinic.surgeon), made["id"]]))
"""


def _desks(db: Database, code: Path) -> list[Desk]:
    """A clinic and its procedures, made by the code of that folder."""
    command = [sys.executable, "-c", PREPARE, db.url.render_as_string(hide_password=False)]
    done = subprocess.run(command, cwd=code, env=os.environ | {"PYTHONPATH": str(code)}, capture_output=True, text=True, check=False)
    ensure(done.returncode == 0, f"the version before could not prepare its clinic: {done.stderr[-500:]}")
    return [Desk(uuid.UUID(clinic), token, procedure) for clinic, token, procedure in map(json.loads, done.stdout.splitlines())]


@drill(
    17,
    "the newest migration while the version before is at work",
    f"no 5xx; nobody waits longer than {STALLS_AT_MOST_S:.0f} s; old code goes on",
)
def migrated(scene: Scene) -> Figures:
    """The web process of the version before, writers at work, `graftlog db upgrade`, then the new web process beside it."""
    cluster, old = scene.cluster(), scene.folder / "before"
    name = before(old)
    db = Database(cluster.url_of(cluster.empty()))
    upgrade(db, name)
    with serving(db, scene.folder / "web-before", code=old) as server:
        desks = _desks(db, old)
        load = Load(db, server.port, scene.seed, desks=desks)
        load.start()
        time.sleep(2)
        calls, begun = len(load.seconds), time.monotonic()
        upgrade(db)
        took = time.monotonic() - begun
        time.sleep(2)
        with serving(db, scene.folder / "web-now") as new:
            beside = Load(db, new.port, scene.seed + 1, desks=desks).run(scene.size(10, 3))
            load.stop()
            figures, more = check(load, lambda act: repeat(new, act)), check(beside, lambda act: repeat(new, act))
    db.close()
    unkind = {status for status in (*load.statuses, *beside.statuses) if status >= 500}
    slowest = max(load.seconds[calls:])
    ensure(not unkind, f"answers {load.statuses}")
    ensure(slowest <= STALLS_AT_MOST_S, f"somebody waited for {slowest:.1f} s")
    return [f"{name} to {heads.NEWEST} in {took:.2f} s, longest call since {slowest:.2f} s", *figures, f"new code beside it: {more[0]}"]


@drill(
    18,
    "a backup under load, restored in an empty place",
    "nothing lost that was acknowledged before it began; chain whole; how long it took",
)
def restored(scene: Scene) -> Figures:
    """In a database that has never been used, as on a new machine."""
    with at_work(scene) as (db, server, load):
        time.sleep(scene.size(20, 3))
        before_it = [act for act in load.acts if act.told == Told.DONE]
        begun = time.monotonic()
        backups.backup(_settings(scene.folder / "here", db.url.render_as_string(hide_password=False)), scene.folder / "night.zip", None)
        backed_up = time.monotonic() - begun
        figures = ended(load, server)
    place = scene.cluster().url_of(scene.cluster().empty())
    begun = time.monotonic()
    backups.restore(_settings(scene.folder / "there", place), scene.folder / "night.zip", replace=False, agree=lambda _: None)
    took = time.monotonic() - begun
    there = Database(place)
    kept(there, before_it)
    rows = whole(there)
    there.close()
    return [
        f"{len(before_it)} acknowledged before it: all there, {rows} journal rows verified",
        f"backup {backed_up:.1f} s, restore {took:.1f} s",
        *figures[:1],
    ]


def _settings(data: Path, url: str) -> Config:
    data.mkdir()
    return from_environment({"GRAFTLOG_DATA": str(data), "DATABASE_URL": url})
