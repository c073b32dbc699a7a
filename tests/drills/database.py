"""Faults of PostgreSQL: killed, frozen, connections ended, rows locked, connections used up, transactions refused."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg

from server import clock
from server.canonical import instant
from server.db import Database
from tests.drills.book import Figures, Scene, drill, ensure
from tests.drills.checker import check
from tests.drills.cluster import Cluster
from tests.drills.load import Act, Load
from tests.drills.serving import Answer, Server, serving

HEALS_WITHIN_S = 10.0
CALLS_WITHOUT = 10
REFUSED_COMMITS = (
    "CREATE SEQUENCE refused",
    """
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF mod(nextval('refused'), 3) = 0 THEN RAISE EXCEPTION 'refused' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER refuse_some AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_some()
    """,
)


def repeat(server: Server, act: Act) -> Answer:
    """The same call once more."""
    return server.call(act.token, "POST", act.path, act.body, key=act.key or "")


@contextmanager
def at_work(scene: Scene) -> Iterator[tuple[Database, Server, Load]]:
    """A database, a web process on it and writers who have begun; they are stopped by whoever checks."""
    db = scene.cluster().database()
    with serving(db, scene.folder / "web") as server:
        load = Load(db, server.port, scene.seed)
        load.start()
        try:
            yield db, server, load
        finally:
            load.stop()
            db.close()


def ended(load: Load, server: Server) -> list[str]:
    """Stop the writers and check."""
    load.stop()
    return check(load, lambda act: repeat(server, act))


@drill(1, "kill -9 of all PostgreSQL processes, again and again, under load", "nothing acknowledged lost or doubled; heals within 10 s")
def killed(scene: Scene) -> Figures:
    """At seeded moments."""
    dice, cluster, times = random.Random(scene.seed), scene.cluster(), scene.size(20, 3)
    starts = []
    with at_work(scene) as (_, server, load):
        for _ in range(times):
            time.sleep(dice.uniform(0.4, 1.6))
            cluster.kill()
            starts.append(cluster.again())
        time.sleep(1)
        figures = ended(load, server)
    silence = load.longest_silence
    ensure(silence <= HEALS_WITHIN_S, f"nobody was answered for {silence:.1f} s")
    return [f"{times} kills, PostgreSQL back in at most {max(starts):.1f} s, longest silence {silence:.1f} s", *figures]


@drill(
    7,
    "connections ended at random; a clinic's counter locked; all connections used up",
    "waits or 503 with Retry-After; no partial effect; other clinics are served; recovers",
)
def refused(scene: Scene) -> Figures:
    """One after the other, on the same server."""
    dice = random.Random(scene.seed)
    with at_work(scene) as (db, server, load):
        name = str(db.url.database)
        with scene.cluster().connect() as connection:
            end, cut = time.monotonic() + scene.size(20, 3), 0
            while time.monotonic() < end:
                cut += _end_one(connection, name, dice)
                time.sleep(dice.uniform(0.05, 0.3))
        others = _locked(scene, load, name)
        status, retry, held = _used_up(scene.cluster(), name, load, server)
        time.sleep(1)
        figures = ended(load, server)
    ensure((status, retry) == (503, "2"), f"without a connection the answer was {status}, Retry-After {retry}")
    unkind = {status for status in load.statuses if status >= 500 and status != 503}
    ensure(not unkind, f"answers {unkind}: {load.statuses}")
    return [f"{cut} connections ended", others, f"{held} connections held: 503, Retry-After: 2", *figures]


def _end_one(connection: "psycopg.Connection[tuple[object, ...]]", name: str, dice: random.Random) -> int:
    found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", (name,))
    pids = [row[0] for row in found]
    if pids:
        connection.execute("SELECT pg_terminate_backend(%s)", (dice.choice(sorted(map(int, map(str, pids)))),))
    return int(bool(pids))


def _locked(scene: Scene, load: Load, name: str) -> str:
    """The counter of one clinic is held, as by a transaction that hangs; the other clinics' writers go on."""
    seconds = scene.size(30, 4)
    locked, free = load.clinics
    with scene.cluster().connect(name, autocommit=False) as connection:
        connection.execute("SELECT 1 FROM journal_heads WHERE clinic_id = %s FOR UPDATE", (locked.id,))
        before = load.done_by(free)
        time.sleep(seconds)
        done = load.done_by(free) - before
    ensure(done > seconds, f"in {seconds} s only {done} acts of the other clinic were done")
    return f"one clinic's counter held for {seconds} s: {done} acts of the other clinic done meanwhile"


