"""The figures of the cohort as tables: what stands under each on the page, and its CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.outcome_words import Complication
from server.procedures.note.words import capital, listed, plain
from server.reports.few import without_few
from server.reports.files.outside import nameless
from server.reports.files.sheets import guarded
from server.reports.shape import Agreement, Association, Cohort, ComplicationCount, Scale, ScaleVisit, ScarPoint, Share
from server.web.cohort_scale_words import score
from server.web.cohort_words import COEFFICIENTS, decimal, interval, measured, p_of, percent
from server.web.drawings.cohort.flow import in_order, silent
from server.web.drawings.cohort.process import day, value_of
from server.web.drawings.cohort.rating import GRADES, WORDS
from server.web.drawings.cohort.scales import named, of_two, two_valued

Cell = str | int | float | None
ON_PAGE = 25
"""Rows of single cases under a figure; the CSV has all."""


@dataclass(frozen=True)
class Row:
    """Cells in the order of the columns, and the case that it is, if it is one."""

    cells: Sequence[Cell]
    case: str | None = None


@dataclass(frozen=True)
class Table:
    """`single`: a row for each case, of which the page shows the last `ON_PAGE`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row] = field(default_factory=list)
    single: bool = False

    @property
    def on_page(self) -> Sequence[Row]:
        """What the page shows."""
        return self.rows[-ON_PAGE:] if self.single else self.rows

    @property
    def left_out(self) -> int:
        """Rows that are in the CSV only."""
        return len(self.rows) - len(self.on_page)


def _flow(cohort: Cohort) -> Iterator[Table]:
    rows = [
        Row((one["title"], one["operated"], one["due"], one["asked"], one["answered"], silent(one), one["seen"], interval(one["rate"])))
        for one in in_order(cohort["flow"]["steps"])
    ]
    columns = ("Visit", "Operated", "Due", "Asked", "Answered", "Did not answer", "Came in person", "Answered of due, 95 % interval")
    yield Table("Procedures at each visit", columns, rows)
    shares = (("Answered", cohort["flow"]["responded"]), ("Women among them", cohort["flow"]["women"]), ("Men", cohort["flow"]["men"]))
    waiting = [Row(("Not yet due for a visit", cohort["flow"]["not_due"], None, None, None))] if cohort["flow"]["not_due"] else []
    yield Table("Patients", _SHARES, [*(_share(name, one) for name, one in shares), *waiting])


_SHARES = ("What", "Number", "Of", "Missing", "Share, 95 % interval")


def _share(name: str, one: Share, case: str | None = None) -> Row:
    return Row((name, one["numerator"], one["denominator"], one["missing"], interval(one)), case)


def _redness(cohort: Cohort) -> Iterator[Table]:
    part = cohort["redness"]
    yield Table("Patients", _SHARES, [_share("Had redness", part["ever"])])
    seen = ((words, part[name]) for name, words in _LOOKED.items())  # type: ignore[literal-required]  # reason: its numbers
    yield Table("Procedures by redness", ("Procedures", "Number of them"), [Row(one) for one in seen] if part["n"] else [])
    by = [Row((one["day"], percent(one["low"]), percent(one["high"]))) for one in part["clear_by"]]
    yield Table("Clear by that day", ("Day", "At least, %", "At most, %"), by)
    masses = [
        Row((one["left"], "not seen to end" if one["right"] is None else one["right"], percent(one["mass"]))) for one in part["masses"]
    ]
    yield Table("When the skin was clear (Turnbull)", ("After day", "By day", "Of procedures, %"), masses)
    single = [
        Row((one["left"] if one["red"] else "never", "not seen" if one["right"] is None else one["right"]), one["procedure_id"])
        for one in part["points"]
    ]
    yield Table("Single procedures", ("Last seen red, day", "First seen clear, day"), single, single=True)


_LOOKED = {
    "n": "Looked at, and in the estimate",
    "never_red": "Never seen red",
    "still_red": "Not seen to clear",
    "contradicted": "Seen red and clear on one day, counted as red",
}


