"""An invented report for the style page and the tests: those parts that hold single cases."""

import random
import uuid
from datetime import date, timedelta
from typing import Any

from schemas.outcome_words import REGION_OF, Complication, Region
from server.reports.shape import (
    COMPUTED,
    FEW_PATIENTS,
    MOST_POINTS,
    Association,
    Event,
    Point,
    Process,
    Run,
    Scale,
    ScaleVisit,
    ScarPoint,
    Share,
    Volume,
)
from server.reports.statistics.shares import wilson

STEPS = (("w2", "2 weeks"), ("m3", "3 months"), ("y1", "1 year"))
BEGAN = date(2024, 1, 8)


def share(numerator: int, denominator: int, missing: int = 0) -> Share:
    """With Wilson's bounds, and both ways of counting the missing."""

    def whole(some: int, of: int) -> Any:
        found = wilson(some, of)
        return {"numerator": some, "denominator": of, "share": found.share, "low": found.low, "high": found.high}

    bounds = whole(numerator, denominator) if denominator else {"share": None, "low": None, "high": None}
    every = denominator + missing
    return Share(
        numerator=numerator,
        denominator=denominator,
        missing=missing,
        share=bounds["share"],
        low=bounds["low"],
        high=bounds["high"],
        worst=whole(numerator, every) if missing and denominator else None,
        best=whole(numerator + missing, every) if missing and denominator else None,
    )


