"""The cohort's page: seven figures with their filters in the address, what can be taken along, and the way there while it is computed."""

from typing import Any, cast

from flask import Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from schemas.fields import Choice, Id
from schemas.outcome_words import ReportState
from schemas.reading_words import Reading
from schemas.reports import ALL, ME, CohortQuery
from server.access import Permission, allow
from server.clinics import service as clinics
from server.followup.service import protocols
from server.http import found, own_transaction, person, session, streams
from server.problems import Problem, invalid
from server.rates import Rate, rated
from server.reads import reads, saw_cohort
from server.reports.models import Report
from server.reports.routes import cohort as files
from server.reports.rules import Filters
from server.reports.service import asking
from server.reports.shape import Cohort
from server.web import cohort_view, cohort_words
from server.web.blueprint import pages
from server.web.cohort_figures import for_paper
from server.web.cohort_tables import csv_of
from server.web.forms import errors_of, filters, shown_again_by

AGAIN_S = 2
"""Seconds until the page asks again how far a report is."""
_VERSIONS = 50


class Asked(CohortQuery):
    """What the address says; `report` is one that was just asked for again.

    `by_hand`: while it is computed the page does not ask again by itself.
    """

    report = Id()
    by_hand = Choice(("yes",))


def _asked() -> dict[str, Any]:
    """By default one's own cohort, where the API's is everybody's."""
    asked = filters(Asked())
    return asked if request.args.get("surgeon") else asked | {"surgeon": ME}


def _filters(asked: dict[str, Any], session: Session) -> Filters:
    chosen = files.filters_of(asked, person().user_id)
    if chosen.surgeon_id and chosen.surgeon_id not in {one.id for one in clinics.surgeons(session)}:
        raise invalid("/surgeon", "Choose a surgeon from the list, or everybody.")
    return chosen


def _row(session: Session, address: dict[str, str]) -> dict[str, Any]:
    """The filter row, as the address has it."""
    labels = [str(one.label) for one in protocols.history(session, before=None, limit=_VERSIONS)]
    return cohort_view.choices() | {
        "asked": address,
        "address": address,
        "surgeons": clinics.surgeons(session),
        "everybody": ALL,
        "me": str(person().user_id),
        "versions": [(one, one) for one in (*labels, protocols.BUILT_IN["version"])],
        "errors": [],
    }


def _refused(problem: Problem | None = None, **_arguments: Any) -> str:
    """The filter row again, with what was typed and what is wrong with it."""
    typed = {name: value for name, value in request.values.items() if name in cohort_view.FILTERS and value}
    return render_template("cohort.html", **(_row(session(), typed) | {"errors": errors_of(problem), "address": {}}), stands="refused")


@pages.get("/cohort")
@streams
@allow(Permission.REPORT)
@reads(Reading.LIST)
@shown_again_by(_refused)
def cohort() -> Response:
    """The newest report of these filters, or that of a lock; the first time it is asked for, how far it is.

    What is taken along names the lock that is shown: a page that was left open gives its own numbers, not those of a newer one.
    """
    asked = _asked()
    address = cohort_view.canonical(asked, str(person().user_id))
    more = {name: request.args[name] for name in ("report", "lock", "by_hand") if request.args.get(name)}
    if dict(request.args) != address | more:
        return make_response(redirect(url_for("web.cohort", **(address | more)), 303))  # type: ignore[arg-type]  # reason: names of our own
    with own_transaction() as session:
        row, chosen = _row(session, address), _filters(asked, session)
        if "report" in asked:
            report = found(asking.get(session, asked["report"]))
            if report.state == ReportState.DONE:
                return make_response(redirect(url_for("web.cohort", **address), 303))  # type: ignore[arg-type]  # reason: as above
            return _unfinished(row, report, more)
        newest = asking.newest_kept(session, chosen)
        try:
            kept = asking.at_lock(session, chosen, int(asked["lock"])) if "lock" in asked else newest
        except Problem as problem:
            return _page(row | {"stands": "no_lock", "problem": problem.detail, "newest": newest}, problem.status)
        report = kept or asking.ask(session, chosen, person().user_id)
        if report.state != ReportState.DONE:
            return _unfinished(row, report, more)
        saw_cohort(report.id)
        names = {str(one.id): one.name for one in row["surgeons"]}
        shown = cohort_view.shown(asking.cohort_of(session, report), names) | {
            "behind": asking.changes_since(session, report),
            "newer": newest.seq if newest and newest.seq > report.seq else None,
            "along": address | {"lock": str(report.seq)},
        }
        return _page(row | {"stands": "done"} | shown)


def _unfinished(row: dict[str, Any], report: Report, more: dict[str, str]) -> Response:
    """How far it is, or that it failed. The page asks again by a header, without script, unless the reader does not want that."""
    failed, by_hand = report.state == ReportState.FAILED, "by_hand" in more
    at = row["address"] | {name: value for name, value in more.items() if name != "by_hand"}
    shown = {"stands": "failed" if failed else "waiting", "report": report, "again_s": AGAIN_S, "by_hand": by_hand, "waiting_at": at}
    response = _page(row | shown)
    if not failed and not by_hand:
        response.headers["Refresh"] = str(AGAIN_S)
    return response


def _page(values: dict[str, Any], status: int = 200) -> Response:
    return make_response(render_template("cohort.html", **values), status)


@pages.post("/cohort")
@allow(Permission.REPORT)
@shown_again_by(_refused)
def compute_cohort() -> Response:
    """Have it computed of the record as it is now."""
    asked = _asked()
    report = asking.ask(session(), _filters(asked, session()), person().user_id)
    address = cohort_view.canonical(asked, str(person().user_id)) | {"report": str(report.id)}
    return make_response(redirect(url_for("web.cohort", **address), 303))  # type: ignore[arg-type]  # reason: names of our own


@pages.get("/cohort/<figure>.svg")
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def cohort_svg(figure: str) -> Response:
    """One figure to put into a paper."""
    document = _kept(figure)
    return _sent(for_paper(document, figure), f"cohort-{document['seq']}-{figure}.svg", "image/svg+xml")


@pages.get("/cohort/<figure>.csv")
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def cohort_figure_csv(figure: str) -> Response:
    """What is drawn in one figure, as rows."""
    document = _kept(figure)
    return _sent(csv_of(document, figure), f"cohort-{document['seq']}-{figure}.csv", "text/csv")


def _kept(figure: str) -> Cohort:
    """The report that the page shows for this address. Raises `not_found` for a figure that there is not, or before it was computed."""
    if figure not in cohort_words.FIGURES:
        raise Problem("not_found", f"The figures are {', '.join(cohort_words.FIGURES)}.")
    asked = _asked()
    with own_transaction(write=False) as session:
        chosen = _filters(asked, session)
        report = asking.at_lock(session, chosen, int(asked["lock"])) if "lock" in asked else asking.newest_kept(session, chosen)
        document = asking.cohort_of(session, found(report))
    saw_cohort(found(report).id)
    return document


def _sent(text: str, name: str, media: str) -> Response:
    response = Response(text, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/cohort.csv")
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def cohort_whole_csv() -> Response:
    """Every number of the report, as the API gives it."""
    return cast("Response", files.cohort_csv())


@pages.get("/cohort.xlsx")
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def cohort_workbook() -> Response:
    """The same as a workbook."""
    return cast("Response", files.cohort_xlsx())


@pages.get("/cohort.zip")
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
@rated(Rate.EXPORT)
def cohort_for_the_statistician() -> Response:
    """The tables themselves, under study numbers."""
    return cast("Response", files.cohort_zip())
