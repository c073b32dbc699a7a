"""Tables of the outcomes."""

from server.outcomes.models.assessments import Assessment, Finding, ScarMeasurement
from server.outcomes.models.questionnaires import Instrument, Licence, Response, Score
from server.outcomes.models.ratings import Rating, RatingPair, RatingQueue

__all__ = [
    "Assessment",
    "Finding",
    "Instrument",
    "Licence",
    "Rating",
    "RatingPair",
    "RatingQueue",
    "Response",
    "ScarMeasurement",
    "Score",
]
