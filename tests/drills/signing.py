"""Signing while web processes come and go, and while far more is asked than can be answered."""

import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import sqlalchemy as sa

from schemas.vocabulary import ProcedureState, Role, SigningPolicy
from server.clinics import accounts
from server.clinics import service as clinics
from server.db import Database
from server.journal.models import JournalCheckpoint
from server.procedures.models import Procedure, Signature
from tests import make
from tests.drills.book import Figures, Scene, drill, ensure
from tests.drills.checker import check, whole
from tests.drills.database import repeat
from tests.drills.load import Load
from tests.drills.serving import NoAnswer, Server, serving
from tests.followup.conftest import VISITS_ONLY

BODY = json.dumps({"password": make.PASSWORD, "pin": make.PIN}).encode()
SIGNERS = 4
GIGABYTE = 1024**3
SIGNS_WITHIN_S = 10.0
HALF_REQUESTS = 3


def ready_to_sign(db: Database, clinic: make.Clinic, count: int) -> list[str]:
    """Ids of completed procedures, each with a time-out and one injection."""
    patient_id = make.patient(db, clinic)["id"]
    scar_id = make.scar(db, clinic, patient_id)["id"]
    ids = []
    for _ in range(count):
        made = make.procedure(db, clinic, state=ProcedureState.COMPLETED, patient_id=patient_id)["id"]
        make.record(
            db,
            clinic,
            made,
            make.entry("checklist", phase="time_out", item="patient_site_procedure", answer="yes"),
            make.entry("filtration", filtered=True, aperture_um=500, filter_passes=1, nanofat_ml=5.0),
            make.entry("injection", scar_id=scar_id, volume_ml=0.4, plane="intradermal", delivery="sharp_needle", needle_gauge=27),
        )
        ids.append(made)
    return ids


def signers(db: Database, clinic: make.Clinic) -> Callable[[int], str]:
    """Number of a procedure → token of one of four surgeons, each with a tablet: a PIN signs at once, a code once in half a minute."""
    with db.transaction(clinic.id, actor=clinic.admin) as session:
        accounts.set_signing_policy(session, SigningPolicy.PIN_OR_CODE)
        users = [
            clinics.create_user(session, email=make.stranger(), name=f"Dr Signer {number}", roles=[Role.SURGEON], password=make.PASSWORD)
            for number in range(SIGNERS)
        ]
    people = [make.Person(user.id, clinic.id, user.name, user.email, (Role.SURGEON,)) for user in users]
    tokens = []
    for number, person in enumerate(people):
        make.pin(db, person)
        theatre = make.tablet(db, clinic, name=f"Theatre {number}")
        tokens.append(make.token(db, replace(person, device_id=theatre.device_id)))
    return lambda number: tokens[number % SIGNERS]


def _sign(server: Server, token: str, procedure_id: str) -> tuple[int, float]:
    """(status of the last answer, seconds): asked again until somebody says signed, or signed already."""
    begun = time.monotonic()
    while time.monotonic() < begun + 60:
        with suppress(NoAnswer):
            answer = server.call(token, "POST", f"/procedures/{procedure_id}/signature", BODY, patience=10, key=procedure_id)
            if answer.status < 500 and answer.status != 429:
                return answer.status, time.monotonic() - begun
        time.sleep(0.05)
    return 0, time.monotonic() - begun


def _in_time(server: Server, token: str, procedure_id: str) -> tuple[int, float]:
    """As people do, one after the other."""
    time.sleep(0.3)
    return _sign(server, token, procedure_id)


@drill(23, "rolling restart (SIGHUP) and kill -9 of web processes while people sign", "each signature whole or absent; none refused")
def rolling_restart(scene: Scene) -> Figures:
    """Old processes finish what they have begun, others are killed in the middle of it."""
    dice, db, count = random.Random(scene.seed), scene.cluster().database(), scene.size(300, 40)
    times, clinic = scene.size(12, 3), make.clinic(db)
    make.protocol(db, clinic, VISITS_ONLY)
    ids, whose = ready_to_sign(db, clinic, count), signers(db, clinic)
    with serving(db, scene.folder / "web") as server, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_in_time, server, whose(number), one) for number, one in enumerate(ids)]
        restarts = kills = 0
        while restarts + kills < times and not all(one.done() for one in asked):
            server.ready()
            time.sleep(dice.uniform(0.2, 1.0))
            if dice.random() < 0.5:
                server.process.running.send_signal(signal.SIGHUP)
                restarts += 1
            elif server.process.children:
                with suppress(ProcessLookupError):
                    os.kill(dice.choice(server.process.children), signal.SIGKILL)
                kills += 1
        ensure(restarts + kills > 0, "all was signed before anything went wrong")
    refused = [status for status, _ in (one.result() for one in asked) if status != 201]
    ensure(not refused, f"{len(refused)} of {count} were answered {sorted(set(refused))}")
    with db.transaction(clinic.id, write=False) as session:
        signatures = session.scalar(sa.select(sa.func.count()).select_from(Signature)) or 0
        closed = session.scalar(sa.select(sa.func.count()).where(Procedure.state == ProcedureState.SIGNED)) or 0
        checkpoints = session.scalar(sa.select(sa.func.count()).where(JournalCheckpoint.clinic_id == clinic.id)) or 0
    ensure(
        (signatures, closed, checkpoints) == (count, count, count), f"{signatures} signatures, {closed} closed, {checkpoints} checkpoints"
    )
    rows = whole(db)
    db.close()
    return [f"{count} signed once each, with {checkpoints} checkpoints; {restarts} restarts, {kills} kills; {rows} journal rows verified"]


