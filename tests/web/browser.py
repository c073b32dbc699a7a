"""A browser without script: keeps cookies, fills in the forms it was shown, and reads a page as a person does."""

import html
import re
from html.parser import HTMLParser
from typing import cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import App
from tests import make

_ENDS_A_PARAGRAPH = frozenset({"div", "dl", "fieldset", "form", "h1", "h2", "h3", "ol", "p", "pre", "section", "table", "ul"})
OWN_SCRIPT = re.compile('<script type="module" src="/static/(?:keys|notices|new-password|photos|plan|rating)[.]js[?]v=[0-9a-f]{12}">')
"""The only scripts there are, with nothing written inside them."""
_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


class Page(HTMLParser):
    """What a page holds: its words, forms, ids, labels and headings."""

    def __init__(self, response: TestResponse) -> None:
        """Read an answer that must be HTML."""
        super().__init__()
        assert response.mimetype == "text/html", f"{response.status_code} {response.mimetype}"
        self.response, self.status, self.html = response, response.status_code, response.get_data(as_text=True)
        self.forms: dict[str, dict[str, str]] = {}
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.fields: list[str] = []
        self.headings: list[int] = []
        self.hrefs: list[str] = []
        self.nested: list[str] = []
        self._parts: list[str] = []
        self._form: dict[str, str] | None = None
        self._open: list[str] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element is for."""
        given = {name: value or "" for name, value in attrs}
        if tag in _ENDS_A_PARAGRAPH and "p" in self._open:
            self.nested.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if "href" in given:
            self.hrefs.append(given["href"])
        if tag == "form":
            self._form = self.forms.setdefault(given["action"], {})
        elif tag in {"input", "select", "textarea"}:
            self._field(given)
        elif tag == "label":
            self.labels.append(given["for"])
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def _field(self, given: dict[str, str]) -> None:
        if given.get("type") == "hidden" and self._form is not None:
            self._form[given["name"]] = given.get("value", "")
        elif given.get("type") != "hidden":
            self.fields.append(given["id"])

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        """Collect words."""
        if not {"style", "script"} & set(self._open):
            self._parts.append(data)

    @property
    def text(self) -> str:
        """All words, in order, single-spaced; no-break spaces are spaces."""
        return " ".join(" ".join(self._parts).replace("\xa0", " ").split())

    @property
    def title(self) -> str:
        """Of the window."""
        found = re.search("<title>(.*?)</title>", self.html, re.DOTALL)
        return html.unescape(found[1]) if found else ""

    def part(self, part_id: str) -> str:
        """Words from the element with this id on, to the next section's end."""
        inner = self.html[self.html.index(f'id="{part_id}"') :].partition(">")[2].partition("</section>")[0]
        return " ".join(html.unescape(re.sub("<[^>]*>", " ", inner)).replace("\xa0", " ").split())


class Browser:
    """One person's window on the pages."""

    def __init__(self, client: FlaskClient) -> None:
        """Nobody is signed in."""
        self.client = client

    def open(self, path: str, expect: int = 200) -> Page:
        """A page, after any redirects."""
        page = Page(self.client.get(path, follow_redirects=True))
        assert page.status == expect, f"{path}: {page.status} {page.text[:500]}"
        return page

    def send(self, page: Page, action: str, expect: int = 303, **typed: str | list[str]) -> TestResponse:
        """Send one of the page's forms with its hidden fields and what was typed."""
        response = self.client.post(action, data=page.forms[action] | typed)
        assert response.status_code == expect, f"{action}: {response.status_code} {response.get_data(as_text=True)[:2000]}"
        return response

    def sign_in(self, person: make.Person, password: str = make.PASSWORD) -> "Browser":
        """Through the form."""
        make.half_a_minute_later(cast("App", self.client.application).db)
        self.send(self.open("/sign-in"), "/sign-in", email=person.email, password=password, code=make.code())
        make.half_a_minute_later(cast("App", self.client.application).db)
        return self


def faults(page: Page) -> list[str]:
    """What a person who cannot see or click well would stumble over."""
    found = [f"id twice: {one}" for one in set(page.ids) if page.ids.count(one) > 1]
    found += [f"no label: {one}" for one in page.fields if one not in page.labels]
    found += [f"label of nothing: {one}" for one in page.labels if one not in page.ids]
    found += [
        f"heading h{before} then h{after}" for before, after in zip(page.headings, page.headings[1:], strict=False) if after > before + 1
    ]
    found += [f"{one} inside a paragraph" for one in page.nested]
    landmarks = re.findall(r'<(?:section|[a-z]+ [^>]*role="region")[^>]* aria-labelledby="([^"]+)"', page.html)
    found += [f"two landmarks called {one}" for one in set(landmarks) if landmarks.count(one) > 1]
    found += [] if page.headings.count(1) == 1 else [f"{page.headings.count(1)} h1"]
    found += [f"leads nowhere: {one}" for one in page.hrefs if one.startswith("#") and one[1:] not in page.ids]
    found += [f"draws nothing: {one}" for one in re.findall('<use href="#([^"]+)"', page.html) if one not in page.ids]
    found += [f"{word} in the page" for word in (" style=", "<style", " onclick=", "javascript:") if word in page.html]
    found += [f"{script} in the page" for script in re.findall("<script[^>]*>[^<]?", page.html) if not OWN_SCRIPT.fullmatch(script)]
    return found
