"""Disks that are full, and bits that have changed on them."""

import random
import time
from pathlib import Path

import psycopg

from server.app import create_app
from server.config import from_environment
from tests import make
from tests.api import Api
from tests.drill.processes import postgres_binaries
from tests.drills.book import Figures, Scene, drill, ensure
from tests.drills.checker import check
from tests.drills.cluster import Cluster
from tests.drills.database import repeat
from tests.drills.embedded import fill, served, small_disk, sqlite
from tests.drills.load import Load, Told
from tests.drills.serving import serving
from tests.drills.stories import tell
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, begun, patch, sent, stands_at

FULL_FOR_S = 3.0
PAGE = 8192


def _full_for_a_while(load: Load, disk: Path) -> int:
    """Fill it until calls fail, wait, make room; how many calls were refused meanwhile."""
    time.sleep(1)
    blob, before = fill(disk), load.statuses.get(503, 0)
    end = time.monotonic() + 20
    while load.statuses.get(503, 0) == before and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(FULL_FOR_S)
    refused = load.statuses.get(503, 0) - before
    blob.unlink()
    ensure(refused > 0, "the disk was full and nobody was told")
    time.sleep(2)
    return refused


@drill(
    9, "disk full under SQLite, under PostgreSQL and under photos", "503; nothing half stored, no change without its journal row; recovers"
)
def full(scene: Scene) -> Figures:
    """Small disks in memory."""
    with small_disk(16) as disk:
        db = sqlite(disk)
        with served(db, scene, scene.folder / "web") as (server, load):
            refused = _full_for_a_while(load, disk)
            load.stop()
            embedded = check(load, lambda act: repeat(server, act))
        db.close()
    return [f"SQLite: {refused} refused", *embedded[:1], _postgresql(scene), _photos(scene)]


def _postgresql(scene: Scene) -> str:
    binaries = postgres_binaries()
    if binaries is None:
        return "PostgreSQL: not installed"
    with small_disk(160, "nobody") as disk:
        cluster = Cluster(binaries, disk, min_wal_size="32MB", max_wal_size="64MB")
        db = cluster.database()
        try:
            with serving(db, scene.folder / "web-pg") as server:
                load = Load(db, server.port, scene.seed).start()
                refused = _full_for_a_while(load, disk)
                if not cluster.is_up:  # a write-ahead log that cannot grow stops it, as documented
                    cluster.again()
                time.sleep(2)
                load.stop()
                figures = check(load, lambda act: repeat(server, act))
        finally:
            db.close()
            cluster.kill()
    return f"PostgreSQL: {refused} refused; {figures[0]}"


def _photos(scene: Scene) -> str:
    """Full before the photo comes, and again while it comes."""
    with small_disk(2) as disk:
        db = sqlite(scene.folder)
        settings = from_environment({"GRAFTLOG_DATA": str(scene.folder), "PHOTO_STORE": str(disk / "store")})
        clinic = make.clinic(db)
        vera, anna = Api(create_app(settings, db).test_client(), make.token(db, clinic.surgeon)), make.patient(db, clinic)["id"]
        upload = begun(vera, announced(vera, anna, cheek()))
        blob = fill(disk, left=4096)
        answer = patch(vera, upload, 0, cheek())
        ensure(answer.status_code == 503, f"a photo on a full disk was answered {answer.status_code}")
        at = stands_at(vera, upload)
        blob.unlink()
        ensure(patch(vera, upload, at, cheek()[at:]).status_code == 204, "it did not go on when there was room again")
        ensure(sent(vera, anna, cheek(401))["state"] == "stored", "the next photo was not stored")
        db.close()
    return "photo: 503, resumed when there was room"


@drill(20, "bits flipped in PostgreSQL's files, in photos and in backups", "detected and named, never served")
def flipped(scene: Scene) -> Figures:
    """Page checksums find them in tables, hashes in photos and backups."""
    dice, cluster = random.Random(scene.seed), scene.cluster()
    db = cluster.database()
    with serving(db, scene.folder / "web") as server:
        load = Load(db, server.port, scene.seed).run(3)
        note, name = load.a_note(), str(db.url.database)
        with cluster.connect(name) as connection:
            (relative,) = connection.execute("SELECT pg_relation_filepath('entries')").fetchone() or ("",)
            connection.execute("CHECKPOINT")
        db.close()
        cluster.kill()
        _flip(cluster.folder / "data" / str(relative), dice)
        cluster.again()
        answer = server.call(note.token, "GET", note.path)
        for _ in range(5):
            answer = answer if answer.status == 500 else server.call(note.token, "GET", note.path)
    ensure(answer.status == 500 and b"W" not in answer.body, f"a table with flipped bits was answered {answer.status}")
    with cluster.connect(name) as connection:
        try:
            connection.execute("SELECT count(details) FROM entries")
            said = "nothing"
        except psycopg.errors.DataCorrupted as error:
            said = str(error).splitlines()[0]
    ensure("invalid page" in said, f"PostgreSQL said {said}")
    figures = [f"{load.count(Told.DONE)} acts stored, one bit flipped in each page of entries: 500; PostgreSQL says {said}"]
    if not scene.short:
        stories = ("photos/test_showing.py", "backup/test_refusals.py", "backup/test_photos.py", "journal/test_chain.py")
        figures.append(tell(scene, *(f"tests/{one}" for one in stories)))
    return figures


def _flip(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), PAGE):
        content[start + PAGE // 2 + dice.randrange(PAGE // 2)] ^= 1 << dice.randrange(8)
    path.write_bytes(content)
