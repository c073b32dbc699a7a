"""The zip for the statistician: the cohort's tables under study numbers, written a row at a time, with the dictionary of every column."""

import csv
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from hashlib import sha256
from io import StringIO
from itertools import islice
from typing import IO, Any

from sqlalchemy.orm import Session

from server.canonical import instant
from server.reports.files.sheets import guarded
from server.reports.methods import METHODS
from server.reports.rules import Filters
from server.reports.service.cohort import Frame, frame_of
from server.reports.service.study_columns import Column, Table
from server.reports.service.study_tables import TABLES

_AT_A_TIME = 2000
README = """The cohort of {filters} at data-lock {seq} ({locked_at}).

Tables are CSV in UTF-8 with a header; an empty cell is not known. Patients, procedures, scars, surgeons, raters, responses, assessments and
adverse events have study numbers, the same in every table of this file and in no other. There are no names, record numbers, addresses or
dates of birth, nothing that was typed freely, and no wording of questionnaires; dates of procedures and answers are there, so handle it as
patients' data.

data-dictionary.csv   every column: table, column, type, unit, meaning, allowed values
codebook.csv          every word that a column may hold
methods.txt           how Graftlog's own report counts and computes
about.json            filters, lock, numbers of rows
SHA256SUMS            sha256sum -c SHA256SUMS
"""


class _Numbers(dict[uuid.UUID, int]):
    """Study numbers: counted up as records are met."""

    def __missing__(self, record: uuid.UUID) -> int:
        self[record] = number = len(self) + 1
        return number


def write(session: Session, filters: Filters, file: IO[bytes]) -> dict[str, Any]:
    """Write the zip of what the session sees; what it is: filters, lock (`seq`), rows of each table.

    Memory holds study numbers and a few rows, whatever the cohort's size.
    """
    frame = frame_of(session, filters)
    numbers = {column.numbered: _Numbers() for table in TABLES for column in table.columns if column.numbered}
    sums, counts = [], {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in TABLES:
            counts[table.name] = 0
            digest = sha256()
            with archive.open(f"{table.name}.csv", "w") as member:
                for text, rows in _pieces(frame, table, numbers):
                    digest.update(text)
                    member.write(text)
                    counts[table.name] += rows
            sums.append(f"{digest.hexdigest()}  {table.name}.csv\n")
        about = _about(frame, counts)
        for name, content in _others(frame, about):
            archive.writestr(name, content)
            sums.append(f"{sha256(content).hexdigest()}  {name}\n")
        archive.writestr("SHA256SUMS", "".join(sums))
    return about


def _pieces(frame: Frame, table: Table, numbers: Mapping[str, _Numbers]) -> Iterator[tuple[bytes, int]]:
    """(CSV, how many rows of data): first the header."""
    yield _csv([[column.name for column in table.columns]]), 0
    options = {"stream_results": True, "yield_per": _AT_A_TIME}
    result = frame.session.connection().execute(table.query(frame), execution_options=options)
    while found := list(islice(result, _AT_A_TIME)):
        rows = [row for one in found for row in table.spread(one)] if table.spread else found
        yield _csv([[_cell(column, value, numbers) for column, value in zip(table.columns, row, strict=True)] for row in rows]), len(rows)


def _cell(column: Column, value: Any, numbers: Mapping[str, _Numbers]) -> Any:
    if value is None:
        return ""
    if column.numbered:
        return numbers[column.numbered][value]
    if column.steps:
        return value / column.steps
    if isinstance(value, bool):
        return int(value)
    return guarded(str(value) if isinstance(value, StrEnum) else value)


def _csv(rows: list[list[Any]]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _about(frame: Frame, counts: Mapping[str, int]) -> dict[str, Any]:
    locked = instant(frame.locked_at) if frame.locked_at else "before the first row of the journal"
    chosen = frame.filters
    return {"filters": chosen.canonical(), "filters_hash": chosen.hash(), "seq": frame.seq, "locked_at": locked, "rows": dict(counts)}


def _others(frame: Frame, about: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    chosen = ", ".join(f"{name} {value}" for name, value in about["filters"].items() if value)
    yield "README.txt", README.format(filters=chosen, seq=frame.seq, locked_at=about["locked_at"]).encode()
    dictionary = [["table", "column", "type", "unit", "meaning", "allowed values"]]
    codebook = [["table", "column", "word"]]
    for table in TABLES:
        for column in table.columns:
            allowed = "; ".join(map(str, column.words)) if column.words else column.allowed
            dictionary.append([table.name, column.name, column.type, column.unit, column.meaning, allowed])
            codebook += [[table.name, column.name, str(word)] for word in column.words]
    yield "data-dictionary.csv", _csv(dictionary)
    yield "codebook.csv", _csv(codebook)
    yield "methods.txt", "\n\n".join(METHODS).encode()
    yield "about.json", json.dumps(about, ensure_ascii=False, indent=1).encode()
