"""A surgeon's own logbook: a page, and a file that opens as a sheet."""

from typing import Any

from flask import Response, render_template, url_for

from schemas.logbook import LogbookQuery
from schemas.outcome_words import Complication, LogbookRole
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import person, session
from server.procedures.note.words import amount, listed, plain
from server.rates import Rate, rated
from server.reads import reads, saw
from server.reports.files import sheets
from server.reports.service import logbook
from server.web import outcome_words
from server.web.blueprint import pages
from server.web.forms import filters, kept

MOST = 200
ROLES = {LogbookRole.OPERATING: "Operating surgeon", LogbookRole.ASSISTING: "Assistant"}
HEAD = (
    "Date",
    "Patient number",
    "Role",
    "Procedure",
    "Session of the patient",
    "Scars injected",
    "Subunits",
    "Harvest site",
    "Nanofat injected (mL)",
    "Passes",
    "Filter aperture (µm)",
    "Anaesthesia",
    "Incidents (signed note)",
    "Complications (from assessments)",
    "Assessments",
    "Visits due",
    "Visits attended",
    "Visits to come",
    "Signed at (UTC)",
)


def _rows() -> tuple[dict[str, Any], list[logbook.Row]]:
    asked = filters(LogbookQuery())
    rows = logbook.rows(session(), person().user_id, person().name, **asked)
    return asked, rows


@pages.get("/logbook")
@allow(Permission.SIGN)
@reads(Reading.LIST)
def own_logbook() -> str:
    """The newest ones; the file has all of them."""
    asked, rows = _rows()
    shown = rows[:MOST]
    saw(one.patient_id for one in shown)
    return render_template(
        "logbook.html",
        rows=[_said(one.values) for one in shown],
        count=len(rows),
        most=MOST,
        totals=[one | {"role": ROLES[one["role"]]} for one in logbook.totals(rows)],
        asked=asked,
        file=url_for("web.logbook_file", **kept(*LogbookQuery().fields)),
    )


@pages.get("/logbook.csv")
@allow(Permission.SIGN)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def logbook_file() -> Response:
    """All of it. It leaves the clinic, so it is logged as a disclosure of each patient in it."""
    _, rows = _rows()
    saw(one.patient_id for one in rows)
    response = Response(sheets.sheet(HEAD, [_line(one.values) for one in rows]), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="logbook.csv"'
    return response


def _said(one: dict[str, Any]) -> dict[str, Any]:
    incidents = [", ".join(plain(each[name]) for name in ("incident", "severity") if each[name]) for each in one["incidents"]]
    found = [_complication(each) for each in one["complications"]]
    none = "none found" if one["assessments"] else "nobody has assessed"
    return one | {
        "role_word": ROLES[one["role"]],
        "where": listed([plain(each) for each in one["subunits"]]),
        "site": listed([plain(each) for each in one["harvest_sites"]]),
        "given": amount(one["injected_ml"], "mL"),
        "aperture": listed([str(each) for each in one["apertures_um"]]),
        "technique": listed([plain(each) for each in one["anaesthesia"]]) or "not recorded",
        "incident_words": "; ".join(incidents) or "none",
        "found": "; ".join(found) or none,
    }


def _complication(one: dict[str, Any]) -> str:
    graded = outcome_words.graded(one["clavien_dindo"], one["ctcae"], disability=one["disability"])
    return f"{outcome_words.donor(Complication(one['complication']))}: {graded}{', ongoing' if one['ongoing'] else ''}"


def _line(one: dict[str, Any]) -> list[object]:
    said = _said(one)
    return [
        one["done_on"],
        one["mrn"],
        said["role_word"],
        one["title"],
        one["session_number"],
        one["scars"],
        said["where"],
        said["site"],
        one["injected_ml"],
        one["passes"],
        said["aperture"],
        said["technique"],
        said["incident_words"],
        said["found"],
        one["assessments"],
        one["visits_due"],
        one["visits_attended"],
        one["visits_to_come"],
        one["signed_at"],
    ]
