"""One drill: start everything, let it go wrong for a while, put it right, wait until all is quiet, and judge."""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from schemas.vocabulary import Channel
from server.db import Database
from server.migrations.upgrade import upgrade
from tests.drill.faults import Fault, Kind, schedule
from tests.drill.processes import Postgres, Process, free_port, module, postgres_binaries, procfile, redis, wait_until
from tests.drill.reminders import fill, no_chores
from tests.drill.verdict import Verdict, judge, taken_keys, under_way
from tests.followup.provider import ACCOUNT, TOKEN

LOST_ACK = "Couldn't ack"
"""What Celery calls critical when a broker dies: the message comes again or is gone, and either is one tick more or less."""
BACK_AFTER_S = 0.3
LEASES_FROZEN = 1.5
READY_WITHIN_S = 60.0
QUIET_WITHIN_S = 90.0


@dataclass(frozen=True)
class Plan:
    """What is drilled. `provider`: idempotent or plain (text messages), or smtp. `private` brings its own PostgreSQL and Redis."""

    seed: int = 1
    reminders: int = 2000
    seconds: float = 60.0
    provider: str = "idempotent"
    private: bool = True
    database: str = ""
    broker: str = ""
    workers: int = 4
    beats: int = 2
    clinics: int = 5
    lease_s: int = 6
    frozen_s: float = 0.0
    answer_ms: int = 60

    @property
    def channel(self) -> Channel:
        """What the messages go out on."""
        return Channel.EMAIL if self.provider == "smtp" else Channel.SMS


