"""The cohort: those of a clinic's digests that the filters leave. Only for workers: importing this loads numpy."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from server.reports.digest.columns import Columns, Numbers, load, numbered
from server.reports.rules import Filters, Sessions
from server.reports.service.cohort import Frame


@dataclass(frozen=True)
class Records:
    """The cohort's records of one section. `owner` is their procedure's place in the clinic's facts, `place` their own in the section."""

    all: Numbers
    place: Numbers
    owner: Numbers

    def __getitem__(self, field: str) -> Numbers:
        return self.all[field][self.place]

    def __len__(self) -> int:
        return len(self.place)


class Chosen:
    """The cohort of a frame: `mask` says of each procedure of the clinic that counts whether it is in it."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.clinic = frame, load(frame)
        self.mask = _mask(self.clinic, frame.filters)
        self.places = np.flatnonzero(self.mask)

    @property
    def number(self) -> int:
        """Procedures."""
        return len(self.places)

    def records(self, section: str) -> Records:
        """Those of the cohort's procedures."""
        owner = self.clinic.owner[section]
        place = np.flatnonzero(self.mask[owner]).astype(np.int32)
        return Records(self.clinic.sections[section], place, owner[place])

    def facts(self, field: str) -> Numbers:
        """One field of the cohort's procedures."""
        return self.clinic.facts[field][self.places]

    @cached_property
    def patient(self) -> Numbers:
        """The patient's number of each procedure of the cohort."""
        return self.clinic.patient[self.places]

    @cached_property
    def scar(self) -> Numbers:
        """The scar's number of each of the clinic's records of scars."""
        return numbered(self.clinic.sections["scars"]["scar"])

    def by_patient(self, of: Numbers) -> Numbers:
        """Patients whom one of these numbers names: yes or no of each patient of the clinic."""
        found = np.zeros(self.clinic.patients, dtype=bool)
        found[of] = True
        return found

    def scars_wanted(self, records: Records) -> Numbers:
        """Which of these scars the filters leave."""
        return _scars_wanted(self.clinic, records.all, self.frame.filters)[records.place]

    def is_word(self, numbers: Numbers, *words: str) -> Numbers:
        """Whether each number is that of one of the words."""
        return np.isin(numbers, [self.clinic.words.find(str(one)) for one in words])

    def word(self, number: Any) -> str:
        """The word."""
        return self.clinic.words.list[int(number)]

    def procedure(self, place: Any) -> uuid.UUID:
        """The id of the procedure at that place of the clinic's facts."""
        return id_of(self.clinic.facts["procedure"][place])


def id_of(packed: bytes) -> uuid.UUID:
    """Numpy leaves zeros at the end of bytes away."""
    return uuid.UUID(bytes=bytes(packed).ljust(16, b"\0"))


def _scars_wanted(clinic: Columns, scars: Numbers, filters: Filters) -> Numbers:
    wanted = np.ones(len(scars), dtype=bool)
    if filters.subunit:
        wanted &= scars["subunit"] == clinic.words.find(filters.subunit)
    if filters.aetiology:
        wanted &= scars["aetiology"] == clinic.words.find(filters.aetiology)
    return wanted


def _mask(clinic: Columns, filters: Filters) -> Numbers:
    facts = clinic.facts
    mask = np.ones(len(facts), dtype=bool)

    def with_one(section: str, which: Numbers) -> Numbers:
        found = np.zeros(len(facts), dtype=bool)
        found[clinic.owner[section][which]] = True
        return found

    if filters.performed_from:
        mask &= facts["performed_on"] >= filters.performed_from.toordinal()
    if filters.performed_to:
        mask &= facts["performed_on"] <= filters.performed_to.toordinal()
    if filters.surgeon_id:
        mask &= facts["surgeon"] == np.bytes_(filters.surgeon_id.bytes)
    if filters.protocol:
        mask &= with_one("visits", clinic.sections["visits"]["protocol"] == clinic.words.find(filters.protocol))
    if filters.subunit or filters.aetiology:
        mask &= with_one("scars", _scars_wanted(clinic, clinic.sections["scars"], filters))
    if filters.sessions != Sessions.ANY:
        sessions = np.bincount(clinic.patient, minlength=clinic.patients)[clinic.patient]
        mask &= (sessions == 1) if filters.sessions == Sessions.ONE else (sessions > 1)
    return mask
