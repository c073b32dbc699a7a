"""The peer that must not be built: reminders as Celery tasks with an ETA in Redis. Also the Celery app that its worker runs."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from celery import Celery

from bench.place import ROOT
from bench.reminders_workers import BIN, own_redis, rss_mb

PENDING, FEW = 100_000, 500
TAKEN_IN_S = 75
"""So long the worker may take; what it has then is what is reported."""
ETA_S, VISIBILITY_S = 30, 8
DONE = "done"
app = Celery("eta", broker=os.environ.get("BENCH_ETA_BROKER", "redis://127.0.0.1:1/0"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_pool="solo",
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": int(os.environ.get("BENCH_ETA_VISIBILITY", "3600")),
        "unacked_restore_interval": 2,  # by default it looks every hundred seconds or so, and the benchmark would have to wait
        "unacked_restore_throttle": 1,
    },
)


@app.task(name="remind")
def remind(number: int) -> None:
    """Note that it ran, and when."""
    with redis.Redis.from_url(os.environ["BENCH_ETA_BROKER"]) as client:
        client.rpush(DONE, f"{number} {time.time()}")


@dataclass(frozen=True)
class Eta:
    """What pending ETA tasks cost, and what happens when they are due later than the visibility timeout."""

    worker_mb: float
    taken_in: int
    taken_in_s: float
    redis_mb: float
    tasks: int
    executions: int
    first_s: float


@contextmanager
def _worker(url: str, visibility_s: int) -> Iterator[int]:
    environment = os.environ | {"BENCH_ETA_BROKER": url, "BENCH_ETA_VISIBILITY": str(visibility_s)}
    command = [str(BIN / "celery"), "--quiet", "--app", "bench.reminders_eta", "worker", "--loglevel", "ERROR"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    process = subprocess.Popen([*command, *quiet], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.kill()  # it would take half a minute to give the tasks back
        process.wait(10)


def _publish(url: str, count: int, eta: datetime) -> None:
    """One task as Celery writes it, and copies with ids of their own: the client itself takes a minute for so many."""
    with Celery("publisher", broker=url) as publisher, redis.Redis.from_url(url) as client:
        publisher.send_task("remind", (0,), eta=eta)
        sample = client.lpop("celery")
        assert isinstance(sample, bytes)
        batch = []
        for number in range(count):
            message: dict[str, Any] = json.loads(sample)
            message["headers"]["id"] = message["headers"]["root_id"] = message["properties"]["correlation_id"] = str(uuid.uuid4())
            message["properties"]["delivery_tag"] = str(uuid.uuid4())
            message["headers"]["argsrepr"] = f"({number},)"
            batch.append(json.dumps(message))
            if len(batch) == 5000 or number == count - 1:
                client.lpush("celery", *batch)
                batch.clear()


def memory() -> tuple[float, int, float, float]:
    """(MB of a worker, tasks that it has taken in, seconds that this took, MB of Redis), with 100 000 pending."""
    with own_redis() as url, redis.Redis.from_url(url) as client:
        _publish(url, PENDING, datetime.now(UTC) + timedelta(days=14))
        with _worker(url, 3600) as pid:
            began = time.monotonic()
            while client.hlen("unacked") < PENDING and time.monotonic() - began < TAKEN_IN_S:
                time.sleep(0.5)
            taken = time.monotonic() - began
            return rss_mb(pid), client.hlen("unacked"), taken, client.info("memory")["used_memory"] / 2**20


def duplicates() -> tuple[int, float]:
    """(executions of 500 tasks, seconds after the due moment at which the first ran)."""
    with own_redis() as url, redis.Redis.from_url(url) as client:
        eta = datetime.now(UTC) + timedelta(seconds=ETA_S)
        _publish(url, FEW, eta)
        with _worker(url, VISIBILITY_S):
            time.sleep(ETA_S + VISIBILITY_S)
            before = -1
            while before != client.llen(DONE):
                before = client.llen(DONE)
                time.sleep(2)
        ran = [float(one.split()[1]) for one in client.lrange(DONE, 0, -1)]
        return len(ran), min(ran) - eta.timestamp()


def measure() -> Eta:
    """Both."""
    worker_mb, taken, taken_s, redis_mb = memory()
    executions, first_s = duplicates()
    return Eta(worker_mb, taken, taken_s, redis_mb, FEW, executions, first_s)
