"""Redis behind Sentinel, with real servers: ticks reach a real worker through the sentinel, also after the master has died."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis, RedisError

from server.config import Config, ConfigError, from_environment
from server.db import Database
from tests.drill.processes import ROOT, Process, free_port, listens, redis, wait_until
from tests.drill.reminders import no_chores
from tests.workers.crew import Crew, crew
from workers.app import broker

PATIENCE_S = 60
QUEUE = "graftlog:tick"
HAS_REDIS = bool(os.environ.get("TEST_REDIS_URL") and shutil.which("redis-server"))


def settings(config: Config, url: str) -> dict[str, Any]:
    """Celery's, for this REDIS_URL."""
    return broker(replace(config, redis_url=from_environment({"REDIS_URL": url}).redis_url))


def test_sentinels_are_named_in_one_address(config: Config) -> None:
    """Hosts with commas, the name of the master behind the question mark; each password for its own kind of server."""
    made = settings(config, "sentinel://:secret@one:26379,two:26380/3?master=clinic&sentinel_password=other")
    assert made["broker_url"] == "sentinel://:secret@one:26379/3;sentinel://:secret@two:26380/3"
    options = made["broker_transport_options"]
    assert (options["master_name"], options["sentinel_kwargs"]["password"]) == ("clinic", "other")
    assert options["sentinel_kwargs"]["socket_timeout"] == options["socket_timeout"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("valkey://cache:6379/1", "redis://cache:6379/1"),
        ("valkeys://:secret@cache/1", "rediss://:secret@cache/1"),
        ("rediss://cache/0", "rediss://cache/0"),
        ("redis://valkey/0", "redis://valkey/0"),
    ],
)
def test_valkey_is_redis_by_another_name(config: Config, given: str, meant: str) -> None:
    assert settings(config, given)["broker_url"] == meant


@pytest.mark.parametrize("url", ["sentinel://", "sentinel://one:port", "sentinel://one:1,:2", "sentinel://one,,two"])
def test_a_wrong_sentinel_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="REDIS_URL"):
        from_environment({"REDIS_URL": url})


def _sentinel(folder: Path, master: int) -> tuple[Process, int]:
    """One sentinel that watches this master and is alone enough to replace it."""
    port = free_port()
    file = folder / "sentinel.conf"
    file.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor mymaster 127.0.0.1 {master} 1\n"
        "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 4000\n"
    )
    process = Process(["redis-server", str(file), "--sentinel"], dict(os.environ), folder / "sentinel.log")
    assert wait_until(lambda: listens(port)), process.said
    return process, port


def _publish_tick(here: Crew) -> bool:
    """Whether a tick could be put into the queue, with Celery's own command and our settings."""
    command = ["celery", "--app", "workers.app", "call", "tick", "--queue", "tick"]
    return subprocess.run(command, cwd=ROOT, env=here.environ, capture_output=True, check=False).returncode == 0


def _waiting(port: int) -> int | None:
    """Ticks in that server's queue; None while it does not answer."""
    try:
        with Redis(port=port, socket_timeout=1) as connection:
            return int(connection.llen(QUEUE))
    except RedisError:
        return None


if HAS_REDIS:

    @pytest.mark.timeout(240)
    def test_a_tick_arrives_through_the_sentinel_also_after_a_failover(lonely_db: Database, tmp_path: Path) -> None:
        """The master is killed; the replica takes over; the worker finds it and takes the next tick from there."""
        no_chores(lonely_db)
        ports = free_port(), free_port()
        with crew(lonely_db, tmp_path) as here:
            master = redis(tmp_path, ports[0])
            here.stack.callback(master.end)
            replica = redis(tmp_path, ports[1], "--replicaof", "127.0.0.1", str(ports[0]))
            here.stack.callback(replica.end)
            with Redis(port=ports[1]) as connection:
                assert wait_until(lambda: dict(connection.info("replication"))["master_link_status"] == "up")
                sentinel, port = _sentinel(tmp_path, ports[0])
                here.stack.callback(sentinel.end)
                with Redis(port=port) as watcher:
                    assert wait_until(lambda: bool(watcher.sentinel_slaves("mymaster")), PATIENCE_S), sentinel.said
                here.environ["REDIS_URL"] = f"sentinel://127.0.0.1:{port}/0?master=mymaster"
                assert _publish_tick(here)
                assert _waiting(ports[0]) == 1
                worker = here.start("worker")
                assert wait_until(lambda: _waiting(ports[0]) == 0, PATIENCE_S), worker.said
                master.kill()
                assert wait_until(lambda: dict(connection.info("replication"))["role"] == "master", PATIENCE_S), sentinel.said
            assert wait_until(lambda: _publish_tick(here), PATIENCE_S, every=0.5)
            assert wait_until(lambda: _waiting(ports[1]) == 0, PATIENCE_S), worker.said
            assert not listens(ports[0])
            here.stop()
