"""Shapes of photographs: what a tablet announces, and what is known once the bytes have arrived."""

from marshmallow import fields
from marshmallow.validate import Length

from schemas.common import Items, Page
from schemas.fields import Choice, Day, Document, Flag, Id, Moment, Pattern, Quantity, Shape, Text
from schemas.limits import LIMITS, PHOTO_MOST_MB, THUMBNAIL_SIDES_PX, Limit
from schemas.vocabulary import ConsentPurpose, PhotoFlaw, PhotoKind, PhotoQuality, PhotoState, PhotoView, ThumbnailState

LIMITS["size_bytes"] = Limit("size_bytes", "bytes", 1, PHOTO_MOST_MB * 1024 * 1024, slip="Size of the file as it will be sent, in bytes.")
LIMITS["side_px"] = Limit("side_px", "px", 1, 65_535)
_SIDES = tuple(map(str, THUMBNAIL_SIDES_PX))


class PhotoCreate(Shape):
    """A photograph that will be sent. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    patient_id = Id(required=True)
    procedure_id = Id(allow_none=True, metadata={"description": "The procedure at which, or about which, it is taken."})
    scar_id = Id(allow_none=True, metadata={"description": "The scar it shows, above all of a close-up."})
    view = Choice(PhotoView, required=True)
    kind = Choice(PhotoKind, required=True)
    taken_at = Moment(allow_none=True, metadata={"description": "Without it, the time that the camera wrote into the file, if any."})
    sha256 = Pattern(
        r"[0-9a-f]{64}",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        longest=66,
        required=True,
        metadata={"description": "SHA-256 of the file as it will be sent, in hex. The upload is held against it."},
    )
    size_bytes = Quantity("size_bytes", steps=1, required=True)


class PhotoOut(Document, PhotoCreate):
    """A photograph: its bytes are at `/content` once `state` is `stored`."""

    state = Choice(PhotoState)
    failure = Text(
        longest=500, allow_none=True, metadata={"description": "Why its bytes can be no photograph; take it again under a new id."}
    )
    stored_at = Moment(allow_none=True)
    stored_sha256 = Pattern(
        r"[0-9a-f]{64}", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", longest=66, allow_none=True
    )
    stored_bytes = Quantity("size_bytes", steps=1, allow_none=True)
    width_px = Quantity("side_px", steps=1, allow_none=True)
    height_px = Quantity("side_px", steps=1, allow_none=True)
    thumbnails = Choice(ThumbnailState, allow_none=True)
    thumbnail_problem = Text(longest=500, allow_none=True, metadata={"description": "Why no thumbnails could be made."})
    write_id = Id()
    created_at = Moment()
    updated_at = Moment()


class PhotoQuery(Page):
    """Filter of the list of photographs."""

    patient_id = Id()
    procedure_id = Id()


class PhotoList(Items):
    """A page of photographs, in the order they were announced."""

    items = fields.List(fields.Nested(PhotoOut), required=True)


class ThumbnailQuery(Shape):
    """Which thumbnail."""

    size = Choice(_SIDES, load_default=_SIDES[0], metadata={"description": "Longest side in pixels."})


class PhotoConsentCreate(Shape):
    """That a patient agrees, or no longer agrees, to one purpose. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    purpose = Choice(
        ConsentPurpose,
        required=True,
        metadata={"description": "record: her own treatment; rating: raters who do not know whose they are; teaching; publication."},
    )
    given = Flag(required=True, metadata={"description": "false takes it back; the earlier one stays in the history."})
    decided_on = Day(required=True, metadata={"description": "The day on the signed paper, or on which she took it back."})


class PhotoConsentOut(Document, PhotoConsentCreate):
    """A consent, or its end."""

    patient_id = Id()
    recorded_by = Id()
    created_at = Moment()


class PhotoConsentList(Shape):
    """All of a patient, the newest first. Of each purpose the first one here holds; a purpose without any was never asked about."""

    items = fields.List(fields.Nested(PhotoConsentOut), required=True)


class PhotoGradeCreate(Shape):
    """How well a photograph can be compared. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    quality = Choice(PhotoQuality, required=True)
    flaws = fields.List(
        Choice(PhotoFlaw),
        load_default=list,
        validate=Length(max=len(PhotoFlaw)),
        metadata={"description": "What is wrong with it: at least one unless it is good, none where it is."},
    )


class PhotoGradeOut(Document, PhotoGradeCreate):
    """A grade."""

    photo_id = Id()
    graded_by = Id()
    created_at = Moment()


class PhotoGradeList(Shape):
    """All grades of a photograph, the newest first: that one holds."""

    items = fields.List(fields.Nested(PhotoGradeOut), required=True)
