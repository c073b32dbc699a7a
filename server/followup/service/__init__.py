"""What people do with the follow-up: schedule, mark, call, edit the protocol, see the work list."""

from server.followup.service import events

__all__ = ["events"]  # listens to every session, whichever service is used
