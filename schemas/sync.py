"""Shapes of the tablets' sync: pages to pull, rows to push, what a person must look at."""

from marshmallow import fields

from schemas.common import Items, Page
from schemas.fields import Choice, Document, Id, Moment, QueryWhole, Shape, Text
from schemas.limits import LIMITS, Limit
from schemas.sync_words import CHOICES, IssueKind, IssueState, RowStatus
from schemas.sync_words import Choice as Decision

LIMITS["sync_limit"] = Limit("sync_limit", "documents", 1, 1000, typical=100)
LIMITS["seq"] = Limit("seq", "changes", 0, 999_999_999, typical=1000)
PULLED_AT_ONCE = 100
MOST_ROWS = 500
SCHEMA_VERSION = 1
"""Of the documents as they are now; a tablet says which one it was made for in X-Schema-Version."""
OLDEST_SCHEMA = 1
"""A tablet made for an older one could not read what it pulls. What it pushes is taken all the same."""


class PullQuery(Shape):
    """From where on; nothing for the first page."""

    epoch = Id(metadata={"description": "`checkpoint.epoch` of the page before."})
    seq = QueryWhole("seq", load_default=0, metadata={"description": "`checkpoint.seq` of the page before."})
    limit = QueryWhole("sync_limit", load_default=PULLED_AT_ONCE)


class Checkpoint(Shape):
    """Where a page ended."""

    epoch = Id(required=True)
    seq = fields.Integer(required=True)


class PullOut(Shape):
    """A page. Fewer documents than asked for means: that was the end; an empty page leaves the checkpoint as it was."""

    documents = fields.List(fields.Dict(), required=True)
    checkpoint = fields.Nested(Checkpoint, required=True)


class Receipt(Shape):
    """What became of a row: stored, in every case."""

    id = Text(longest=200, shortest=0, required=True, allow_none=True)
    write_id = Text(longest=200, shortest=0, required=True, allow_none=True)
    sha256 = Text(longest=64, required=True, metadata={"description": "Of the row's RFC 8785 JSON."})
    seq = fields.Integer(required=True, allow_none=True, metadata={"description": "Number of the change; null: not in the record (yet)."})
    status = Choice(RowStatus, required=True)


class PushOut(Shape):
    """`conflicts` holds the current documents of rows whose document is not (all) what was sent: take them as they are."""

    conflicts = fields.List(fields.Dict(), required=True)
    receipts = fields.List(fields.Nested(Receipt), required=True)
    epoch = Id(required=True)
    server_time = Moment(required=True)


class Reason(Shape):
    """Why a row was not taken as it came."""

    pointer = Text(longest=200, shortest=0, required=True)
    message = Text(longest=1000, required=True)


class IssueOut(Document):
    """Something of a tablet that a person should look at."""

    id = Id()
    kind = Choice(IssueKind)
    state = Choice(IssueState)
    collection = Text(longest=40)
    document_id = Id()
    document_write_id = Id(allow_none=True)
    procedure_id = Id(allow_none=True)
    device_id = Id(allow_none=True)
    user_id = Id(allow_none=True, metadata={"description": "Whose act it was."})
    waits_for = Id(allow_none=True, metadata={"description": "The record without which a held row makes no sense."})
    other_id = Id(allow_none=True, metadata={"description": "The entry that a possible duplicate looks like."})
    sent = Text(longest=2_000_000, allow_none=True, metadata={"description": "The row as it was sent, as JSON text."})
    reasons = fields.List(fields.Nested(Reason))
    differences = fields.List(fields.Dict(), metadata={"description": "Of a conflict: `field`, `sent` and `kept` of each."})
    device_time = Moment(allow_none=True)
    offset_ms = fields.Integer(allow_none=True, metadata={"description": "How far the tablet's clock was ahead of the server's."})
    choice = Choice(Decision, allow_none=True)
    note = Text(longest=1000, allow_none=True)
    resolved_by = Id(allow_none=True)
    resolved_at = Moment(allow_none=True)
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class IssueList(Items):
    """A page of issues, oldest first."""

    items = fields.List(fields.Nested(IssueOut), required=True)


class IssueQuery(Page):
    """Filter of the list of issues."""

    state = Choice(IssueState, load_default=IssueState.OPEN.value)
    kind = Choice(IssueKind)


class Resolution(Shape):
    """What a person decides about an issue."""

    choice = Choice(
        tuple(dict.fromkeys(one for choices in CHOICES.values() for one in choices)),
        required=True,
        metadata={"description": "; ".join(f"{kind}: {' or '.join(choices)}" for kind, choices in CHOICES.items())},
    )
    note = Text(longest=500)
