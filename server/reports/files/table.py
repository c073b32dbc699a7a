"""Every number of a report as one long table."""

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from io import StringIO
from typing import Any

from server.reports.few import without_few
from server.reports.files.outside import nameless
from server.reports.files.sheets import guarded
from server.reports.methods import about
from server.reports.shape import SCORED, Cohort, Share

COLUMNS = ("figure", "group", "measure", "numerator", "denominator", "missing", "value", "low", "high", "unit")
Value = str | int | float | None


@dataclass(frozen=True)
class Line:
    """One number. `value` is a share of 1 where there is a denominator."""

    figure: str
    group: str
    measure: str
    numerator: int | None = None
    denominator: int | None = None
    missing: int | None = None
    value: float | int | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""


def csv_of(cohort: Cohort) -> str:
    """The table, with the filters and the lock in its last lines."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines(cohort):
        writer.writerow([guarded(one) for one in astuple(line)])
    for name, value in about(cohort):
        writer.writerow(["about", guarded(name), guarded(value)] + [""] * (len(COLUMNS) - 3))
    return out.getvalue()


def lines(cohort: Cohort) -> Iterator[Line]:
    """All numbers, in the order of the figures; nobody is named, and of fewer than ten there is only what is counted."""
    cohort = without_few(nameless(cohort))
    counts: Any = cohort["counts"]
    for name, number in counts.items():
        yield Line("counts", "", name, value=number)
    yield from _flow(cohort)
    yield from _redness(cohort)
    yield from _physicians(cohort)
    yield from _satisfaction(cohort)
    yield from _volume(cohort)
    yield from _process(cohort)
    for place in cohort["where"]["places"]:
        group = f"{place['subunit']}, {place['side']}"
        yield Line("where", group, "scars", value=place["scars"])
        yield from _share("where", group, "improved", place["improved"])


def _share(figure: str, group: str, measure: str, one: Share) -> Iterator[Line]:
    yield Line(figure, group, measure, one["numerator"], one["denominator"], one["missing"], one["share"], one["low"], one["high"], "share")
    for name, extreme in (("missing counted as no", one["worst"]), ("missing counted as yes", one["best"])):
        if extreme:
            numbers = (extreme["numerator"], extreme["denominator"], 0, extreme["share"], extreme["low"], extreme["high"])
            yield Line(figure, group, f"{measure}, {name}", *numbers, "share")


def _flow(cohort: Cohort) -> Iterator[Line]:
    flow = cohort["flow"]
    for step in flow["steps"]:
        for name in ("operated", "due", "asked", "answered", "seen"):
            yield Line("flow", step["title"], name, value=step[name], unit="procedures")
        yield from _share("flow", step["title"], "answered of due", step["rate"])
    for name, one in (("responded", flow["responded"]), ("women", flow["women"]), ("men", flow["men"])):
        yield from _share("flow", "patients", name, one)
    yield Line("flow", "patients", "not yet due for a visit", value=flow["not_due"], unit="patients")


def _redness(cohort: Cohort) -> Iterator[Line]:
    red = cohort["redness"]
    yield from _share("redness", "patients", "ever red", red["ever"])
    for name in ("n", "never_red", "still_red", "contradicted"):
        yield Line("redness", "procedures", name, value=red[name], unit="procedures")
    for one in red["masses"]:
        until = "never seen to end" if one["right"] is None else f"to day {one['right']}"
        yield Line("redness", "Turnbull", f"after day {one['left']} {until}", value=one["mass"], unit="share")
    for day in red["clear_by"]:
        yield Line("redness", "clear", f"by day {day['day']}", low=day["low"], high=day["high"], unit="share")


def _physicians(cohort: Cohort) -> Iterator[Line]:
    seen = cohort["physicians"]
    for rater in seen["raters"]:
        yield from _share("physicians", rater["label"], "improved", rater["improved"])
        for grade, number in zip(range(-3, 4), rater["counts"], strict=True):
            yield Line("physicians", rater["label"], f"grade {grade}", value=number, unit="pairs")
    for grade, number in zip(range(-3, 4), seen["consensus"], strict=True):
        yield Line("physicians", "panel", f"grade {grade}", value=number, unit="patients")
    yield from _share("physicians", "panel", "improved", seen["improved"])
    yield from _share("physicians", "panel", "unanimous", seen["unanimous"])
    agreement: Any = seen["agreement"]
    for name, value in agreement.items():
        yield Line("physicians", "agreement", name, value=value)


def _satisfaction(cohort: Cohort) -> Iterator[Line]:
    for scale in cohort["satisfaction"]["scales"]:
        group = f"{scale['instrument']}: {scale['scale']}, {SCORED.get(scale['scored'], scale['scored'])}"
        for visit in scale["visits"]:
            yield Line(
                "satisfaction",
                group,
                f"median, {visit['title']}",
                visit["n"],
                visit["due"],
                None,
                visit["median"],
                visit["q1"],
                visit["q3"],
            )
        tests: tuple[tuple[str, Any], ...] = (("over a year", scale["over_year"]), ("first to last visit", scale["paired"]))
        for measure, test in tests:
            for name, value in test.items():
                if not isinstance(value, str):
                    yield Line("satisfaction", group, f"{measure}: {name}", value=value)


def _volume(cohort: Cohort) -> Iterator[Line]:
    given = cohort["volume"]
    for name in ("scars", "patients", "without_rating", "scars_with_area"):
        yield Line("volume", "", name, value=given[name])
    for unit, name in (("mL per scar", "per_scar_association"), ("mL per cm²", "per_cm2_association")):
        one: Any = dict(given)[name]
        yield Line("volume", unit, "Spearman's rho with the panel's grade", value=one["rho"], low=one["low"], high=one["high"])


def _process(cohort: Cohort) -> Iterator[Line]:
    process = cohort["process"]
    for run in process["runs"]:
        yield Line("process", run["measure"], "mean and limits", run["n"], None, None, run["mean"], run["low"], run["high"], run["unit"])
        yield Line("process", run["measure"], "outside", run["outside"], run["n"], unit="cases")
    for one in process["complications"]:
        yield from _share("complications", "procedures", one["complication"], one["share"])
    yield Line("complications", "procedures", "assessed", value=process["assessed"], unit="procedures")
    yield from _share("complications", "procedures", "serious", process["serious"])
