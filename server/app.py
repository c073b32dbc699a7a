"""The application: blueprints, one request = one transaction, problems as problem+json, security headers."""

import logging
import re
from datetime import timedelta
from functools import partial
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from flask import Flask, Request, Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from server import access, accounts, catalogue, devices, edge, health, rates, reads, spec, witness
from server.access import Permission
from server.config import Config
from server.db import Database
from server.followup.routes import ROUTES as FOLLOW_UP_ROUTES
from server.followup.routes import callbacks
from server.http import PROBLEM_JSON, GraftlogApi, problem_response
from server.idempotency import is_kept, once
from server.logs import trace
from server.patience import bound
from server.patients.routes import routes as patient_routes
from server.photos.routes import ROUTES as PHOTO_ROUTES
from server.photos.routes import tus
from server.problems import Counted, Problem
from server.procedures.routes import ROUTES as PROCEDURE_ROUTES
from server.rates import Rate
from server.reports.routes import ROUTES as REPORT_ROUTES
from server.rights import emergency
from server.rights.routes import routes as rights_routes
from server.sessions import routes as session_routes
from server.sync.routes import ROUTES as SYNC_ROUTES
from server.web import cookies, pages, refusals
from server.web.link import link

log = logging.getLogger("graftlog.web")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
API = (
    session_routes,
    accounts.routes,
    devices.routes,
    catalogue.routes,
    witness.routes,
    patient_routes,
    *PROCEDURE_ROUTES,
    *PHOTO_ROUTES,
    *FOLLOW_UP_ROUTES,
    *SYNC_ROUTES,
    rights_routes,
    *REPORT_ROUTES,
)


class WholeRequest(Request):
    """A request whose body is whole or refused. Of one of no announced length werkzeug gives what fits, and no word of the rest."""

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """As werkzeug's; 413 where a body of no announced length reaches the bound."""
        data, bound = super().get_data(*args, **kwargs), self.max_content_length
        if self.content_length is None and bound is not None and len(data) >= bound:
            raise RequestEntityTooLarge
        return data


class App(Flask):
    """Flask with the transaction around the view: the commit happens here, before anything of the answer leaves."""

    request_class = WholeRequest
    db: Database
    settings: Config
    rates: rates.Rates

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Keep hold of gunicorn's own response object: WSGI has no other way to close a connection whose body is left unread."""
        environ["graftlog.gunicorn_response"] = getattr(start_response, "__self__", None)
        return super().wsgi_app(environ, start_response)

    def dispatch_request(self) -> ResponseReturnValue:
        """One request, one transaction. Where a twin of the call stored the same id a moment before, it is done again: as a repetition."""
        try:
            return self._dispatch()
        except IntegrityError as error:
            if getattr(self.view_functions[request.endpoint or ""], "__streams__", False) or not _PRIMARY_KEY.search(str(error.orig)):
                raise
            return self._dispatch()

    def _dispatch(self) -> ResponseReturnValue:
        """A raised Problem rolls everything back, except what a Counted one must remember."""
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        view = self.view_functions[request.endpoint or ""]
        needs, rate = getattr(view, "__access__", None), rates.rate_of(view, request.endpoint or "", request.method)
        if needs is None:  # documentation and static files: no person, no database
            self.rates.check(rate, None)
            return super().dispatch_request()
        try:
            response = self._dispatched(view, needs, rate)
        except Problem as refusal:
            reads.log(self.db, view, g.get("person"), refusal.status)
            raise
        reads.log(self.db, view, g.get("person"), response.status_code)
        return response

    def _dispatched(self, view: Any, needs: str, rate: Rate) -> Response:
        idle, counted, streams = timedelta(minutes=self.settings.session_idle_minutes), None, getattr(view, "__streams__", False)
        with self.db.transaction(write=not streams and request.method not in READING) as session:
            g.person = caller = access.recognise(session, _token(), idle, tablets_too=cookies.for_programs())
            self.rates.check(rate, caller)
            if not self._opened_for_an_hour(session, view, needs, caller):
                access.check(caller, needs)
            acting = dict(session.info)  # whoever was recognised, on whatever device, acts in the view's own transactions too
            if not streams:
                g.session = session
                try:
                    response = self._answer(session, view, caller)
                except Counted as refusal:
                    counted = refusal
        if counted is not None:
            raise counted
        if streams:  # with no transaction open: bytes may take minutes to come or go
            g.own_transaction = partial(self.db.transaction, **acting)
            response = self.make_response(super().dispatch_request())
        if caller is not None and caller.seen_long_ago:
            with self.db.transaction(caller.clinic_id) as session:
                access.seen(session, caller, request.headers.get)
        return response

    def _opened_for_an_hour(self, session: Session, view: Any, needs: str, caller: access.Caller | None) -> bool:
        """Whether an emergency access lets this person read this one patient, which her roles do not."""
        if (
            request.method != "GET"
            or needs != Permission.READ_RECORD
            or not isinstance(caller, access.Signed)
            or caller.may(Permission.READ_RECORD)
            or not caller.may(Permission.EMERGENCY)
        ):
            return False
        patient = reads.subject(session, view, caller.clinic_id)
        g.emergency_id = emergency.opened(session, caller.user_id, patient) if patient else None
        return g.emergency_id is not None

    def _answer(self, session: Session, view: object, caller: access.Caller | None) -> Response:
        def act() -> Response:
            return self.make_response(super(App, self).dispatch_request())

        return once(session, caller, act) if is_kept(view) else act()

    def check_marks(self) -> None:
        """Refuse to start while a view says nothing about who may call it, or a public one about how often."""
        unmarked = [
            rule.rule
            for rule in self.url_map.iter_rules()
            if not hasattr(self.view_functions[rule.endpoint], "__access__") and not rule.endpoint.startswith(("api-docs.", "web.static"))
        ]
        if unmarked:
            raise RuntimeError(f"routes without a permission: {', '.join(unmarked)}")
        for rule in self.url_map.iter_rules():
            for method in rule.methods or ():
                rates.rate_of(self.view_functions[rule.endpoint], rule.endpoint, method)