@dataclass
class Drill:
    """Everything that runs."""

    plan: Plan
    folder: Path
    say: Callable[[str], None]
    happened: Counter[str] = field(default_factory=Counter)
    workers: list[Process] = field(default_factory=list)
    beats: list[Process] = field(default_factory=list)
    postgres: Postgres | None = None
    broker: Process | None = None
    broker_url: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    _thaw_at: float | None = None
    _broker_at: float | None = None
    _awake_at: dict[int, float] = field(default_factory=dict)
    _back_at: dict[int, float] = field(default_factory=dict)

    def start(self, stack: ExitStack) -> Database:
        """Servers, then the database with its tables; workers and beats come with `man`."""
        plan, url = self.plan, self.plan.database
        if plan.private and not url and (binaries := postgres_binaries()):
            self.postgres = Postgres(binaries)
            stack.callback(self.postgres.end)
            url = self.postgres.url
        self.broker_url = plan.broker
        if plan.private and not plan.broker:
            port = free_port()
            self.broker = redis(self.folder, port)
            stack.callback(self.broker.end)
            self.broker_url = f"redis://127.0.0.1:{port}/0"
        db = Database(url or f"sqlite:///{self.folder / 'graftlog.db'}")
        stack.callback(db.close)
        upgrade(db)
        no_chores(db)
        self.environ = self._settings(db, self._provider(stack))
        return db

    def _provider(self, stack: ExitStack) -> dict[str, str]:
        late, ledger = ("--late-ms", str(self.plan.answer_ms)), ("--ledger", str(self.folder / "ledger"))
        if self.plan.channel == Channel.EMAIL:
            server = module("tests.drill.mail", *ledger, *late, log=self.folder / "provider.log")
            settings = {"SMTP_URL": f"smtp://127.0.0.1:{_port(server)}"}
        else:
            keys = ("--idempotent",) if self.plan.provider == "idempotent" else ()
            server = module("tests.followup.provider", *ledger, *late, *keys, log=self.folder / "provider.log")
            settings = {"SMS_URL": f"http://{ACCOUNT}:{TOKEN}@127.0.0.1:{_port(server)}", "SMS_FROM": "+36201234567"}
            settings["SMS_IDEMPOTENT"] = "yes" if keys else "no"
        stack.callback(server.end)
        return settings | {"SMS_PER_SECOND": "0"}

    def _settings(self, db: Database, provider: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GRAFTLOG_DATA": str(self.folder / "data"),
            "DATABASE_URL": db.url.render_as_string(hide_password=False),
            "GRAFTLOG_LEASE_SECONDS": str(self.plan.lease_s),
            **({"REDIS_URL": self.broker_url} if self.broker_url else {}),
            **provider,
        }

    def man(self, stack: ExitStack) -> None:
        """Workers and beats, as the Procfile starts them."""
        lines = procfile()
        self.workers += [Process(lines["worker"], self.environ, self.folder / f"worker-{n}.log") for n in range(self.plan.workers)]
        self.beats += [Process(lines["beat"], self.environ, self.folder / f"beat-{n}.log") for n in range(self.plan.beats)]
        stack.callback(self._end)
        if not wait_until(lambda: all(_is_ready(one) for one in self.workers), READY_WITHIN_S):
            raise RuntimeError("the workers did not start: " + "\n".join(one.said for one in self.workers))

    def _end(self) -> None:
        for one in (*self.workers, *self.beats):
            one.end()

    def do(self, fault: Fault) -> None:
        """Let one thing go wrong."""
        self.happened[fault.kind] += 1
        if fault.kind == Kind.KILL_WORKER:
            self._kill_worker(int(fault.which))
        elif fault.kind == Kind.EMPTY_QUEUE:
            self._empty_queue()
        elif fault.kind == Kind.ONE_MORE_BEAT:
            self.beats.append(Process(procfile()["beat"], self.environ, self.folder / f"beat-{len(self.beats)}.log"))
        elif fault.kind == Kind.NO_BEATS:
            for one in self.beats:
                one.kill()
        elif fault.kind == Kind.BEATS_AGAIN:
            for one in self.beats:
                one.again()
        elif fault.kind == Kind.RESTART_DATABASE and self.postgres:
            self.postgres.restart()
        else:
            self._do_to_broker_or_stop(fault)

    def _do_to_broker_or_stop(self, fault: Fault) -> None:
        if fault.kind == Kind.FREEZE_BROKER and self.broker:
            self.broker.freeze()
            self._thaw_at = time.monotonic() + fault.which
        elif fault.kind == Kind.KILL_BROKER and self.broker:
            self.broker.kill()
            self._broker_at = time.monotonic() + BACK_AFTER_S
        elif fault.kind == Kind.FREEZE_WORKER:
            self.workers[int(fault.which)].freeze()
            self._awake_at[int(fault.which)] = time.monotonic() + self.plan.lease_s * LEASES_FROZEN

    def _kill_worker(self, number: int) -> None:
        """That one, or the next that is at work: one that is only starting has nothing to lose."""
        at_work = [one for one in range(len(self.workers)) if one not in self._back_at and _is_ready(self.workers[one])]
        if at_work:
            victim = at_work[number % len(at_work)]
            self.workers[victim].kill()
            self._back_at[victim] = time.monotonic() + BACK_AFTER_S
        else:
            self.happened[Kind.KILL_WORKER] -= 1

    def _empty_queue(self) -> None:
        if not self.broker_url:
            for path in (self.folder / "data" / "queue" / "messages").glob("*"):
                path.unlink(missing_ok=True)
            return
        with suppress(RedisError), Redis.from_url(self.broker_url, socket_timeout=0.5) as connection:
            connection.flushall() if self.broker else connection.flushdb()

    def mend(self, *, now: bool = False) -> None:
        """What comes back by itself: killed workers after a moment, a frozen broker in its time."""
        if self.broker and self._thaw_at is not None and (now or time.monotonic() >= self._thaw_at):
            self.broker.thaw()
            self._thaw_at = None
        if self.broker and self._broker_at is not None and (now or time.monotonic() >= self._broker_at):
            self.broker.again()
            self._broker_at = None
        for number, at in list(self._awake_at.items()):
            if now or time.monotonic() >= at:
                self.workers[number].thaw()
                del self._awake_at[number]
        for number, at in list(self._back_at.items()):
            if now or time.monotonic() >= at:
                self.workers[number].again()
                del self._back_at[number]

    def suffer(self) -> None:
        """The whole schedule, and then everything is put right."""
        plan = self.plan
        faults = schedule(
            plan.seed,
            plan.seconds,
            workers=plan.workers,
            broker=self.broker is not None,
            database=self.postgres is not None,
            frozen_s=plan.frozen_s,
        )
        start = time.monotonic()
        for fault in faults:
            while time.monotonic() < start + fault.at:
                self.mend()
                time.sleep(0.02)
            self.say(f"{fault.at:6.2f} s  {fault.kind} {fault.which:g}")
            self.do(fault)
        while time.monotonic() < start + plan.seconds:
            self.mend()
            time.sleep(0.02)
        self.mend(now=True)

    def settle(self, db: Database) -> None:
        """Wait until nothing is under way, or until that has taken too long: then the verdict says so."""
        end = time.monotonic() + QUIET_WITHIN_S
        while time.monotonic() < end:
            with suppress(SQLAlchemyError):
                if not under_way(db):
                    return
            time.sleep(0.2)

    def errors(self) -> list[str]:
        """Lines of the workers' and beats' logs that no drill excuses."""
        said = [line for one in (*self.workers, *self.beats) for line in one.said.splitlines()]
        return [line for line in said if ("CRITICAL" in line and LOST_ACK not in line) or "Unrecoverable" in line]


def _is_ready(worker: Process) -> bool:
    return worker.is_up() and " ready." in worker.said_now


def _port(server: Process) -> int:
    return int(server.said.split("listening on ", 1)[1].split()[0])


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="graftlog-drill-") as made:
        yield Path(made)


def run(plan: Plan, say: Callable[[str], None], folder: Path | None = None) -> tuple[Verdict, Counter[str]]:
    """The whole drill: (verdict, how often each thing went wrong)."""
    with _folder(folder) as place, ExitStack() as stack:
        drill = Drill(plan, place, say)
        db = drill.start(stack)
        drill.man(stack)
        wanted = fill(db, count=plan.reminders, clinics=plan.clinics, channel=plan.channel, seconds=plan.seconds, seed=plan.seed)
        drill.suffer()
        drill.settle(db)
        taken = taken_keys(place / "ledger", plan.channel)
        verdict = judge(db, wanted, taken, idempotent=plan.provider == "idempotent")
        verdict.faults += [f"a process gave up: {line}" for line in drill.errors()[:3]]
        return verdict, drill.happened