class Cases:
    """Makes the parts of a report that hold single cases; the same seed makes the same ones."""

    def __init__(self, patients: int, *, answered: int, seed: int = 1, points: int | None = None) -> None:
        """`points`: how many single points each figure holds, where more than the patients give."""
        self.patients, self.answered = patients, answered
        self.random = random.Random(seed)  # noqa: S311  reason: invented, not secret
        self.points = min(MOST_POINTS, answered if points is None else points)
        self.enough = patients >= FEW_PATIENTS

    def case(self) -> str:
        """A procedure's id."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def values(self, count: int, low: float, high: float, digits: int = 1) -> list[Point]:
        """Around the upper third, as answers are."""
        middle, spread = low + 0.68 * (high - low), 0.17 * (high - low)
        drawn = (min(high, max(low, self.random.gauss(middle, spread))) for _ in range(count))
        return [Point(value=round(one, digits), procedure_id=self.case()) for one in drawn]

    def scales(self) -> list[Scale]:
        """One from 0 to 100, and one of five grades."""
        return [
            self.scale("satisfaction", "total", "Satisfaction", 0, 100, "high"),
            self.scale("gais", "grade", "Aesthetic improvement (GAIS)", 1, 5, "low", digits=0),
        ]

    def scale(self, instrument: str, name: str, title: str, low: float, high: float, better: str, digits: int = 0) -> Scale:
        """Answers at each visit."""
        each = max(1, self.points // len(STEPS) // 2) if self.points > self.answered else self.answered
        visits = [
            self.visit(step, words, self.values(max(1, each - 3 * place), low, high, digits)) for place, (step, words) in enumerate(STEPS)
        ]
        known = self.enough
        return Scale(
            instrument=instrument,
            scale=name,
            scored=COMPUTED,
            title=title,
            low=low,
            high=high,
            better=better,
            visits=visits,
            over_year={
                "n_more": self.answered // 2,
                "n_less": self.answered - self.answered // 2,
                "median_more": 71.0 if known else None,
                "median_less": 66.0 if known else None,
                "p": 0.041 if known else None,
                "p_holm": 0.082 if known else None,
                "rank_biserial": -0.24 if known else None,
                "shift": 5.0 if known else None,
            },
            paired={
                "n": self.answered,
                "first": "2 weeks",
                "last": "1 year",
                "median_change": 6.5 if known else None,
                "p": 0.0002 if known else None,
                "p_holm": 0.0004 if known else None,
            },
        )

    def visit(self, step: str, title: str, points: list[Point]) -> ScaleVisit:
        """With its counts by value."""
        every = sorted(one["value"] for one in points)
        bins = sorted({value: every.count(value) for value in every}.items())
        quarter = len(every) // 4
        return ScaleVisit(
            step=step,
            title=title,
            n=len(every),
            due=max(len(every), self.patients),
            median=every[len(every) // 2] if self.enough else None,
            q1=every[quarter] if self.enough else None,
            q3=every[-1 - quarter] if self.enough else None,
            bins=bins,
            points=points,
        )

    def volume(self) -> Volume:
        """No relation at all."""

        def points(high: float) -> list[ScarPoint]:
            return [
                ScarPoint(
                    x=round(self.random.uniform(0.1, high), 2),
                    y=self.random.choice((-1, 0, 0.5, 1, 1, 1.5, 2, 2, 2, 3)),
                    count=1,
                    procedure_id=self.case(),
                )
                for _ in range(self.points)
            ]

        known = self.enough
        association = Association(
            rho=0.08 if known else None, low=-0.21 if known else None, high=0.36 if known else None, p=None, resamples=2000, seed=1
        )
        return Volume(
            scars=self.points,
            patients=self.answered,
            without_rating=2 * self.patients - self.points,
            per_scar=points(2.4),
            per_scar_association=association,
            scars_with_area=self.points,
            per_cm2=points(1.1),
            per_cm2_association=association,
            enough=known,
            thinned=None,
        )

    def run(self, measure: str, unit: str, low: float, high: float) -> Run:
        """A case in ten weeks beyond the limits."""
        cases = max(self.points, min(self.patients, MOST_POINTS))
        middle, wide = (low + high) / 2, (high - low) / 2
        known = cases >= FEW_PATIENTS
        values = [middle + self.random.gauss(0, wide / 3.2) + (wide * 1.6 if not (place + 12) % 29 else 0) for place in range(cases)]
        points = [
            {
                "value": round(value, 1),
                "on": (BEGAN + timedelta(days=3 * place)).isoformat(),
                "procedure_id": self.case(),
                "outside": known and not low <= round(value, 1) <= high,
            }
            for place, value in enumerate(values)
        ]
        return Run(
            measure=measure,
            unit=unit,
            n=cases,
            mean=middle if known else None,
            low=low if known else None,
            high=high if known else None,
            outside=sum(bool(one["outside"]) for one in points),
            points=points,  # type: ignore[typeddict-item]  # reason: made just so
        )

    def process(self) -> Process:
        """Steady, and with three kinds of complications."""
        minutes = [
            Point(value=round(40 + 50 / (1 + place / 9) + self.random.uniform(-8, 8), 1), procedure_id=self.case())
            for place in range(self.points)
        ]
        own = [one["value"] for one in minutes]
        medians = [sorted(own[place - 11 : place])[5] for place in range(11, len(own) + 1)]
        many = self.answered
        seen = {Complication.ERYTHEMA: many * 41 // 44, Complication.OEDEMA: many // 3, Complication.ECCHYMOSIS: many // 5}
        events = [self.event(kind, number) for kind, count in seen.items() for number in range(count)][: self.points]
        return Process(
            runs=[
                self.run("yield", "mL nanofat per 100 mL lipoaspirate", 6, 22),
                self.run("passes", "passes", 22, 38),
                self.run("minutes", "min", 35, 85),
            ]
            if self.patients
            else [],
            learning={
                "measure": "minutes",
                "unit": "min",
                "surgeon": self.case() if own else None,
                "n": len(own),
                "values": minutes,
                "medians": medians,
            },
            complications=[
                {"complication": one, "share": share(seen.get(one, 0), asked, self.patients - asked)}
                for one in Complication
                for asked in (0 if REGION_OF[one] == Region.PROCESS else many,)
            ],
            assessed=self.answered,
            serious=share(0, self.answered, self.patients - self.answered),
            events=events,
            events_total=sum(seen.values()),
        )

    def event(self, kind: str, number: int) -> Event:
        """From the first days on."""
        begin = number % 9
        return Event(
            procedure_id=self.case(),
            complication=kind,
            from_day=begin,
            last_day=begin + 5 + number % 12 if number % 3 else None,
            absent_day=begin + 24 if number % 3 else None,
            clavien_dindo=(None, "I", "II", "IIIa")[number % 4] if number % 5 else "I",
            ctcae=1 if number % 2 else None,
        )