def _rating(cohort: Cohort) -> Iterator[Table]:
    part = cohort["physicians"]
    rows = [Row((one["label"], *one["counts"], one["cannot"], interval(one["improved"]))) for one in part["raters"]]
    rows += [Row(("Median of all raters", *part["consensus"], None, interval(part["improved"])))] if part["enough"] else []
    yield Table("Grades", ("Who", *(capital(WORDS[one]) for one in GRADES), "Could not be judged", "Improved, 95 % interval"), rows)
    yield Table("Patients", _SHARES, [_share("Improved", part["improved"]), _share("All raters above zero", part["unanimous"])])
    yield Table("Agreement between the raters", ("Coefficient", "Value", "Pairs", "Raters"), list(_agreement(part["agreement"])))


def _agreement(one: Agreement) -> Iterator[Row]:
    """Of pairs that all of them graded; what the grades leave undefined says so. None of it where there are too few pairs."""
    known: dict[str, object] = dict(one)
    if one["raw"] is None:
        return
    for name, words in COEFFICIENTS.items():
        value = known[name]
        yield Row((words, round(value, 4) if isinstance(value, float) else "undefined", one["pairs"], one["raters"]))


def _scales(cohort: Cohort) -> Iterator[Table]:
    for one in cohort["satisfaction"]["scales"]:
        yield _visits(one)
        yield Table(f"{one['title']}: over a year", _OVER_YEAR, list(_over_year(one)))
        yield Table(f"{one['title']}: change", _CHANGE, list(_change(one)))
        points = [
            Row((visit["title"], score(one, each["value"])), each["procedure_id"]) for visit in one["visits"] for each in visit["points"]
        ]
        if points:
            yield Table(f"{one['title']}: answers", ("Visit", "Score"), points, single=True)
        else:
            bins = [Row((visit["title"], score(one, value), count)) for visit in one["visits"] for value, count in visit["bins"]]
            yield Table(f"{one['title']}: counts", ("Visit", "Score", "Answers"), bins, single=True)


_OVER_YEAR = ("After the last session", "Patients", "Median", "Shift of the median", "Rank-biserial", "p", "p, corrected")
_CHANGE = ("Same patients", "Patients", "Median change", "p", "p, corrected")


def _visits(one: Scale) -> Table:
    """Medians and quartiles, or of two values the share of the higher one."""
    if two_valued(one):
        rows = [
            Row((each["title"], each["n"], each["due"], of_two(one, each)["numerator"], interval(of_two(one, each))))
            for each in one["visits"]
        ]
        columns: Sequence[str] = ("Visit", "Answered", "Due", capital(named(one)), "Share, 95 % interval")
    else:
        rows = [Row((each["title"], each["n"], each["due"], *(score(one, value) for value in _quartiles(each)))) for each in one["visits"]]
        columns = ("Visit", "Answered", "Due", "Median", "Lower quartile", "Upper quartile")
    return Table(f"{one['title']}: visits", columns, rows)


def _quartiles(visit: ScaleVisit) -> tuple[float | None, ...]:
    return visit["median"], visit["q1"], visit["q3"]


def _over_year(one: Scale) -> Iterator[Row]:
    """Different people; of two values a median says nothing."""
    test = one["over_year"]
    if test["p"] is None:
        return
    known = (test["median_more"], test["median_less"], test["shift"])
    more, less, shift = ("", "", "") if two_valued(one) else (score(one, value) for value in known)
    effect = None if test["rank_biserial"] is None else decimal(test["rank_biserial"])
    yield Row(("more than a year", test["n_more"], more, shift, effect, p_of(test["p"]), p_of(test["p_holm"])))
    yield Row(("a year or less", test["n_less"], less, None, None, None, None))


def _change(one: Scale) -> Iterator[Row]:
    test = one["paired"]
    if test["p"] is None:
        return
    moved = "" if two_valued(one) else score(one, test["median_change"])
    yield Row((f"{test['first']} to {test['last']}", test["n"], moved, p_of(test["p"]), p_of(test["p_holm"])))


def _volume(cohort: Cohort) -> Iterator[Table]:
    for unit, points in (("mL per scar", cohort["volume"]["per_scar"]), ("mL/cm²", cohort["volume"]["per_cm2"])):
        yield Table(f"Scars by {unit}", (unit, "Median grade", "Scars"), _scars(points), single=True)
    part = cohort["volume"]
    known = (("mL per scar", part["per_scar_association"]), ("mL/cm²", part["per_cm2_association"]))
    rows = [Row((unit, decimal(one["rho"]), *_bounds(one))) for unit, one in known if one["rho"] is not None]
    yield Table("Association with the grade", ("Volume", "Spearman’s rho", "From", "To"), rows)


