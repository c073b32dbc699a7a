"""The words of mail services about what became of a mail. Standard library only."""

from enum import StrEnum


class MailStatus(StrEnum):
    """What became of a mail after a server had taken it."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
