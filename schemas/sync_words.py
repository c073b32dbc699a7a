"""Words of the tablets' sync: collections, what became of a row, what a person must look at. Standard library only."""

from enum import StrEnum


class Synced(StrEnum):
    """Collections that tablets pull."""

    PATIENTS = "patients"
    SCARS = "scars"
    PROCEDURES = "procedures"
    ENTRIES = "entries"
    PHOTOS = "photos"
    VISITS = "visits"
    CATALOGUE = "catalogue"
    USERS = "users"
    SIGNATURES = "signatures"


PUSHED = (Synced.PATIENTS, Synced.SCARS, Synced.PROCEDURES, Synced.ENTRIES, Synced.PHOTOS, Synced.VISITS)
"""Those that tablets push too."""


class RowStatus(StrEnum):
    """What became of a pushed row. Every one of these is an acknowledgement: the tablet need not send the row again."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    HELD = "held"
    LATE = "late"
    POSSIBLE_DUPLICATE = "possible_duplicate"


class IssueKind(StrEnum):
    """What a person should look at."""

    QUARANTINED = "quarantined"
    HELD = "held"
    CONFLICT = "conflict"
    LATE = "late"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    GAP = "gap"
    UNVERIFIED = "unverified"
    CLOCK = "clock"


class IssueState(StrEnum):
    """Whether somebody still has to."""

    OPEN = "open"
    RESOLVED = "resolved"


class Choice(StrEnum):
    """What a person decides; `arrived` is what the record itself decides when the missing thing comes."""

    RELEASE = "release"
    REJECT = "reject"
    KEEP_SERVER = "keep_server"
    TAKE_OTHER = "take_other"
    BOTH_ARE_REAL = "both_are_real"
    RETRACT = "retract"
    ADDENDUM_WRITTEN = "addendum_written"
    NO_ADDENDUM = "no_addendum"
    LOST = "lost"
    CONFIRM = "confirm"
    SEEN = "seen"
    ARRIVED = "arrived"


CHOICES: dict[IssueKind, tuple[Choice, ...]] = {
    IssueKind.QUARANTINED: (Choice.RELEASE, Choice.REJECT),
    IssueKind.HELD: (Choice.RELEASE, Choice.REJECT),
    IssueKind.CONFLICT: (Choice.KEEP_SERVER, Choice.TAKE_OTHER),
    IssueKind.LATE: (Choice.ADDENDUM_WRITTEN, Choice.NO_ADDENDUM),
    IssueKind.POSSIBLE_DUPLICATE: (Choice.BOTH_ARE_REAL, Choice.RETRACT),
    IssueKind.GAP: (Choice.LOST,),
    IssueKind.UNVERIFIED: (Choice.CONFIRM,),
    IssueKind.CLOCK: (Choice.SEEN,),
}
"""What may be chosen about each kind."""
