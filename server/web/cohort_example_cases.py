"""An invented report for the style page and the tests: those parts that hold single cases."""

import random
import uuid
from collections import Counter
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
from server.web import cohort_example_tests as example_tests

STEPS = (("2w", "2 weeks"), ("3m", "3 months"), ("1y", "1 year"))
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

    def came(self) -> list[tuple[int, int]]:
        """(due, answered) at each visit: fewer come each time."""
        made = []
        for place in range(len(STEPS)):
            due = self.patients - place * (self.patients // 12)
            made.append((due, min(due, max(0, self.answered - place * (self.patients // 9)))))
        return made

    def scales(self) -> list[Scale]:
        """One from 0 to 100, one of five grades, one of yes and no; p values corrected over them."""
        made = [
            self.scale("satisfaction", "total", "Satisfaction", (0, 100), "high"),
            self.scale("gais", "grade", "Aesthetic improvement (GAIS)", (1, 5), "low"),
            self.scale("erythema", "red", "Redness (1 yes, 0 no)", (0, 1), "low"),
        ]
        for name in ("over_year", "paired"):
            tests: list[Any] = [dict(one)[name] for one in made]
            known = sorted((one for one in tests if one["p"] is not None), key=lambda one: one["p"])
            highest = 0.0
            for place, one in enumerate(known):
                highest = one["p_holm"] = min(1.0, max(highest, one["p"] * (len(known) - place)))
        return made

    def scale(self, instrument: str, name: str, title: str, ends: tuple[int, int], better: str) -> Scale:
        """The same patients at each visit, a little better each time; those who came last had their last session longest ago."""
        low, high = ends
        most = max(1, self.points // len(STEPS) // 2) if self.points > self.answered else self.answered
        towards = 1 if better == "high" else -1
        begin, spread, better_by = 0.5 + 0.12 * towards, 0.17, 0.06 * towards
        usual = [begin + self.random.gauss(0, spread) for _ in range(most)]
        cases = [self.case() for _ in usual]
        said: list[list[float]] = []
        for place, (_, answered) in enumerate(self.came()):
            shares = (one + better_by * place + self.random.gauss(0, spread / 2) for one in usual[: min(most, answered)])
            said.append([float(round(low + (high - low) * min(1.0, max(0.0, one)))) for one in shares])
        latest = [[visit[number] for visit in said if number < len(visit)][-1] for number in range(len(usual))]
        both = min(len(said[0]), len(said[-1]))
        changes = [said[-1][number] - said[0][number] for number in range(both)]
        return Scale(
            instrument=instrument,
            scale=name,
            scored=COMPUTED,
            title=title,
            low=low,
            high=high,
            better=better,
            visits=[
                self.visit(step, words, values, cases, due)
                for (step, words), values, (due, _) in zip(STEPS, said, self.came(), strict=True)
            ],
            over_year=example_tests.over_year(latest[: most // 2], latest[most // 2 :]),
            paired=example_tests.paired(changes, STEPS[0][1], STEPS[-1][1]),
        )

    def visit(self, step: str, title: str, values: list[float], cases: list[str], due: int) -> ScaleVisit:
        """With its counts by value."""
        known = self.enough and len(values) >= FEW_PATIENTS
        middle = [example_tests.quantile(values, share) if known else None for share in (0.5, 0.25, 0.75)]
        return ScaleVisit(
            step=step,
            title=title,
            n=len(values),
            due=due,
            median=middle[0],
            q1=middle[1],
            q3=middle[2],
            bins=sorted(Counter(values).items()),
            points=[Point(value=value, procedure_id=case) for value, case in zip(values, cases, strict=False)]
            if len(values) <= MOST_POINTS
            else [],
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

        known, per_scar, per_cm2 = self.enough, points(2.4), points(1.1)

        def association(found: list[ScarPoint]) -> Association:
            undefined = Association(rho=None, low=None, high=None, p=None, resamples=2000, seed=1)
            return example_tests.association([(one["x"], one["y"]) for one in found]) if known else undefined

        return Volume(
            scars=self.points,
            patients=self.answered,
            without_rating=2 * self.patients - self.points,
            per_scar=per_scar,
            per_scar_association=association(per_scar),
            scars_with_area=self.points,
            per_cm2=per_cm2,
            per_cm2_association=association(per_cm2),
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
            ctcae=(None, 1, 2, 3)[number % 4] if number % 5 else 1,
        )
