"""Words of the work list that services and shapes share. Standard library only."""

from enum import StrEnum


class WorkKind(StrEnum):
    """Why somebody stands on the work list; in the order in which the list shows them."""

    RED_FLAG = "red_flag"
    CONCERNING = "concerning"
    ASKING = "asking"
    OVERDUE = "overdue"
    DUE = "due"
    BAD_CONTACT = "bad_contact"


class Arrival(StrEnum):
    """What a person found out about a message of which nobody knew whether it arrived."""

    ARRIVED = "arrived"
    DID_NOT_ARRIVE = "did_not_arrive"