def _token() -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() == "bearer" and token:
        return token.strip()
    return cookies.token()


def create_app(settings: Config, db: Database | None = None) -> App:
    """The whole application on one database. Starts nothing and connects to nothing by itself."""
    app = App(__name__, static_folder=None)
    app.settings, app.rates = settings, rates.Rates(settings.redis_url)
    app.db = db or bound(Database(settings.database_url, pool_size=settings.web_threads))
    app.config.update(
        GRAFTLOG=settings,
        MAX_CONTENT_LENGTH=settings.max_body_kb * 1024,
        MAX_FORM_MEMORY_SIZE=settings.max_body_kb * 1024,
        PROPAGATE_EXCEPTIONS=False,
        **spec.SETTINGS,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # reason: the default provider has it
    app.url_map.strict_slashes = False
    api = GraftlogApi(app)
    spec.describe(api)
    for routes in API:
        api.register_blueprint(routes)
    app.register_blueprint(health.routes)
    app.register_blueprint(callbacks)
    app.register_blueprint(tus)
    app.register_blueprint(pages)
    app.register_blueprint(link)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(InterfaceError, _unavailable)
    app.register_error_handler(InternalError, _silent_for_too_long)
    app.register_error_handler(HTTPException, lambda error: _http(api, error))
    app.register_error_handler(Exception, _crash)
    app.after_request(_no_tag_on_problems)
    edge.guard(app, settings)
    app.check_marks()
    return app


def _refusal(problem: Problem) -> Response:
    """Programs get problem+json, people a page."""
    return problem_response(problem) if cookies.for_programs() else refusals.of_problem(problem)


def _problem(error: Exception) -> Response:
    return _refusal(cast("Problem", error))


def _http(api: GraftlogApi, error: Exception) -> Any:
    http_error = cast("HTTPException", error)
    return api.handle_http_exception(http_error) if cookies.for_programs() else refusals.of_http(http_error)


def _integrity(error: Exception) -> Response:
    """Constraints are the last wall; what reaches them is a race or a rule that the service did not name."""
    text = str(cast("IntegrityError", error).orig)
    log.warning("constraint refused a write: %s", _constraint(text))
    if "append-only" in text or "closed" in text:
        return _refusal(Problem("closed", "Signed records and entries are never changed. Add an addendum, or retract and re-enter."))
    if _PRIMARY_KEY.search(text):
        return _refusal(Problem("id_taken", "Another record of this clinic has one of these ids. Use a new id for a new record."))
    return _refusal(Problem("conflict", "Read the record again; somebody else may just have changed it."))


_PRIMARY_KEY = re.compile(r'"pk_|UNIQUE constraint failed: (\w+)\.clinic_id, \1\.id\b')
"""How PostgreSQL and SQLite name a violated primary key."""


def _constraint(text: str) -> str:
    """First line without the row's values, which could be a patient's."""
    return text.splitlines()[0][:200]


def _unavailable(error: Exception) -> Response:
    log.error("database unavailable: %s", type(cast("sa.exc.DBAPIError", error).orig).__name__)
    # When the commit's own answer is lost, nobody here knows whether it was stored.
    return _refusal(
        Problem("unavailable", "Repeat the call with the same id or Idempotency-Key: it is stored once, however often it comes.")
    )


def _silent_for_too_long(error: Exception) -> Response:
    """PostgreSQL counts it among the internal errors when it ends a transaction in which nothing was asked for too long."""
    of_driver = cast("sa.exc.DBAPIError", error).orig
    return _unavailable(error) if isinstance(of_driver, psycopg.errors.IdleInTransactionSessionTimeout) else _crash(error)


def _crash(error: Exception) -> Response:
    log.error("unhandled error at %s %s: %s", request.method, request.endpoint, trace(error))
    return _refusal(Problem("internal", "Repeat the call; if it fails again, tell the administrator the time."))


def _no_tag_on_problems(response: Response) -> Response:
    if response.mimetype == PROBLEM_JSON:
        response.headers.pop("ETag", None)
    return response
