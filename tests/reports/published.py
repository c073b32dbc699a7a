"""Published data and the values that others computed from them (`tests/data`, each file names its source)."""

import csv
import json
from pathlib import Path
from typing import Any

from server.reports.statistics.turnbull import Seen

DATA = Path(__file__).parents[1] / "data"
GOLDEN: dict[str, Any] = json.loads((DATA / "golden-statistics.json").read_text())

WIKIPEDIA = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
"""Fourteen raters, ten subjects, five categories: the worked example of the article "Fleiss' kappa"."""

GWET_RAW: list[list[int | None]] = [
    [1, 1, None, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [None, 5, 5, 5],
    [None, None, 1, 1],
    [None, None, 3, None],
]
"""Gwet KL (2014) Handbook of Inter-Rater Reliability, 4th edition; `cac.raw4raters` of the R package irrCAC: AC1 0.77544.

Its parts are printed with more digits: agreement 0.8181818, by chance 0.1903212.
"""

ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
"""Two abstractors, 100 pregnancies (the same source, `cont3x3abstractors`): AC1 0.8493305, agreement 0.89, Cohen's kappa 0.7964094."""


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a file, without the lines that say where they come from."""
    lines = (DATA / name).read_text().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def diagnoses(raters: int = 6) -> list[list[int]]:
    """Thirty patients, six psychiatrists (Fleiss 1971)."""
    return [[int(row[f"rater{number}"]) for number in range(1, raters + 1)] for row in rows("fleiss1971-diagnoses.csv")]


def judges() -> list[list[int]]:
    """Six targets, four judges (Shrout and Fleiss 1979)."""
    return [[int(row[f"judge{number}"]) for number in range(1, 5)] for row in rows("shrout-fleiss1979-icc.csv")]


def breasts(treatment: str) -> list[Seen]:
    """Months until retraction was seen (Finkelstein and Wolfe 1985); treatment "None" stands for both."""
    return [
        Seen(float(row["left_months"]), None if row["right_months"] == "inf" else float(row["right_months"]))
        for row in rows("bcos-interval-censored.csv")
        if treatment in {"None", row["treatment"]}
    ]
