"""Files that may be cached, and nothing from anywhere else."""

import re
from pathlib import Path

import pytest

from tests.web.browser import Browser

CSS = (Path(__file__).parents[2] / "server" / "web" / "static" / "graftlog.css").read_text(encoding="utf-8")


OWN = Path(__file__).parents[2] / "server"
ASKED = sorted(
    path
    for folder in ("web/static", "web/templates", "procedures/note/templates")
    for path in (OWN / folder).rglob("*")
    if path.suffix in {".css", ".html", ".svg"}
)


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.relative_to(OWN).as_posix())
def test_pages_and_stylesheets_ask_nobody_else(path: Path) -> None:
    """Fonts, icons, sheets and scripts come from here, and from nobody who would learn who reads what."""
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"url\(|@import|@font-face|<script(?![^>]* src=\"\{\{ static\()|(?:src|href|action)=[\"']?(?:https?:)?//", text)
    if path.suffix == ".html":
        assert not re.findall(r"<link (?!rel=\"(?:icon|stylesheet)\" href=\"\{\{ ?(?:static\(|stylesheet|icon))", text)


def test_static_files_asked_for_with_their_version_are_kept_for_a_year(visitor: Browser) -> None:
    page = visitor.open("/sign-in")
    sheet = next(href for href in page.hrefs if "graftlog.css" in href)
    answer = visitor.client.get(sheet)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()
    again = visitor.client.get(sheet.partition("?")[0])
    assert again.headers["Cache-Control"] == "no-cache"
    again.close()
    icon = visitor.client.get(next(href for href in page.hrefs if "favicon.svg" in href))
    assert icon.mimetype == "image/svg+xml"
    icon.close()


def test_a_narrow_bar_wraps_instead_of_widening_the_page() -> None:
    narrow = CSS[CSS.index("@media (max-width: 46rem)") :]
    assert "flex-wrap: wrap" in (re.search(r"\.bar nav \{(.*?)\}", narrow) or [""])[1]


def test_pages_are_never_kept(vera_at_desk: Browser) -> None:
    page = vera_at_desk.open("/procedures")
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.response.headers["Content-Security-Policy"]
    assert "unsafe" not in page.response.headers["Content-Security-Policy"]


def test_no_file_above_the_static_folder_is_given(visitor: Browser) -> None:
    assert visitor.client.get("/static/../blueprint.py").status_code == 404
    assert visitor.client.get("/static/%2e%2e/blueprint.py").status_code == 404
