"""Fixtures of the stories about workers: Anna's follow-up and the mail server, as in the follow-up's own stories."""

from tests.followup.conftest import anna, mailbox, mailing

__all__ = ["anna", "mailbox", "mailing"]
