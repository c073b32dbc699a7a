"""Shapes of what the raters' panel comes to."""

from marshmallow import fields

from schemas.fields import Choice, Id, Shape
from schemas.rating_words import Step


def _count(description: str = "") -> fields.Integer:
    said = {"description": description} if description else {}
    return fields.Integer(required=True, metadata={"type": "integer", "minimum": 0, **said})


def _coefficient(description: str) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": f"{description} Null where it is not defined."})


class RaterOut(Shape):
    """One rater's share at a step."""

    rater_id = Id(required=True)
    name = fields.String(required=True)
    rated = _count()
    cannot_judge = _count("Of those rated.")
    improved = _count("Of those rated: graded above zero.")


class AgreementOut(Shape):
    """How far the busiest raters agree, over the pairs that all of them graded. The coefficients are null below ten pairs."""

    raters = _count("At most five, who graded at least half as many pairs as the busiest.")
    pairs = _count("That all of them have graded: every number here is of these.")
    alike = _count("Of these pairs: all raters above zero, or none.")
    raw = _coefficient("Improved or not: mean share of agreeing pairs of raters.")
    ac1 = _coefficient("Improved or not: Gwet's AC1, which a high share of improved does not pull down.")
    fleiss_kappa = _coefficient("Improved or not: Fleiss' kappa; not defined where all ratings fell in one category.")
    weighted_kappa = _coefficient("Seven grades: mean of the quadratically weighted kappas of all pairs of raters.")
    icc_single = _coefficient("Seven grades: ICC(2,1), of one rater.")
    icc_mean = _coefficient("Seven grades: ICC(2,k), of the mean of all raters.")


class PanelStep(Shape):
    """A step: 2w, 3m or 1y."""

    step = Choice(Step, required=True)
    pairs = _count()
    decided = _count("Graded by at least three.")
    improved = _count("Of those decided: more than half of the raters above zero.")
    undecided = _count("Graded by fewer than three.")
    raters = fields.List(fields.Nested(RaterOut), required=True)
    agreement = fields.Nested(AgreementOut, required=True)


class PanelOut(Shape):
    """The panel, step by step."""

    steps = fields.List(fields.Nested(PanelStep), required=True)
