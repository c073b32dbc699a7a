"""What the cohort's page shows of a report: its head, five numbers, seven figures with their tables, and the way it was computed."""

from collections.abc import Mapping
from typing import Any

from schemas.reports import ANY, ME, ONE, SEVERAL
from schemas.vocabulary import Aetiology, Subunit
from server.procedures.note.words import capital, counted, plain
from server.reports.few import without_few
from server.reports.methods import METHODS
from server.reports.shape import Cohort, Share
from server.web import cohort_words as words
from server.web.cohort_figures import figures
from server.web.cohort_tables import tables

_MONTH_DAYS = 30.4375
SESSIONS = {ANY: "Any number", ONE: "One", SEVERAL: "Several"}
FILTERS = ("surgeon", "from", "to", "aetiology", "subunit", "protocol", "sessions")
"""In the order of the row, and of the canonical address."""


def canonical(asked: Mapping[str, Any], me: str) -> dict[str, str]:
    """What the address says in its one written form, which means the same to whoever opens it: `me` becomes a person."""
    named = dict(asked) | {"from": asked.get("performed_from"), "to": asked.get("performed_to")}
    if named.get("surgeon") == ME:
        named["surgeon"] = me
    return {name: str(named[name]) for name in FILTERS if named.get(name) and not (name == "sessions" and named[name] == ANY)}


def choices() -> dict[str, Any]:
    """Words of the filter row."""
    return {
        "causes": {one: capital(plain(one)) for one in Aetiology},
        "subunits": {one: capital(plain(one)) for one in Subunit},
        "session_words": SESSIONS,
    }


def shown(cohort: Cohort, names: Mapping[str, str]) -> dict[str, Any]:
    """Everything of the report; `names` are those of the surgeons, by id."""
    counts = cohort["counts"]
    return {
        "count": " · ".join(counted(number, name) for name, number in _counts(cohort)),
        "headlines": headlines(cohort),
        "figures": [{"drawn": one, "tables": tables(cohort, one.name)} for one in figures(cohort)],
        "missing": [{**one, "since": since(one["months_since"])} for one in cohort["flow"]["missing"]],
        "missing_total": cohort["flow"]["missing_total"],
        "methods": METHODS,
        "lock": cohort["seq"],
        "locked_at": cohort["locked_at"],
        "computed_at": cohort["computed_at"],
        "filters_hash": cohort["filters_hash"],
        "filters": [(name, names.get(str(value), value)) for name, value in cohort["filters"].items() if value is not None],
        "empty": counts["procedures"] == 0,
    }


def since(months: float) -> str:
    """`12 days`, `1 month`, `24 months`: whole ones, as far as they have passed."""
    days = round(months * _MONTH_DAYS)
    return counted(days, "day") if months < 1 else counted(int(months), "month")


def _counts(cohort: Cohort) -> list[tuple[str, int]]:
    counts = cohort["counts"]
    return [("patient", counts["patients"]), ("scar", counts["scars"]), ("surgeon", counts["surgeons"])]


def headlines(cohort: Cohort) -> list[tuple[str, str, str]]:
    """Five shares, each of how many; of fewer than ten without a per cent."""
    cohort = without_few(cohort)
    rows: tuple[tuple[str, Share], ...] = (
        ("Patients who answered", cohort["flow"]["responded"]),
        ("Had redness", cohort["redness"]["ever"]),
        ("Improved, by most raters", cohort["physicians"]["improved"]),
        ("Improved, by all raters", cohort["physicians"]["unanimous"]),
        ("Serious complications", cohort["process"]["serious"]),
    )
    return [(what, words.of(share) if share["denominator"] else "Nobody yet", _detail(share)) for what, share in rows]


def _detail(share: Share) -> str:
    missing = f"{share['missing']} missing" if share["missing"] else ""
    return "; ".join(filter(None, (words.interval(share) if share["denominator"] else "", missing)))
