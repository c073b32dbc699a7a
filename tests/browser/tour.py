"""Every page that there is, from the application's own routes: a new page is visited without anybody's doing, or fails the tour."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.vocabulary import ProcedureState, Role
from server.access import PUBLIC, ROLE_PERMISSIONS
from tests.browser.riverside import Riverside

EXCUSED = {
    "web.static": "files",
    "web.worker": "a script",
    "web.start": "leads to the list of procedures",
    "web.note_pdf": "a PDF",
    "web.logbook_file": "a CSV",
    "web.cohort_svg": "a drawing",
    "web.cohort_figure_csv": "rows",
    "web.cohort_whole_csv": "rows",
    "web.cohort_workbook": "a workbook",
    "web.cohort_for_the_statistician": "an archive",
    "link.appointment": "a file for a calendar",
    "link.questions": "leads to the next question",
    "link.come-page": "the start page, for programs that open a button's address",
    "link.cannot-come-page": "the same",
    "link.call-me-page": "the same",
    "link.start-again-page": "the same",
    "link.new-link-page": "the same",
}
MORE = {
    "web.procedures": ("?limit=12", "?q=nobody-is-called-so", "?limit=abc"),
    "web.outbox": ("?limit=12",),
    "web.journal": ("?limit=12",),
    "web.patients": ("?limit=12", "?q=nobody-is-called-so"),
    "web.patient": ("?limit=3",),
    "web.work_list": ("", "?show=red_flag", "?show=concerning"),
    "web.cohort": ("?surgeon=all", "", "?from=2099-01-01&by_hand=yes"),
    "web.new_password": ("", "?token={reset}"),
}
"""What follows the address of a route that shows several pages, or a long list whose rows are all alike."""

PLANNING = frozenset({"web.edit_plan", "web.new_scar"})
"""Pages of a procedure that has not begun; of any other they only say so."""

REFUSED = {"?limit=abc": 422}
LINKS = {
    "link.start": ("visit", ""),
    "link.another_time": ("visit", "/another-time"),
    "link.done": ("confirmed", "/done?what=confirmed"),
    "link.stop": ("visit", "/stop"),
    "link.question": ("check-in", "/question/1"),
    "link.urgent": ("check-in", "/urgent/2"),
    "link.something_wrong": ("visit", "/something-wrong"),
    "link.told": ("visit", "/told"),
    "link.asked": ("visit", "/questions/1"),
    "link.check": ("answered", "/questions/check"),
    "link.ask_urgent": ("visit", "/questions/urgent"),
    "link.sent": ("sent", "/questions/sent"),
    "link.nowhere": ("cut off", ""),
}
_STATUS = {"link.nowhere": 404}


@dataclass(frozen=True)
class Stop:
    """One page: its route, its address, who opens it (nobody: signed out), and with what it answers."""

    endpoint: str
    path: str
    who: Role | None
    status: int = 200

    @property
    def name(self) -> str:
        """For a file or a failure: `procedure-signed`."""
        return self.endpoint.partition(".")[2].replace("_", "-")


def endpoints(at: Riverside) -> dict[str, str]:
    """Endpoint → rule of all routes that show somebody a page."""
    found: dict[str, str] = {}
    for rule in at.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint.partition(".")[0] in {"web", "link"}:
            found.setdefault(rule.endpoint, rule.rule)
    return found


def stops(at: Riverside) -> Iterator[Stop]:
    """All pages but the excused ones."""
    for endpoint, rule in sorted(endpoints(at).items()):
        if endpoint in EXCUSED:
            continue
        if endpoint.startswith("link."):
            kind, rest = LINKS[endpoint]
            yield Stop(endpoint, at.links[kind] + rest, None, _STATUS.get(endpoint, 200))
            continue
        planned = {"procedure_id": at.procedures[ProcedureState.PLANNED]} if endpoint in PLANNING else {}
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda gap, known=at.filled | planned: known[gap[1]], rule)  # type: ignore[misc]  # reason: bound now
        for more in MORE.get(endpoint, ("",)):
            yield Stop(endpoint, path + more.format(**at.filled), _who(at, endpoint), REFUSED.get(more, 200))
    for state in set(at.procedures) - {ProcedureState.SIGNED}:
        yield Stop("web.procedure", f"/procedures/{at.procedures[state]}", Role.SURGEON)
    yield Stop("web.procedures", "/procedures", Role.RATER)
    yield Stop("web.ratings", "/ratings", Role.RATER)
    yield Stop("web.styleguide", "/styleguide/nothing-here", Role.SURGEON, 404)


def _who(at: Riverside, endpoint: str) -> Role | None:
    """The surgeon where she may, else the administrator."""
    access = getattr(at.app.view_functions[endpoint], "__access__", PUBLIC)
    if access == PUBLIC:
        return None
    return Role.SURGEON if access in ROLE_PERMISSIONS[Role.SURGEON] else Role.ADMIN
