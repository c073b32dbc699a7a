"""What people do with the follow-up: schedule, mark, call, edit the protocol, see the work list."""