@drill(
    22,
    "ten times more writers than threads; half requests that go on letter by letter; bodies of 1 GB; JSON 10 000 deep",
    f"413 and 422 without reading it; signing is answered within {SIGNS_WITHIN_S:.0f} s beside as many",
)
def overload(scene: Scene) -> Figures:
    """On two processes with four threads each."""
    db, count = scene.cluster().database(), scene.size(30, 10)
    clinic = make.clinic(db)
    ids, whose, token = ready_to_sign(db, clinic, 2 * count), signers(db, clinic), make.token(db, clinic.surgeon)
    with serving(db, scene.folder / "web") as server:
        load = Load(db, server.port, scene.seed, writers=80)
        load.start()
        busy = [_sign(server, whose(number), one) for number, one in enumerate(ids[:count])]
        load.stop()
        too_large = [_refused_at_once(server, token, chunked=chunked) for chunked in (False, True)]
        deep = server.call(token, "POST", "/patients", b"[" * 10_000 + b"]" * 10_000).status
        with _slow_lorises(server.port):
            slow = [_sign(server, whose(number), one) for number, one in enumerate(ids[count:])]
        figures = check(load, lambda act: repeat(server, act))
    db.close()
    ensure([status for status, _ in busy] == [201] * count, f"signing under load: {sorted({status for status, _ in busy})}")
    ensure((too_large, deep) == ([413, 413], 422), f"1 GB was answered {too_large}, deep JSON {deep}")
    ensure([status for status, _ in slow] == [201] * count, f"signing beside slow clients: {sorted({status for status, _ in slow})}")
    worst = [max(seconds for _, seconds in some) for some in (busy, slow)]
    ensure(max(worst) <= SIGNS_WITHIN_S, f"signing took {worst[0]:.1f} s under load, {worst[1]:.1f} s beside slow clients")
    return [
        f"80 writers: signing p50 {_median(busy):.2f} s, slowest {worst[0]:.2f} s; calls p99 {load.slowest(0.99):.1f} s",
        f"{HALF_REQUESTS} half requests: signing p50 {_median(slow):.2f} s, slowest {worst[1]:.2f} s",
        "each half request holds one of the 8 threads, so a proxy must keep them off",
        "1 GB announced or in chunks: 413; deep JSON: 422",
        *figures,
    ]


def _median(signed: list[tuple[int, float]]) -> float:
    return sorted(seconds for _, seconds in signed)[len(signed) // 2]


def _refused_at_once(server: Server, token: str, *, chunked: bool) -> int:
    """Status that comes while a gigabyte is being sent; 0 where the server hangs up without one."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIGABYTE}"
    head = (
        f"POST /api/v1/patients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    )
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if chunked else b"x" * 0x10000
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(head.encode())
        sending = threading.Thread(target=_pour, args=(connection, piece), daemon=True)
        sending.start()
        answer = b""
        with suppress(OSError):
            answer = connection.recv(4096)
    sending.join(30)
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def _pour(connection: socket.socket, piece: bytes) -> None:
    with suppress(OSError):
        for _ in range(GIGABYTE // len(piece)):
            connection.sendall(piece)


@contextmanager
def _slow_lorises(port: int) -> Iterator[None]:
    """A few connections that have sent half a head, and go on with a letter a second.

    Each holds a thread for as long as it likes, as gunicorn says: only a proxy that collects requests keeps many of them off.
    """
    enough = threading.Event()
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(HALF_REQUESTS)]
        for connection in connections:
            connection.sendall(b"POST /api/v1/patients HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        drip = threading.Thread(target=_drip, args=(connections, enough.wait), daemon=True)
        drip.start()
        try:
            yield
        finally:
            enough.set()
            drip.join()


def _drip(connections: list[socket.socket], wait: Callable[[float], bool]) -> None:
    while not wait(1.0):
        for connection in connections:
            with suppress(OSError):
                connection.sendall(b"x")
