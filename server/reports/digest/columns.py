"""A clinic's digests as columns of numpy, to be counted at once. Only for workers: importing this loads numpy."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from server.db import table_of
from server.reports.digest import following, form
from server.reports.digest.words import Words
from server.reports.models import CohortDigest
from server.reports.service.cohort import Frame

_D = table_of(CohortDigest)
_AT_ONCE = 2_000
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Columns:
    """`facts` has a record for each procedure of the clinic that counts, in no order; the others have several or none for each.

    `owner` says of each record of a section whose it is: the place of its procedure in `facts`. `patient` numbers the patients.
    """

    words: Words
    sections: Mapping[str, Numbers]
    owner: Mapping[str, Numbers]
    patient: Numbers
    patients: int

    @property
    def facts(self) -> Numbers:
        """Of the procedures."""
        return self.sections[form.FACTS.name]

    def first(self, section: str) -> Numbers:
        """Where the records of each procedure begin: what their `place`s count from."""
        numbers = np.bincount(self.owner[section], minlength=len(self.facts))
        return (np.cumsum(numbers) - numbers).astype(np.int32)


def load(frame: Frame) -> Columns:
    """All digests of the clinic at the frame's moment, whatever the filters. What is stored of an earlier moment is made anew, unstored."""
    words, late, fresh = following.missing(frame)
    whole: defaultdict[str, bytearray] = defaultdict(bytearray)  # which grow where they are: parts to be joined take twice the memory
    lengths: defaultdict[str, list[Numbers]] = defaultdict(list)

    def take(rows: list[Any]) -> None:
        for section, packed in zip(form.SECTIONS, zip(*rows, strict=True), strict=True):
            whole[section.name] += b"".join(packed)
            lengths[section.name].append(np.fromiter(map(len, packed), dtype=np.int32, count=len(packed)) // section.packer.size)

    for rows in _stored(frame, late):
        take(rows)
    if made := [tuple(one[section.name] for section in form.SECTIONS) for one in fresh]:
        take(made)
    return _columns(words, whole, lengths)


def _stored(frame: Frame, late: list[uuid.UUID] | None) -> Iterator[list[tuple[bytes, ...]]]:
    if late is None:
        return
    names, connection = ", ".join(section.name for section in form.SECTIONS), frame.session.connection()
    if connection.dialect.name == "postgresql":
        # A cursor of its own, which takes bytes as bytes: as SQLAlchemy asks for them they come written out in hex, twice as long.
        query = f"SELECT {names} FROM cohort_digests WHERE clinic_id = %s AND NOT procedure_id = ANY(%s)"  # noqa: S608  reason: our own names
        with connection.connection.driver_connection.cursor("digests", binary=True) as cursor:  # type: ignore[union-attr]  # reason: psycopg's
            cursor.execute(query, (frame.clinic_id, late))
            while rows := cursor.fetchmany(_AT_ONCE):
                yield rows
        return
    wanted = sa.select(*(_D.c[section.name] for section in form.SECTIONS)).where(frame.of_clinic(_D), _D.c.procedure_id.not_in(late))
    for part in connection.execute(wanted).partitions(_AT_ONCE):
        yield list(map(tuple, part))


def _columns(words: Words, whole: Mapping[str, bytearray], lengths: Mapping[str, list[Numbers]]) -> Columns:
    sections, owner = {}, {}
    for section in form.SECTIONS:
        sections[section.name] = np.frombuffer(whole.get(section.name, b""), dtype=section.dtype)
        numbers = np.concatenate(lengths[section.name]) if lengths.get(section.name) else np.zeros(0, dtype=np.int32)
        owner[section.name] = np.repeat(np.arange(len(numbers), dtype=np.int32), numbers)
    patient = numbered(sections[form.FACTS.name]["patient"])
    return Columns(words, sections, owner, patient, int(patient.max(initial=-1)) + 1)


def numbered(ids: Numbers) -> Numbers:
    """Numbers from 0 on in the order of the ids, the same for the same id. As two numbers each, which sort faster than sixteen bytes."""
    if not len(ids):
        return np.zeros(0, dtype=np.int32)
    halves = np.ascontiguousarray(ids).view(">u8").reshape(-1, 2).astype(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    in_order = halves[order]
    number = np.empty(len(ids), dtype=np.int32)
    number[order] = np.concatenate([[0], np.cumsum((in_order[1:] != in_order[:-1]).any(axis=1))])
    return number
