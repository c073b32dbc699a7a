"""Shapes of the cohort report: its filters, and what is answered while it is computed and afterwards."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.fields import Choice, Day, Document, Id, Moment, Pattern, Shape, Text
from schemas.outcome_words import ReportState
from schemas.vocabulary import Aetiology, Subunit

ALL, ME = "all", "me"
ANY, ONE, SEVERAL = "any", "1", "2+"
_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class SessionCount(Choice):
    """`2+`, whose plus sign is a space in an address unless it is written as %2B; that is understood too."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return super()._deserialize(SEVERAL if value == "2 " else value, attr, data, **kwargs)


class CohortQuery(Shape):
    """Which procedures. Days are those on which they were performed, in the clinic's zone, both included."""

    performed_from = Day(data_key="from")
    performed_to = Day(data_key="to")
    surgeon = Pattern(f"{ALL}|{ME}|{_ID}", ME, load_default=ALL, metadata={"description": "A surgeon's id, `all`, or `me`."})
    subunit = Choice(Subunit)
    aetiology = Choice(Aetiology)
    protocol = Text(longest=40, metadata={"description": "A version of the follow-up protocol."})
    sessions = SessionCount((ANY, ONE, SEVERAL), load_default=ANY)
    lock = Pattern(r"[0-9]{1,18}", "4711", metadata={"description": "The report as it was computed at this row of the journal, if it was."})

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("performed_from") and data.get("performed_to") and data["performed_to"] < data["performed_from"]:
            raise ValidationError("Lies before the first day; name a later one.", "to")


class CohortOut(Document):
    """The whole report, figure by figure. Shares are of 1, with numerator, denominator, missing and a 95 % interval; null is undefined."""

    version = fields.Integer()
    seq = fields.Integer(metadata={"description": "The data-lock: the newest row of the journal that is in these numbers."})
    locked_at = Moment(allow_none=True)
    computed_at = Moment()
    filters = fields.Dict()
    filters_hash = Text(longest=64)
    counts = fields.Dict()
    flow = fields.Dict()
    redness = fields.Dict()
    physicians = fields.Dict()
    satisfaction = fields.Dict()
    volume = fields.Dict()
    process = fields.Dict()
    where = fields.Dict()


class CohortWaiting(Document):
    """A report on its way: `done` of `total` parts, or, while `step` is `procedures`, procedures gathered, which is done once for a clinic.

    `kept_seq` is the lock of the newest one that is there already, `changes_since` how far it lies behind.
    """

    id = Id()
    state = Choice(ReportState)
    step = Text(allow_none=True)
    done = fields.Integer()
    total = fields.Integer()
    asked_at = Moment()
    kept_seq = fields.Integer(allow_none=True)
    changes_since = fields.Integer(allow_none=True)
