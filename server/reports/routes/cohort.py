"""HTTP of the cohort report: asked for, waited for, and taken along as files."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from flask import Response, current_app, request, url_for

from schemas.outcome_words import ReportState
from schemas.reading_words import Reading
from schemas.reports import ALL, ME, CohortOut, CohortQuery, CohortWaiting
from server.access import Permission, allow
from server.canonical import instant
from server.http import Routes, answer, own_transaction, person, streams
from server.problems import Problem
from server.reads import reads, saw_cohort
from server.reports.files import book, table
from server.reports.models import Report
from server.reports.rules import Filters, Sessions
from server.reports.service import asking, statistician
from server.snapshot import snapshot

routes = Routes("cohort", __name__, url_prefix="/api/v1/reports", description="The cohort report and what can be taken along of it")
AGAIN_S = 1
_PIECE = 64 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _binary(media: str) -> dict[str, Any]:
    return {"responses": {"200": {"description": "The file", "content": {media: {"schema": {"type": "string", "format": "binary"}}}}}}


def filters_of(query: dict[str, Any], me: uuid.UUID) -> Filters:
    """From an address that `CohortQuery` has accepted."""
    surgeon = query["surgeon"]
    return Filters(
        performed_from=query.get("performed_from"),
        performed_to=query.get("performed_to"),
        surgeon_id=None if surgeon == ALL else me if surgeon == ME else uuid.UUID(surgeon),
        subunit=query.get("subunit"),
        aetiology=query.get("aetiology"),
        protocol=query.get("protocol"),
        sessions=Sessions(query["sessions"]),
    )


def _asked(query: dict[str, Any], *, newest: bool = False) -> tuple[Report, Report | None, int | None]:
    """(what answers, the newest that is kept, how far that lies behind). `newest`: what is kept does, however old."""
    me = person().user_id
    filters = filters_of(query, me)
    with own_transaction() as session:
        if "lock" in query:
            return asking.at_lock(session, filters, int(query["lock"])), None, None
        kept = asking.newest_kept(session, filters)
        behind = asking.changes_since(session, kept) if kept else None
        return (kept if newest and kept else asking.ask(session, filters, me)), kept, behind


def _waiting(report: Report, kept: Report | None = None, behind: int | None = None) -> Response:
    """202 with its progress; 503 with the reason where it failed a moment ago."""
    if report.state == ReportState.FAILED:
        raise Problem("report_failed", report.problem or "", retry_after_s=round(asking.AGAIN_AFTER.total_seconds()))
    document = {
        "id": str(report.id),
        "state": str(report.state),
        "step": report.step,
        "done": report.done,
        "total": report.total,
        "asked_at": instant(report.asked_at),
        "kept_seq": kept.seq if kept else None,
        "changes_since": behind,
    }
    response = answer(document, 202)
    response.headers["Retry-After"] = str(AGAIN_S)
    response.headers["Location"] = url_for("cohort.get_cohort", report_id=report.id)
    return response


def _whole(report: Report) -> Response:
    saw_cohort(report.id)
    with own_transaction(write=False) as session:
        response = Response(asking.text_of(session, report), mimetype="application/json")
    response.set_etag(str(report.id))
    response.make_conditional(request.environ)
    return response


@routes.route("/cohort", methods=["GET"])
@routes.arguments(CohortQuery, location="query")
@routes.response(200, CohortOut)
@routes.alt_response(202, schema=CohortWaiting, description="Being computed; ask at Location again", success=True)
@routes.refuses(404)
@streams
@allow(Permission.REPORT)
@reads(Reading.LIST)
def ask_cohort(query: dict[str, Any]) -> Response:
    """The report of the record as it is now, or at a lock at which it was computed."""
    report, kept, behind = _asked(query)
    return _whole(report) if report.state == ReportState.DONE else _waiting(report, kept, behind)


@routes.route("/cohort/<uuid:report_id>", methods=["GET"])
@routes.response(200, CohortOut)
@routes.alt_response(202, schema=CohortWaiting, description="Being computed; ask again", success=True)
@routes.refuses(404)
@streams
@allow(Permission.REPORT)
@reads(Reading.LIST)
def get_cohort(report_id: uuid.UUID) -> Response:
    """One report, whatever has changed since it was asked for."""
    with own_transaction(write=False) as session:
        report = asking.get(session, report_id)
    return _whole(report) if report.state == ReportState.DONE else _waiting(report)


@routes.route("/cohort.csv", methods=["GET"])
@routes.arguments(CohortQuery, location="query")
@routes.doc(**_binary("text/csv"))
@routes.alt_response(202, schema=CohortWaiting, description="Being computed; ask again", success=True)
@routes.refuses(404)
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
def cohort_csv(query: dict[str, Any]) -> Response:
    """Every number of the newest report that is kept, one a line."""
    return _file(query, "csv", "text/csv; charset=utf-8", lambda report, file: file.write(table.csv_of(report).encode()))


@routes.route("/cohort.xlsx", methods=["GET"])
@routes.arguments(CohortQuery, location="query")
@routes.doc(**_binary(XLSX))
@routes.alt_response(202, schema=CohortWaiting, description="Being computed; ask again", success=True)
@routes.refuses(404)
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
def cohort_xlsx(query: dict[str, Any]) -> Response:
    """The same as a workbook, a sheet for each figure."""
    return _file(query, "xlsx", XLSX, book.write)


def _file(query: dict[str, Any], ending: str, media: str, write: Callable[[Any, IO[bytes]], object]) -> Response:
    report, kept, behind = _asked(query, newest=True)
    if report.state != ReportState.DONE:
        return _waiting(report, kept, behind)
    saw_cohort(report.id)
    file = BytesIO()
    with own_transaction(write=False) as session:
        write(asking.cohort_of(session, report), file)
    return _sent(file, f"cohort-{report.seq}.{ending}", media)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _sent(file: IO[bytes], name: str, media: str) -> Response:
    size = file.seek(0, 2)
    file.seek(0)
    response = Response(_pieces(file), content_type=media)
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.call_on_close(file.close)
    return response


@routes.route("/cohort.zip", methods=["GET"])
@routes.arguments(CohortQuery(exclude=("lock",)), location="query")
@routes.doc(**_binary("application/zip"))
@streams
@allow(Permission.REPORT)
@reads(Reading.EXPORT)
def cohort_zip(query: dict[str, Any]) -> Response:
    """For the statistician: the cohort's tables as they are now, under study numbers, with data dictionary and methods."""
    me = person()
    filters = filters_of(query, me.user_id)
    file = tempfile.TemporaryFile(dir=_spool())  # noqa: SIM115  reason: closed with the answer
    with snapshot(current_app.db, me.clinic_id) as session:  # type: ignore[attr-defined]  # reason: App has it
        about = statistician.write(session, filters, file)
    with own_transaction() as session:
        saw_cohort(asking.taken(session, filters, about, me.user_id))
    return _sent(file, f"cohort-{about['seq']}.zip", "application/zip")


def _spool() -> Path:
    folder: Path = current_app.config["GRAFTLOG"].spool
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
