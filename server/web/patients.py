"""The list of patients: found by name, number or phone."""

from flask import render_template, url_for

from schemas.patients import PatientQuery
from schemas.reading_words import Reading
from server.access import Permission, allow
from server.http import after_id, cursor_of, session
from server.patients.service import find_patients
from server.reads import reads, saw
from server.web.blueprint import pages
from server.web.forms import filters, kept


@pages.get("/patients")
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def patients() -> str:
    """By name; with `q` those in whom each of its words occurs."""
    asked = filters(PatientQuery())
    after = after_id(asked)
    rows = find_patients(session(), q=asked.get("q"), after=after, limit=asked["limit"] + 1)
    shown = rows[: asked["limit"]]
    saw(one.id for one in shown)
    same = kept("q", "limit")
    return render_template(
        "patients.html",
        rows=shown,
        q=asked.get("q", ""),
        further=after is not None,
        first=url_for("web.patients", **same),
        following=url_for("web.patients", **same, cursor=cursor_of(str(shown[-1].id))) if len(rows) > len(shown) else None,
    )
