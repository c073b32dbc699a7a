"""Parcels for stories about the ways out."""

import uuid
from typing import Any

from server.followup.channels.base import Parcel

CLINIC = uuid.UUID("0193a000-0000-7000-8000-000000000001")


def mail_to_anna(**only_what_matters: Any) -> Parcel:
    """A mail to Anna Petrauskienė, unless said otherwise."""
    fields: dict[str, Any] = {
        "clinic_id": CLINIC,
        "reminder_id": uuid.uuid4(),
        "key": uuid.uuid4(),
        "to": "anna@example.org",
        "to_name": "Anna Petrauskienė",
        "sender_name": "Riverside Plastic Surgery",
        "subject": "Your follow-up appointment: Monday 16 March 2026",
        "text": "Dear Anna,\n\nPlease come.\n",
        "html": "<p>Dear Anna,</p>\n<p>Please come.</p>\n",
        "date": "Fri, 13 Mar 2026 10:00:00 +0100",
    }
    return Parcel(**(fields | only_what_matters))


def text_to_anna(**only_what_matters: Any) -> Parcel:
    """A text message to Anna's telephone."""
    fields: dict[str, Any] = {"to": "+36301234567", "text": "Riverside: please come on Monday. Reply YES or NO.", "html": "", "subject": ""}
    return mail_to_anna(**(fields | only_what_matters))
