"""An invented report for the style page and the tests: the study of 52, a large clinic, a few patients, nobody."""

from datetime import timedelta
from typing import Any

from schemas.vocabulary import Side, Subunit
from server.reports.few import without_few
from server.reports.shape import FEW_PATIENTS, MOST_POINTS, VERSION, Cleared, Cohort, Physicians, Redness, Satisfaction
from server.web.cohort_example_cases import BEGAN, STEPS, Cases, share


class Example(Cases):
    """Makes a whole report of so many patients."""

    def cohort(self) -> Cohort:
        """The whole report."""
        lost = self.patients - self.answered
        improved = round(self.answered * 40 / 44)
        red = round(self.answered * 41 / 44)
        women = round(self.answered * 29 / 44)
        return Cohort(
            version=VERSION,
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
                "not_due": self.patients // 1000,
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
        for place, ((step, title), (due, answered)) in enumerate(zip(STEPS, self.came(), strict=True)):
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
            "last_session": (BEGAN + timedelta(days=11 * number)).isoformat(),
            "months_since": 30.5 - number,
        }

    def redness(self, red: int) -> Redness:
        """Gone between day 7 and day 28 for most."""
        known = ((0, 7, 0.07), (7, 14, 0.13), (14, 21, 0.45), (21, 28, 0.25), (28, 90, 0.08), (90, None, 0.02))

        def by(day: int) -> Any:
            low = sum(mass for _, right, mass in known if right is not None and right <= day)
            return {"day": day, "low": low, "high": max(low, sum(mass for left, _, mass in known if left < day))}

        enough = self.enough and red >= FEW_PATIENTS
        return Redness(
            ever=share(red, self.answered, self.patients - self.answered),
            n=self.answered,
            never_red=self.answered - red,
            still_red=min(1, red),
            contradicted=red // 20,
            masses=[{"left": left, "right": right, "mass": mass} for left, right, mass in known] if enough else [],
            curve=[by(day) for day in range(92)] if enough else [],
            clear_by=[by(day) for day in (14, 21, 28)] if enough else [],
            points=[] if enough else self.cleared(red),
            enough=enough,
        )

    def cleared(self, red: int) -> list[Cleared]:
        """Single ones: who was never red first, and last one who is not seen to clear."""
        days = [(0, 7)] * (self.answered - red) + [((7, 14), (14, 21), (14, 28), (21, 90))[one % 4] for one in range(red)]
        return [
            Cleared(left=left, right=right if place + 1 < len(days) else None, red=left > 0, procedure_id=self.case())
            for place, (left, right) in enumerate(days)
        ]

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
                    "number": len(names) - place,
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
                "alike": round(self.answered * 0.82),
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

    def places(self) -> list[Any]:
        """Mostly on the cheeks."""
        weights = {Subunit.CHEEK_MEDIAL: 6, Subunit.CHEEK_BUCCAL: 5, Subunit.CHEEK_ZYGOMATIC: 4, Subunit.TEMPLE: 2, Subunit.CHIN: 1}
        left = 2 * self.patients - 2
        made = []
        for subunit, weight in weights.items():
            for side in (Side.RIGHT, Side.LEFT):
                last = (subunit, side) == (Subunit.CHIN, Side.LEFT)
                wanted = max(1, weight * (self.patients - 1) // sum(weights.values()) - (side == Side.RIGHT))
                scars = left if last else min(left, wanted)
                left -= scars
                made.append({"subunit": subunit, "side": side, "scars": scars, "improved": share(scars * 9 // 10, scars)})
        return [
            *(one for one in made if one["scars"]),
            {"subunit": Subunit.GLABELLA, "side": Side.MIDLINE, "scars": 2, "improved": share(2, 2)},
        ]


def study() -> Cohort:
    """52 were operated, 44 answered, 41 had redness, 40 improved."""
    return Example(52, answered=44).cohort()


def large() -> Cohort:
    """As many points everywhere as a figure may hold."""
    return Example(4000, answered=3100, seed=2, points=MOST_POINTS).cohort()


def few() -> Cohort:
    """Seven patients, of whom six answered."""
    return without_few(Example(7, answered=6, seed=3).cohort())


def empty() -> Cohort:
    """Nobody."""
    return Example(0, answered=0).cohort()
