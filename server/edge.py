"""The edge: headers on every answer, sizes and origins looked at before anything is read, proxies believed as far as they are counted."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from server.config import Config
from server.problems import Problem
from server.web import cookies

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
HSTS = "max-age=31536000; includeSubDomains"


def guard(app: Flask, settings: Config) -> None:
    """Put all of it around the application."""
    headers = HEADERS | ({"Strict-Transport-Security": HSTS} if settings.public_url.startswith("https:") else {})

    def seal(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    app.before_request(_refuse_too_large)
    app.before_request(_refuse_foreign_forms)
    app.after_request(seal)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]  # reason: the documented way


def _refuse_too_large() -> None:
    """A body that says how long it is need not be read to be refused, where nobody would read it too. Uploads know their own limit."""
    most, said = request.max_content_length, request.content_length
    if most is not None and said is not None and said > most and request.blueprint != "tus":
        raise RequestEntityTooLarge


def _refuse_foreign_forms() -> None:
    """A form that another site's page sends, whatever it knows. Our own pages, which send no referrer, say `null` in some browsers.

    A patient's link is its own proof and carries no cookie; programs send a token that no other site's page has.
    """
    origin = request.headers.get("Origin", "null")
    if request.method in {"GET", "HEAD", "OPTIONS"} or origin == "null" or cookies.for_programs() or cookies.for_patients():
        return
    config: Config = current_app.config["GRAFTLOG"]
    if urlsplit(origin).netloc not in {request.host, urlsplit(config.public_url).netloc}:
        raise Problem("not_allowed", "Another site sent this form. Nothing was stored.")
