"""Without servers the folder stands in for e-mail and text messages, and can say what it has."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import Channel
from server.config import Config
from server.followup.channels import outbox_folder
from server.followup.channels.base import Known, NotSent
from server.followup.channels.outbox import OutboxWay
from server.followup.channels.push import PushWay
from server.followup.channels.sms import SmsWay
from server.followup.channels.smtp import SmtpWay
from server.followup.channels.ways import available, open_way, open_ways
from server.followup.channels.webhook import WebhookWay
from tests.followup.parcels import CLINIC, mail_to_anna, text_to_anna


@pytest.fixture
def embedded(config: Config, tmp_path: Path) -> Config:
    """Nothing is set up."""
    return replace(config, data=tmp_path, smtp_url=None, sms_url=None)


def test_a_mail_becomes_a_file(embedded: Config) -> None:
    parcel, way = mail_to_anna(), OutboxWay(embedded)
    assert way.send(parcel) == f"<{parcel.key}@localhost>"
    found = outbox_folder.read(embedded.outbox, CLINIC, parcel.reminder_id)
    assert found is not None
    assert (found.channel, found.recipient) == (Channel.EMAIL, "Anna Petrauskienė <anna@example.org>")
    assert (found.text, found.html) == (parcel.text, parcel.html)


def test_a_text_message_becomes_a_file_with_its_number(embedded: Config) -> None:
    parcel = text_to_anna(text="Kedves Anna! Várjuk hétfőn.")
    OutboxWay(embedded, Channel.SMS).send(parcel)
    found = outbox_folder.read(embedded.outbox, CLINIC, parcel.reminder_id)
    assert found is not None
    assert (found.channel, found.recipient) == (Channel.SMS, "+36301234567")
    assert (found.text, found.html) == ("Kedves Anna! Várjuk hétfőn.\n", "")


def test_writing_twice_leaves_one_file_and_the_folder_knows(embedded: Config) -> None:
    parcel, way = mail_to_anna(), OutboxWay(embedded)
    assert way.idempotent
    assert way.ask(parcel.key, parcel.reminder_id, parcel.clinic_id) == Known.NEVER_SEEN
    assert way.send(parcel) == way.send(parcel)
    assert way.ask(parcel.key, parcel.reminder_id, parcel.clinic_id) == Known.ACCEPTED
    assert len(outbox_folder.newest(embedded.outbox, CLINIC)) == 1


def test_a_folder_that_cannot_be_made(embedded: Config) -> None:
    embedded.outbox.write_text("a file in the way")
    way = OutboxWay(embedded)
    with pytest.raises(NotSent, match="NotADirectoryError"):
        way.send(mail_to_anna())


def test_which_ways_there_are(embedded: Config) -> None:
    """The folder stands in for text messages only where it stands in for everything."""
    gateway: dict[str, Any] = {"sms_url": "http://A:t@127.0.0.1:9", "sms_from": "+36201234567"}
    kinds = {channel: type(way) for channel, way in open_ways(embedded).items()}
    assert kinds == {Channel.EMAIL: OutboxWay, Channel.SMS: OutboxWay, Channel.PUSH: PushWay, Channel.WEBHOOK: WebhookWay}
    mails = replace(embedded, smtp_url="smtp://127.0.0.1:9")
    assert type(open_ways(mails)[Channel.EMAIL]) is SmtpWay
    assert Channel.SMS not in available(mails)
    with pytest.raises(KeyError):
        open_way(mails, Channel.SMS)
    both = open_ways(replace(mails, **gateway))
    assert (type(both[Channel.SMS]), type(both[Channel.EMAIL])) == (SmsWay, SmtpWay)
    assert set(open_ways(embedded)) == available(embedded) == set(Channel)
