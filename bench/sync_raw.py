"""The limits of the sync: the bare driver behind a bare socket sending the same pages, and the rows that a push leaves."""

import http.client
import json
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from bench.clients import Request
from bench.place import ROOT, Place
from bench.raw import Rows, connected
from bench.sync_fill import Tablet

PAGE = (
    "SELECT seq, record_id, body FROM journal "
    "WHERE clinic_id = {mark} AND collection = 'patients' AND seq > {mark} ORDER BY seq LIMIT {mark}"
)
RENAMED = {"entries": ("id", "record_id", "document_id"), "patients": ("id", "record_id", "document_id", "mrn")}
"""Columns that get new values in each copy of a batch's rows."""


def serve(url: str, clinic: str, listening: socket.socket) -> None:
    """One kept-alive connection after the other; a page is one query and one send."""
    sqlite = url.startswith("sqlite")
    connection = connected(url)
    if not sqlite:
        connection.autocommit = True  # else its first page would be in one transaction with its last
    query, owner = PAGE.format(mark="?" if sqlite else "%s"), clinic if sqlite else uuid.UUID(clinic)
    while True:
        with listening.accept()[0] as client, client.makefile("rb") as lines:
            while asked := lines.readline():
                while lines.readline().strip():
                    pass
                wanted = parse_qs(urlsplit(asked.split()[1].decode()).query)
                rows = connection.execute(query, (owner, int(wanted.get("seq", ["0"])[0]), int(wanted["limit"][0]))).fetchall()
                documents = ",".join('{"_deleted":false,' + row[2][1:] for row in rows)
                body = f'{{"documents":[{documents}],"checkpoint":{{"epoch":"","seq":{rows[-1][0] if rows else 0}}}}}'.encode()
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@contextmanager
def server(url: str, clinic: uuid.UUID) -> Iterator[int]:
    """Port of a process of its own that serves one clinic's pages."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "bench.sync_raw", url, clinic.hex, str(listening.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[listening.fileno()])
        try:
            yield listening.getsockname()[1]
        finally:
            process.kill()
            process.wait()


def left_by(where: Place, port: int, tablet: Tablet, collection: str, rows: int) -> Rows:
    """Table → (columns, rows) that one push of so many rows left, in the driver's own values."""
    request = tablet.push(collection, rows)
    _sent(port, tablet, request)
    ids = [one["newDocumentState"]["id"] for one in json.loads(request[2] or b"")]
    made: Rows = {}
    database = where.database()
    with database.engine.connect() as connection:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]  # reason: it is connected
        for table, column in ((collection, "id"), ("journal", "record_id"), ("sync_writes", "document_id")):
            wanted = ", ".join(f"'{uuid.UUID(one).hex if where.is_sqlite else one}'" for one in ids)
            cursor.execute(f"SELECT * FROM {table} WHERE {column} IN ({wanted})")
            made[table] = [one[0] for one in cursor.description], [list(row) for row in cursor.fetchall()]
            if len(made[table][1]) != rows:
                raise RuntimeError(f"{len(made[table][1])} rows in {table}")
    database.close()
    return made


def _sent(port: int, tablet: Tablet, request: Request) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(*request, {"Authorization": f"Bearer {tablet.token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    receipts = json.loads(answer.read())["receipts"]
    if {one["status"] for one in receipts} != {"accepted"}:
        raise RuntimeError(f"not all rows were accepted: {receipts[:2]}")


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], socket.socket(fileno=int(sys.argv[3])))
