"""Messages in files: whole or absent, each taken once, and never more of them than mean anything."""

import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from workers import transport

Connect = Callable[[], Any]


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    """A channel of its own for every process that takes part."""
    folders = {name: tmp_path / name for name in ("messages", "control")}
    for folder in folders.values():
        folder.mkdir()
    options = {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "control_folder": str(folders["control"]),
        "store_processed": False,
    }
    return lambda: Connection("filesystem://localhost", transport="workers.transport:Transport", transport_options=options).channel()


class Crowd:
    """Threads that note what goes wrong in them."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, work: Callable[..., None], *args: Any) -> None:
        """One more at work."""

        def run() -> None:
            try:
                work(*args)
            except BaseException as error:  # noqa: BLE001  reason: the story reports it
                self.failures.append(error)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def finish(self) -> None:
        """All of them, without a failure."""
        for thread in self.threads:
            thread.join()
        assert self.failures == []


def test_hammered_by_many_no_message_is_torn_lost_or_doubled(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three writers, three readers, a few kilobytes each: the stock transport lets readers see half of one here."""
    monkeypatch.setattr(transport.Channel, "most_waiting", 10_000)
    got: list[int] = []
    done = threading.Event()
    writers, readers = Crowd(), Crowd()

    def write(numbers: range) -> None:
        channel = connect()
        for number in numbers:
            channel._put("tick", {"number": number, "padding": "x" * 8000})

    def read() -> None:
        channel = connect()
        while True:
            last = done.is_set()
            try:
                got.append(channel._get("tick")["number"])
            except Empty:
                if last:
                    return

    for number in range(3):
        readers.start(read)
        writers.start(write, range(number * 300, number * 300 + 300))
    writers.finish()
    done.set()
    readers.finish()
    assert sorted(got) == list(range(900))


def test_bindings_written_at_the_same_moment_are_all_kept(connect: Connect) -> None:
    """Worker and beat start together and declare their queues together."""
    start = threading.Barrier(8)

    def bind(number: int) -> None:
        channel = connect()
        start.wait()
        Queue(f"q{number}", Exchange("all"), routing_key=f"r{number}")(channel).declare()

    crowd = Crowd()
    for number in range(8):
        crowd.start(bind, number)
    crowd.finish()
    assert {row.queue for row in connect().get_table("all")} == {f"q{number}" for number in range(8)}


def test_a_folder_that_nobody_reads_stays_small(connect: Connect, tmp_path: Path) -> None:
    """Beat alone for an hour leaves a hundred ticks, not thousands; more of them would say nothing more."""
    channel = connect()
    for number in range(150):
        channel._put("tick", {"number": number})
    channel._put("send.email", {"number": 0})
    assert len(list((tmp_path / "messages").iterdir())) == 101
    assert channel._get("tick") == {"number": 0}, "the oldest first"
    assert channel._get("send.email") == {"number": 0}, "another queue has room of its own"


def test_a_writer_that_dies_leaves_nothing_to_read(connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the rename: no message, and no error for the reader."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    channel = connect()
    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        channel._put("tick", {})
    (tmp_path / "messages" / ".left-over.tmp").write_text('{"half')
    with pytest.raises(Empty):
        channel._get("tick")
