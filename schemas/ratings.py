"""Shapes of the raters' panel: pairs, a rater's queue, what she says, and what comes of it."""

from marshmallow import fields

from schemas.common import Items
from schemas.fields import Choice, Document, Flag, Id, Moment, Pattern, Quantity, Shape
from schemas.limits import LIMITS, Limit
from schemas.rating_words import Step, Verdict
from schemas.vocabulary import PhotoView

LIMITS["milliseconds"] = Limit("milliseconds", "ms", 0, 86_400_000)
LIMITS["rating_grade"] = Limit("rating_grade", "", -3, 3)
LIMITS["rating_place"] = Limit("rating_place", "", 1, 1_000_000)
_COUNT = {"type": "integer", "minimum": 0}


def _count() -> fields.Integer:
    return fields.Integer(required=True, metadata=dict(_COUNT))


class PairsOffer(Shape):
    """Which pairs to make, where they can be made. Without either: of all procedures that were done, at every step."""

    procedure_id = Id(metadata={"description": "Only of this procedure."})
    step = Choice(Step, metadata={"description": "Only at this step: 2w is day 1 to 45, 3m day 46 to 182, 1y day 183 to 730."})


class WithoutPair(Shape):
    """Procedures, counted once for each step asked about, that have no pair there, by the first obstacle."""

    no_consent = _count()
    no_baseline = _count()
    no_follow_up = _count()
    other_view = _count()
    poor = _count()


class PairsOffered(Shape):
    """What came of it: pairs made now, pairs that stood before, and why there are no others."""

    made = _count()
    standing = _count()
    without = fields.Nested(WithoutPair, required=True)


class RatingPairOut(Document):
    """A pair, as the clinic sees it; raters never get this."""

    id = Id()
    patient_id = Id()
    procedure_id = Id()
    scar_id = Id(allow_none=True)
    step = Choice(Step)
    view = Choice(PhotoView)
    baseline_id = Id()
    follow_up_id = Id()
    made_by = Id(allow_none=True)
    created_at = Moment()


class RatingPairList(Items):
    """A page of pairs, the newest first."""

    items = fields.List(fields.Nested(RatingPairOut), required=True)


class QueueCreate(Shape):
    """A rater begins. `id` is made by the client; whoever has a queue keeps it."""

    id = Id()


class QueueOut(Document):
    """A rater's queue, without its seed: that would say on which side the earlier photograph stands."""

    id = Id()
    rater_id = Id()
    created_at = Moment()


class QueueKept(QueueOut):
    """The same as the journal keeps it."""

    seed = Pattern(r"[0-9a-f]{64}", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", longest=66)


class Shown(Shape):
    """Two photographs, of which nothing is said but what they show and where to see them."""

    pair_id = Id(required=True)
    view = Choice(PhotoView, required=True)
    left = fields.String(required=True, metadata={"description": "Address of the picture on the left, a JPEG."})
    right = fields.String(required=True, metadata={"description": "Address of the picture on the right, a JPEG."})


class NextPair(Shape):
    """How far the rater is, and what she judges next; null once nothing waits."""

    rated = _count()
    waiting = _count()
    pair = fields.Nested(Shown, required=True, allow_none=True)


class RatingCreate(Shape):
    """What a rater says of a pair. `id` is made by the client, so that a repeated call is harmless."""

    id = Id()
    pair_id = Id(required=True)
    verdict = Choice(
        Verdict,
        required=True,
        metadata={
            "description": "Which of the two is better and by how much; or why that cannot be said: not_alike (taken too differently), "
            "not_sharp, covered, recognised (the rater knows whose face it is, or which was taken first)."
        },
    )
    milliseconds = Quantity("milliseconds", steps=1, allow_none=True, metadata={"description": "How long it was looked at."})


class RatingReceipt(Shape):
    """That it is stored. Nothing says which photograph was the earlier one."""

    id = Id(required=True)
    pair_id = Id(required=True)
    created_at = Moment(required=True)


class RatingOut(Document):
    """A rating, as the clinic sees it: the grade is of the follow-up against the baseline, whichever stood where."""

    id = Id()
    pair_id = Id()
    rater_id = Id()
    grade = Quantity("rating_grade", steps=1, allow_none=True, metadata={"description": "Null where it could not be judged, for `reason`."})
    reason = Choice(Verdict, allow_none=True)
    swapped = Flag(metadata={"description": "The follow-up stood on the left."})
    place = Quantity("rating_place", steps=1, metadata={"description": "It was the rater's so many-th."})
    milliseconds = Quantity("milliseconds", steps=1, allow_none=True)
    created_at = Moment()


class RatingList(Shape):
    """All ratings of a pair, in the order they were given."""

    items = fields.List(fields.Nested(RatingOut), required=True)
