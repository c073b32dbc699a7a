"""Without an SMTP server, mails become files that a page of the clinic can show."""

import stat
import uuid

import pytest

from schemas.vocabulary import ReminderState
from server.followup.channels import outbox_folder as outbox
from tests import make
from tests.followup.story import Story

DUE = "2026-03-13T10:00"


def test_a_mail_is_written_and_can_be_read(anna: Story) -> None:
    """One file per reminder, whole, for its owner's eyes; the reminder is as good as sent."""
    assert anna.run(DUE, smtp_url=None) == {"accepted": 1}
    assert anna.first.state == ReminderState.ACCEPTED
    folder = anna.config.outbox / str(anna.clinic.id)
    assert [file.name for file in folder.iterdir()] == [f"{anna.first.id}.eml"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{anna.first.id}.eml").stat().st_mode) == 0o600
    mail = outbox.read(anna.config.outbox, anna.clinic.id, anna.first.id)
    assert mail is not None
    assert mail.recipient == "Anna Petrauskienė <anna@example.org>"
    assert mail.subject == "Your follow-up appointment: Monday 16 March 2026"
    assert mail.text.startswith("Dear Anna,\n\nYour follow-up appointment")
    assert mail.html.startswith("<!doctype html>")
    assert dict(mail.headers)["Message-ID"] == anna.first.message_id
    assert mail.written_at == anna.first.sent_at


def test_newest_first_and_bounded(anna: Story) -> None:
    """The page's list."""
    assert outbox.newest(anna.config.outbox, anna.clinic.id) == []
    for reminder in anna.reminders():
        anna.run(reminder.wall, smtp_url=None)
    mails = outbox.newest(anna.config.outbox, anna.clinic.id)
    assert [mail.reminder_id for mail in mails] == [one.id for one in reversed(anna.reminders())]
    assert [mail.reminder_id for mail in outbox.newest(anna.config.outbox, anna.clinic.id, limit=1)] == [anna.reminders()[-1].id]


def test_nothing_but_mails_is_shown(anna: Story) -> None:
    """Drafts, foreign files and links do not appear."""
    folder = anna.config.outbox / str(anna.clinic.id)
    folder.mkdir(parents=True)
    (folder / ".draft.tmp").write_text("x")
    (folder / "notes.eml").write_text("x")
    (folder / f"{uuid.uuid4()}.txt").write_text("x")
    (folder / f"{uuid.uuid4()}.eml").symlink_to("/etc/passwd")
    assert outbox.newest(anna.config.outbox, anna.clinic.id) == []


def test_another_clinics_mail_is_not_there(anna: Story, other_clinic: make.Clinic) -> None:
    """Known id or not."""
    anna.run(DUE, smtp_url=None)
    assert outbox.read(anna.config.outbox, other_clinic.id, anna.first.id) is None
    assert outbox.newest(anna.config.outbox, other_clinic.id) == []


@pytest.mark.parametrize("name", ["../../keys/signing", "..", "/etc/passwd", "x"])
def test_a_path_is_not_an_id(anna: Story, name: str) -> None:
    """Whatever a caller passes, only UUIDs become file names."""
    with pytest.raises(ValueError, match="badly formed"):
        outbox.read(anna.config.outbox, anna.clinic.id, name)  # type: ignore[arg-type]  # reason: that is the point


def test_a_full_disk_is_tried_again(anna: Story) -> None:
    """The folder cannot be made: surely not sent."""
    anna.config.outbox.write_text("a file in the way")
    assert anna.run(DUE, smtp_url=None) == {"pending": 1}
    anna.config.outbox.unlink()
    assert anna.run("2026-03-13T10:10", smtp_url=None) == {"accepted": 1}
