"""What goes over the wire to a browser that takes compressed answers."""

import gzip

from server.app import App
from tests import make
from tests.web.browser import Browser, Page
from tests.web.case import completed

TAKES = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_packed_for_whoever_takes_it(vera_at_desk: Browser, app: App, clinic: make.Clinic) -> None:
    path = f"/procedures/{completed(app.db, clinic)['id']}"
    plain, packed = vera_at_desk.client.get(path), vera_at_desk.client.get(path, headers=TAKES)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert "Left cheek" in gzip.decompress(packed.data).decode()


def test_a_stylesheet_is_packed_and_asked_for_once(vera_at_desk: Browser) -> None:
    page = Page(vera_at_desk.client.get("/procedures"))
    style = next(one for one in page.hrefs if "graftlog.css" in one)
    first = vera_at_desk.client.get(style, headers=TAKES, buffered=True)
    assert first.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(first.data) == vera_at_desk.client.get(style, buffered=True).data
    again = vera_at_desk.client.get(style, headers=TAKES | {"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
    assert again.data == b""


def test_a_part_of_a_stylesheet_is_that_part(vera_at_desk: Browser) -> None:
    asked = {"buffered": True, "headers": TAKES | {"Range": "bytes=10-29"}}
    part = vera_at_desk.client.get("/static/graftlog.css", **asked)
    whole = vera_at_desk.client.get("/static/graftlog.css", buffered=True)
    assert part.status_code == 206
    assert part.data == whole.data[10:30]
    assert "Content-Encoding" not in part.headers


def test_photographs_and_what_is_tiny_stay_as_they_are(vera_at_desk: Browser, app: App, clinic: make.Clinic) -> None:
    done = completed(app.db, clinic)
    pdf = vera_at_desk.client.get(f"/procedures/{done['id']}/note.pdf", headers=TAKES)
    tiny = vera_at_desk.client.get("/static/favicon.svg", headers=TAKES, buffered=True)
    assert pdf.data.startswith(b"%PDF")
    assert tiny.data.startswith(b"<svg")
    assert {"Content-Encoding"} & {*pdf.headers.keys(), *tiny.headers.keys()} == set()