def _bounds(one: Association) -> tuple[Cell, Cell]:
    """95 % from resampled patients."""
    return tuple(None if bound is None else decimal(bound) for bound in (one["low"], one["high"]))  # type: ignore[return-value]  # reason: two


def _scars(points: Iterable[ScarPoint]) -> list[Row]:
    return [Row((measured(one["x"]), measured(one["y"]), one["count"]), one["procedure_id"]) for one in points]


def _process(cohort: Cohort) -> Iterator[Table]:
    part = cohort["process"]
    yield Table("Complications", _SHARES, [_share("Serious", part["serious"]), *_complications(cohort)])
    events = [
        Row((capital(plain(one["complication"])), one["from_day"], one["last_day"], one["absent_day"], one["clavien_dindo"], one["ctcae"]),
            one["procedure_id"])
        for one in part["events"]
    ]  # fmt: skip
    yield Table("Events", ("Complication", "From day", "Last seen on day", "Gone by day", "Clavien-Dindo", "CTCAE"), events, single=True)
    for run in part["runs"]:
        points = [
            Row((day(one["on"]), value_of(run, one["value"]), "outside" if one["outside"] else ""), one["procedure_id"])
            for one in run["points"]
        ]
        yield Table(f"{capital(run['measure'])} of each case", ("Day", run["unit"], "Limits"), points, single=True)
    own = part["learning"]
    values = [Row((place, measured(one["value"])), one["procedure_id"]) for place, one in enumerate(own["values"], 1)]
    yield Table("Own cases from the first on", ("Case", own["unit"]), values, single=True)


def _complications(cohort: Cohort) -> Iterator[Row]:
    """Those that were seen, each by itself; of the others those together that were asked of as many procedures; what was never asked."""
    unseen: dict[int, list[ComplicationCount]] = {}
    for one in cohort["process"]["complications"]:
        if one["share"]["numerator"]:
            yield _share(_item(one), one["share"])
        else:
            unseen.setdefault(one["share"]["denominator"], []).append(one)
    for asked, ones in sorted(unseen.items(), reverse=True):
        named = listed([plain(one["complication"]) for one in ones])
        what = "Never asked" if not asked else "Not seen" if len(ones) == 1 else f"Not seen, each of these {len(ones)}"
        yield _share(f"{what}: {named}", ones[0]["share"])


def _item(one: ComplicationCount) -> str:
    """Erythema of the checklist is not the figure of redness."""
    words = capital(plain(one["complication"]))
    return f"{words}, as an item of the checklist (see redness)" if one["complication"] == Complication.ERYTHEMA else words


def _where(cohort: Cohort) -> Iterator[Table]:
    rows = [
        Row(
            (capital(plain(one["subunit"])), plain(one["side"]), one["scars"], one["improved"]["numerator"], one["improved"]["denominator"])
        )
        for one in cohort["where"]["places"]
    ]
    yield Table("Scars by place", ("Subunit", "Side", "Scars", "Improved", "Judged"), rows)


_TABLES: dict[str, Callable[[Cohort], Iterable[Table]]] = {
    "flow": _flow,
    "redness": _redness,
    "rating": _rating,
    "scales": _scales,
    "volume": _volume,
    "process": _process,
    "where": _where,
}


def tables(cohort: Cohort, figure: str) -> list[Table]:
    """Of one figure; none without rows, and of fewer than ten patients nothing but what is counted."""
    return [one for one in _TABLES[figure](without_few(cohort)) if one.rows]


def csv_of(cohort: Cohort, figure: str) -> str:
    """All its tables in one: the first column names the table, and each has its own columns filled. Nobody is named."""
    whole = tables(nameless(cohort), figure)
    columns = list(dict.fromkeys(column for table in whole for column in table.columns))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["Table", *columns, "Procedure"])
    for table in whole:
        for row in table.rows:
            cells = dict(zip(table.columns, row.cells, strict=True))
            writer.writerow([guarded(one) for one in (table.title, *(cells.get(column) for column in columns), row.case)])
    return file.getvalue()
