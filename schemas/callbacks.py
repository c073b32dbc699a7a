"""Shapes of what providers tell us."""

from schemas.fields import Choice, Moment, Pattern, Shape
from schemas.mail_status import MailStatus

MESSAGE_ID = r"<[!-;=?-~]{1,250}>"


class MailEvent(Shape):
    """One event about one mail, in the form that every mail service's own can be put into."""

    message_id = Pattern(MESSAGE_ID, "<5b0c0c66-9a0d-5f5e-9d67-0d3b5c1f7a10@clinic.example>", longest=252, required=True)
    status = Choice(MailStatus, required=True)
    at = Moment(required=True)