def _used_up(cluster: Cluster, name: str, load: Load, server: Server) -> tuple[int, str | None, int]:
    """(status, Retry-After, connections held) of calls that find no connection."""
    answers: list[Answer] = []
    with ExitStack() as stack:
        held = [stack.enter_context(cluster.connect(name))]
        while len(answers) < CALLS_WITHOUT:
            with suppress(psycopg.OperationalError):
                while True:
                    held.append(stack.enter_context(cluster.connect(name)))
            ours = [one.info.backend_pid for one in held]
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> ALL(%s)"
            if not held[0].execute(query, (name, ours)).fetchall():
                answers.append(server.call(load.acts[0].token, "GET", "/patients"))
    worst = next((one for one in answers if one.status != 503), answers[-1])
    return worst.status, worst.headers.get("Retry-After"), len(held)


@drill(8, "transactions refused by the database: deadlock (40P01) and serialization (40001)", "503, repeated by the client; one effect")
def chosen_as_victim(scene: Scene) -> Figures:
    """A deadlock of which the request is the victim, then every third commit refused."""
    with at_work(scene) as (db, server, load):
        status, retry = _deadlock(scene.cluster(), str(db.url.database), load, server)
        with db.engine.begin() as connection:
            for statement in REFUSED_COMMITS:
                connection.exec_driver_sql(statement)
        time.sleep(scene.size(20, 3))
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER refuse_some ON journal")
        times = load.statuses.get(503, 0)
        figures = ended(load, server)
    ensure((status, retry) == (503, "2"), f"the victim of the deadlock was told {status}, Retry-After {retry}")
    ensure(times > 0, "no commit was refused")
    return [f"1 deadlock: 503; {times} transactions refused with 503", *figures]


def _deadlock(cluster: Cluster, name: str, load: Load, server: Server) -> tuple[int, str | None]:
    """We hold the counter and want the procedure, the request holds the procedure and wants the counter. It has waited for longer."""
    act = load.a_note()
    procedure_id = act.path.split("/")[2]
    answers: list[Answer] = []
    with cluster.connect(name, autocommit=False) as connection:
        connection.execute("SET LOCAL deadlock_timeout = '20s'")
        connection.execute(
            "SELECT 1 FROM journal_heads WHERE clinic_id = (SELECT clinic_id FROM procedures WHERE id = %s) FOR UPDATE", (procedure_id,)
        )
        asking = threading.Thread(target=lambda: answers.append(server.call(act.token, "POST", act.path, _another_note())))
        asking.start()
        time.sleep(0.5)
        connection.execute("SELECT 1 FROM procedures WHERE id = %s FOR UPDATE", (procedure_id,))
    asking.join()
    return answers[0].status, answers[0].headers.get("Retry-After")


def _another_note() -> bytes:
    return json.dumps({"kind": "note", "text": "of the deadlock", "recorded_at": instant(clock.now())}).encode()


@drill(21, "SIGSTOP of PostgreSQL", "calls wait and go on; nothing doubled")
def frozen(scene: Scene) -> Figures:
    """Sixty seconds, as a machine that is moved or swaps."""
    seconds = scene.size(60, 4)
    with at_work(scene) as (_, server, load):
        time.sleep(1)
        scene.cluster().freeze(seconds)
        time.sleep(2)
        figures = ended(load, server)
    ensure(load.longest_silence < seconds + HEALS_WITHIN_S, f"nobody was answered for {load.longest_silence:.1f} s")
    return [f"stopped for {seconds} s, longest silence {load.longest_silence:.1f} s", *figures]
