"""Reports made by hand: the study of 52, a large clinic, a few patients, nobody. What computes them has its own tests."""

import random
import uuid
from datetime import date, timedelta
from typing import Any

from schemas.outcome_words import Complication
from schemas.vocabulary import Side, Subunit
from server.reports.shape import (
    FEW_PATIENTS,
    MOST_POINTS,
    Association,
    Cohort,
    Event,
    Physicians,
    Point,
    Process,
    Redness,
    Run,
    Satisfaction,
    Scale,
    ScaleVisit,
    ScarPoint,
    Share,
    Volume,
)
from server.reports.statistics.shares import wilson

_BEGAN = date(2024, 1, 8)
_STEPS = (("w2", "2 weeks"), ("m3", "3 months"), ("y1", "1 year"))


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
        worst=whole(numerator, every) if missing and every else None,
        best=whole(numerator + missing, every) if missing and every else None,
    )


class Maker:
    """Makes a report of so many patients; the same seed makes the same one, ids apart from nothing."""

    def __init__(self, patients: int, *, answered: int, seed: int = 1, points: int | None = None) -> None:
        """`points`: how many single points each figure holds, where more than the patients give."""
        self.patients, self.answered, self.random = patients, answered, random.Random(seed)
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

    def cohort(self) -> Cohort:
        """The whole report."""
        lost = self.patients - self.answered
        improved = round(self.answered * 40 / 44)
        red = round(self.answered * 41 / 44)
        women = round(self.answered * 29 / 44)
        return Cohort(
            version=1,
            seq=4711,
            locked_at="2026-11-20T10:00:00.000000Z",
            computed_at="2026-11-20T10:00:02.000000Z",
            filters={"from": None, "to": None, "surgeon": "all", "subunit": None, "aetiology": None, "protocol": None, "sessions": "any"},
            filters_hash="5f" * 32,
            counts={
                "patients": self.patients,
                "procedures": self.patients,
                "scars": 2 * self.patients,
                "surgeons": 3 if self.patients else 0,
                "women": women,
                "men": self.answered - women,
                "other": lost,
            },
            flow={
                "steps": self.steps() if self.patients else [],
                "responded": share(self.answered, self.patients),
                "women": share(women, self.answered),
                "men": share(self.answered - women, self.answered),
                "missing": [self.missing(number) for number in range(min(lost, 20))],
                "missing_total": lost,
            },
            redness=self.redness(red),
            physicians=self.physicians(improved, lost),
            satisfaction=Satisfaction(scales=self.scales() if self.answered else [], enough=self.enough),
            volume=self.volume(),
            process=self.process(),
            where={"places": self.places() if self.patients else []},
        )

    def steps(self) -> list[Any]:
        """Fewer come each time."""
        made = []
        for place, (step, title) in enumerate(_STEPS):
            due = self.patients - place * (self.patients // 12)
            answered = min(due, max(0, self.answered - place * (self.patients // 9)))
            asked = min(due, answered + (due - answered) // 2)
            made.append(
                {
                    "step": step,
                    "title": title,
                    "operated": self.patients,
                    "due": due,
                    "asked": asked,
                    "answered": answered,
                    "seen": max(0, answered - place),
                    "rate": share(answered, due),
                }
            )
        return made

    def missing(self, number: int) -> Any:
        """Somebody of whom nothing was heard."""
        return {
            "patient_id": self.case(),
            "mrn": f"RPS-{2000 + number}",
            "procedure_id": self.case(),
            "last_session": (_BEGAN + timedelta(days=11 * number)).isoformat(),
            "months_since": 30.5 - number,
        }

    def redness(self, red: int) -> Redness:
        """Gone between day 7 and day 28 for most."""
        known = ((7, 14, 0.2), (14, 21, 0.45), (21, 28, 0.25), (28, 90, 0.08), (90, None, 0.02))

        def by(day: int) -> Any:
            low = sum(mass for _, right, mass in known if right is not None and right <= day)
            return {"day": day, "low": low, "high": max(low, sum(mass for left, _, mass in known if left < day))}

        enough = self.enough and red >= FEW_PATIENTS
        return Redness(
            ever=share(red, self.answered, self.patients - self.answered),
            n=self.answered,
            never_red=self.answered - red,
            still_red=min(1, red),
            masses=[{"left": left, "right": right, "mass": mass} for left, right, mass in known] if enough else [],
            curve=[by(day) for day in range(92)] if enough else [],
            clear_by=[by(day) for day in (14, 21, 28)] if enough else [],
            enough=enough,
        )

    def physicians(self, improved: int, lost: int) -> Physicians:
        """Three raters who mostly agree; of nobody none."""
        worse = self.answered - improved
        better = improved // 4, improved // 2, improved - improved // 4 - improved // 2
        split = [0, worse // 3, worse // 3, worse - 2 * (worse // 3), *better]
        shifted = [0, 0, worse // 2, worse - worse // 2, improved // 3, improved // 3, improved - 2 * (improved // 3)]
        names = ("Dr Ada Lind", "Dr Bo Marek", "Dr Cleo Nagy") if self.answered else ()
        return Physicians(
            raters=[
                {
                    "label": name,
                    "counts": shifted if place == 1 else split,
                    "cannot": place,
                    "improved": share(improved, self.answered),
                }
                for place, name in enumerate(names)
            ],
            consensus=split if self.answered else [0] * 7,
            improved=share(improved, self.answered, lost),
            unanimous=share(max(0, improved - 5), self.answered, lost),
            agreement={
                "pairs": self.answered,
                "raters": len(names),
                "raw": 0.88 if self.enough else None,
                "fleiss_kappa": 0.31 if self.enough else None,
                "ac1": 0.86 if self.enough else None,
                "weighted_kappa": 0.52 if self.enough else None,
                "icc_single": 0.55 if self.enough else None,
                "icc_mean": 0.78 if self.enough else None,
            },
            enough=self.enough,
        )

    def scales(self) -> list[Scale]:
        """One from 0 to 100, and one of five grades."""
        return [
            self.scale("satisfaction", "total", "Satisfaction", 0, 100, "high"),
            self.scale("gais", "grade", "Aesthetic improvement (GAIS)", 1, 5, "low", digits=0),
        ]

    def scale(self, instrument: str, name: str, title: str, low: float, high: float, better: str, digits: int = 0) -> Scale:
        """Answers at each visit."""
        each = max(1, self.points // len(_STEPS) // 2) if self.points > self.answered else self.answered
        visits = [
            self.visit(step, words, self.values(max(1, each - 3 * place), low, high, digits)) for place, (step, words) in enumerate(_STEPS)
        ]
        known = self.enough
        return Scale(
            instrument=instrument,
            scale=name,
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
        values = [middle + self.random.gauss(0, wide / 3.2) + (wide * 1.6 if place % 29 == 17 else 0) for place in range(cases)]
        points = [
            {
                "value": round(value, 1),
                "on": (_BEGAN + timedelta(days=3 * place)).isoformat(),
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
            complications=[{"complication": one, "share": share(seen.get(one, 0), many, self.patients - many)} for one in Complication],
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

    def places(self) -> list[Any]:
        """Mostly on the cheeks."""
        weights = {Subunit.CHEEK_MEDIAL: 6, Subunit.CHEEK_BUCCAL: 5, Subunit.CHEEK_ZYGOMATIC: 4, Subunit.TEMPLE: 2, Subunit.CHIN: 1}
        made = []
        for subunit, weight in weights.items():
            for side in (Side.LEFT, Side.RIGHT):
                scars = max(1, weight * self.patients // 20 - (side == Side.RIGHT))
                made.append({"subunit": subunit, "side": side, "scars": scars, "improved": share(scars * 9 // 10, scars)})
        return [*made, {"subunit": Subunit.GLABELLA, "side": Side.MIDLINE, "scars": 2, "improved": share(2, 2)}]


def study() -> Cohort:
    """52 were operated, 44 answered, 41 had redness, 40 improved."""
    return Maker(52, answered=44).cohort()


def large() -> Cohort:
    """As many points everywhere as a figure may hold."""
    return Maker(4000, answered=3100, seed=2, points=MOST_POINTS).cohort()


def few() -> Cohort:
    """Seven patients, of whom six answered."""
    return Maker(7, answered=6, seed=3).cohort()


def empty() -> Cohort:
    """Nobody."""
    return Maker(0, answered=0).cohort()
