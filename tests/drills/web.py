"""Faults of the web process and of the way to it: killed before it answers, a bad network, the same call fifty times."""

import json
import random
import socket
import struct
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPResponse

from server import clock
from server.canonical import instant
from server.ids import uuid7
from tests.drills.book import Figures, Scene, drill, ensure
from tests.drills.checker import check
from tests.drills.database import at_work, ended, repeat
from tests.drills.load import Load, plainly
from tests.drills.serving import PATIENCE_S, Answer, NoAnswer, call, serving, whole
from tests.offline.proxy import Fault, between

AT_ONCE = 50


def _fatally(port: int, token: str, path: str, body: bytes, headers: dict[str, str], dice: random.Random) -> Answer:
    """One call in twenty is the last that its process takes."""
    return call(port, token, "POST", path, body, headers | ({"X-Drill-Die": "yes"} if dice.random() < 0.05 else {}))


@drill(2, "kill -9 of the web process between its commit and its answer", "the retry gets the same result; one row")
def killed(scene: Scene) -> Figures:
    """Whatever its other threads were doing is cut off too."""
    db = scene.cluster().database()
    with serving(db, scene.folder / "web", app="tests.drills.dying:app") as server:
        load = Load(db, server.port, scene.seed, send=_fatally).run(scene.size(30, 8))
        server.ready()
        figures = check(load, lambda act: repeat(server, act))
    db.close()
    again = sum(act.tries > 1 for act in load.acts)
    ensure(again > 0, "no process was killed")
    return figures


@drill(
    5,
    "answers lost, requests and answers cut, half-closed and reset connections, a few bytes at a time, requests doubled and late",
    "as the checker says",
)
def bad_network(scene: Scene) -> Figures:
    """Half of all requests meet a fault of the proxy; half of the others are sent in a bad manner."""
    manners = Counter[str]()

    def send(port: int, token: str, path: str, body: bytes, headers: dict[str, str], dice: random.Random) -> Answer:
        manner = dice.choice(("plain", "plain", "half-closed", "reset", "slow"))
        manners[manner] += 1
        return plainly(port, token, path, body, headers, dice) if manner == "plain" else _badly(manner, port, token, path, body, headers)

    db = scene.cluster().database()
    with serving(db, scene.folder / "web") as server, between(("127.0.0.1", server.port)) as (network, outside):
        network.dice = random.Random(scene.seed)
        load = Load(db, outside, scene.seed, send=send)
        load.start()
        network.share = 0.5
        time.sleep(scene.size(30, 6))
        network.share = 0
        load.stop()
        straight = Load(db, server.port, scene.seed + 1, send=send).run(scene.size(10, 3))
        figures, more = check(load, lambda act: repeat(server, act)), check(straight, lambda act: repeat(server, act))
    db.close()
    happened = network.happened
    ensure(all(happened[fault] for fault in Fault), f"the network did not fail in every way: {dict(happened)}")
    ways = ", ".join(f"{count} {manner}" for manner, count in sorted(manners.items()))
    faults = ", ".join(f"{happened[fault]} {fault}" for fault in Fault if fault != Fault.NONE)
    return [f"network: {faults}", f"clients: {ways}", *figures, *more[:2]]


def _badly(manner: str, port: int, token: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Over a bare socket: half-closed after the request, a few bytes at a time, or reset before the answer is read."""
    lines = [f"POST /api/v1{path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", "Connection: close"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request, begun = "\r\n".join([*lines, "", ""]).encode() + body, time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
            if manner == "slow":
                for place in range(0, len(request), 40):
                    connection.sendall(request[place : place + 40])
                    time.sleep(0.01)
            else:
                connection.sendall(request)
            if manner == "half-closed":
                connection.shutdown(socket.SHUT_WR)
            if manner == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise NoAnswer("reset by us")
            answer = HTTPResponse(connection)
            answer.begin()
            return whole(answer, begun)
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error)) from error


@drill(6, "the same call fifty times at once, under one key", "one effect, fifty identical answers")
def at_once(scene: Scene) -> Figures:
    """Notes without an id: only the key keeps them from being fifty."""
    rounds, replays = scene.size(10, 3), 0
    with at_work(scene) as (_, server, load):
        act = load.a_note()
        for number in range(rounds):
            note = {"kind": "note", "text": f"fifty times, {number}", "recorded_at": instant(clock.now())}
            body, key = json.dumps(note).encode(), str(uuid7())
            with ThreadPoolExecutor(AT_ONCE) as pool:
                asked = [pool.submit(server.call, act.token, "POST", act.path, body, key=key) for _ in range(AT_ONCE)]
                answers = [one.result() for one in asked]
            bodies = Counter((answer.status, answer.body) for answer in answers)
            ensure(len(bodies) == 1 and answers[0].status == 201, f"{len(bodies)} different answers: {[status for status, _ in bodies]}")
            replays += sum("Idempotent-Replay" in answer.headers for answer in answers)
            seen = server.call(act.token, "GET", act.path).body.count(str(note["text"]).encode() + b'"')
            ensure(seen == 1, f"stored {seen} times")
        figures = ended(load, server)
    ensure(replays == rounds * (AT_ONCE - 1), f"{replays} of {rounds * (AT_ONCE - 1)} were replays")
    return [f"{rounds} rounds: 1 stored, {AT_ONCE - 1} replayed each", *figures]
