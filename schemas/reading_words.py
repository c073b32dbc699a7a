"""Words of the access log."""

from enum import StrEnum


class Reading(StrEnum):
    """What was read. A `note_file` and an `export` leave the clinic: they are disclosures."""

    RECORD = "record"
    LIST = "list"
    PHOTO = "photo"
    NOTE = "note"
    NOTE_FILE = "note_file"
    HISTORY = "history"
    SYNC = "sync"
    ACCESS = "access"
    EXPORT = "export"


class Outcome(StrEnum):
    """Whether it was given."""

    GIVEN = "given"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
