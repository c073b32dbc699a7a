"""The page and the PDF say what the JSON says, look after every text, and name the patient on every sheet."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.vocabulary import ProcedureState
from server.patients.models import Scar
from server.procedures import note
from server.procedures.service.record import Record
from tests.procedures.test_note_example import CHEEK, NORA, addendum, example, fact, record, scars

EUROPE = "Őrült Űző, Žydrūnė Šėškė, Łukasz Żółć, Юлія Їжак, Ελένη Ώρα"


def plain() -> Record:
    return record(example(), assistant="Dr Réka Nagy")


def signed() -> Record:
    whole = record([*example(), fact("note", 95, text="Late word.", late=True)], signed=True, state=ProcedureState.SIGNED)
    whole.addenda.append(addendum("Mild redness,\nno pain."))
    return whole


def troubled() -> Record:
    wrong = fact("injection", 49, scar_id=str(CHEEK), volume_ml=24, plane="intradermal")
    return record(
        [
            *example(),
            wrong,
            fact("retraction", 49.5, by=NORA, retracts=str(wrong["id"]), reason="24 typed for 2.4"),
            fact("incident", 55, incident="vascular_sign", severity="severe", scar_id=str(CHEEK), text="Blanching.", action="Stopped."),
            fact("device_use", 11, item="Cannula 2.4 mm", lot="OLD1", expires_on="2026-01-31", reason="No other in the room"),
            fact(
                "injection", 61, scar_id=str(CHEEK), volume_ml=9, plane="subcutaneous", needle_gauge=20, zone=timezone(timedelta(hours=2))
            ),
        ],
        patient={"weight_g": None, "allergies": None},
        state=ProcedureState.ENTERED_IN_ERROR,
        closed_reason="Wrong patient",
    )


def empty() -> Record:
    return record([], state=ProcedureState.PLANNED, started_at=None, ended_at=None)


def foreign() -> Record:
    remark = fact("note", 64, topic="findings", text=f"<b>Scar</b> & 'skin' \"soft\" {{{{ 7*7 }}}} </p>\n\n{EUROPE}\n\n- last line")
    return record([*example(), remark], patient={"family_name": "Kőszegi-Šimkūnaitė", "given_name": "Ðorđe Юрій"}, title="Ώρα & <i>ő</i>")


RECORDS = [plain, signed, troubled, empty, foreign]


def texts(part: Any, name: str = "") -> Iterator[str]:
    """Every text of the document; which drawing a point lies on is shown by where its number stands."""
    if isinstance(part, str) and name != "view":
        yield part
    elif isinstance(part, list):
        for one in part:
            yield from texts(one)
    elif isinstance(part, dict):
        for key, one in part.items():
            yield from texts(one, key)


def squeezed(text: str) -> str:
    """Without the white space that line breaks come and go with."""
    return re.sub(r"\s+", "", text)


class _Reader(HTMLParser):
    """Collects what a reader of the page sees."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def page_text(page: str) -> str:
    reader = _Reader()
    reader.feed(page)
    return squeezed("".join(reader.parts))


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def pdf_text(pdf: bytes) -> str:
    """Text of all pages without what every page repeats: the lines above and below the note, the head of a table."""
    body = []
    for page in pages_of(pdf):
        text = squeezed(page)
        body.append(re.sub(r"^.*?page\d+of\d+", "", text, count=1))
    return "".join(body)


@pytest.mark.parametrize("make", RECORDS)
def test_page_and_pdf_say_what_the_json_says(make: Callable[[], Record]) -> None:
    document = note.build(make())
    page, printed = page_text(note.html(document)), pdf_text(note.pdf(document))
    once_on_every_sheet = squeezed(pages_of(note.pdf(document))[0])
    for text in texts(document):
        assert squeezed(text) in page
        assert squeezed(text) in printed or squeezed(text) in once_on_every_sheet


@pytest.mark.parametrize("make", RECORDS)
def test_every_sheet_names_patient_number_clinic_and_itself(make: Callable[[], Record]) -> None:
    document = note.build(make())
    pages = [squeezed(page) for page in pages_of(note.pdf(document))]
    for position, page in enumerate(pages, 1):
        for text in (document["patient"]["name"], document["patient"]["number"], document["clinic"]["name"], *document["banners"]):
            assert squeezed(text) in page
        assert f"page{position}of{len(pages)}" in page


def test_a_draft_says_so_on_every_sheet_and_a_signed_note_nowhere() -> None:
    draft, final = note.build(plain()), note.build(signed())
    assert all("DRAFT - NOT SIGNED" in page for page in pages_of(note.pdf(draft)))
    assert "DRAFT" not in pdf_text(note.pdf(final)) + page_text(note.html(final))
    assert "DRAFT-NOTSIGNED" in page_text(note.html(draft))


def test_the_same_note_gives_the_same_bytes() -> None:
    document = note.build(troubled())
    assert note.pdf(document) == note.pdf(document)
    assert note.html(document) == note.html(document)


def test_european_names_are_printed_letter_by_letter() -> None:
    printed = pdf_text(note.pdf(note.build(foreign())))
    assert squeezed(EUROPE) in printed
    assert "\ufffd" not in printed


def test_a_letter_written_in_two_parts_is_printed_as_one() -> None:
    printed = pages_of(note.pdf(note.build(record([], patient={"family_name": "Ko\u030bvari"}))))[0]
    assert "Kővari" in printed


def test_what_cannot_be_printed_leaves_a_gap_that_shows_and_is_explained() -> None:
    document = note.build(record([], patient={"family_name": "王", "given_name": "שרה"}))
    printed = pdf_text(note.pdf(document))
    assert "\ufffd,\ufffd\ufffd\ufffd" in printed
    assert "standsforacharacterthatthisPDFcannotprint" in printed
    assert "王,שרה" in page_text(note.html(document))
    assert "cannotprint" not in pdf_text(note.pdf(note.build(plain())))


def test_markup_in_a_text_is_text() -> None:
    page = note.html(note.build(foreign()))
    assert "&lt;b&gt;Scar&lt;/b&gt; &amp;" in page
    assert "<b>" not in page
    assert "{{7*7}}" in page_text(page)


def test_the_page_asks_for_its_icon_and_stylesheets_and_nothing_else() -> None:
    page = note.html(note.build(troubled()))
    assert re.findall(r'(?:href|src|action)="([^"]*)"', page) == ["/static/favicon.svg", "/static/tokens.css", "/static/note.css"]
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|url\(|http", page)


def test_ids_on_the_page_are_unique_and_headings_step_down() -> None:
    page = note.html(note.build(troubled()))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_fragment_is_the_body_for_another_page() -> None:
    document = note.build(plain())
    fragment = note.fragment(document)
    assert fragment.__html__() == fragment
    assert fragment.lstrip().startswith("<article")
    assert "<h1" not in fragment
    assert "<h2>Operation note</h2>" in fragment
    assert "<html" not in fragment


def test_a_long_text_runs_over_pages_and_a_long_word_over_lines() -> None:
    lines = "\n".join(f"line {number} of the findings" for number in range(150))
    whole = record(
        [
            *example(),
            fact("note", 64, topic="findings", text=lines),
            fact("note", 65, text="x" * 4000),
            fact("note", 66, text="a\n" * 600 + "end"),
        ],
        patient={"family_name": "N" * 120, "given_name": "V" * 120, "mrn": "9" * 64, "allergies": "pollen " * 140},
        clinic={"name": "Clinic " * 28},
        closed_reason="because " * 120,
        assistant="A" * 200,
    )
    whole.addenda.append(addendum("addendum " * 880))
    document = note.build(whole)
    printed = pdf_text(note.pdf(document))
    assert all(f"line{number}ofthefindings" in printed for number in range(150))
    assert printed.count("x") >= 4000
    assert printed.count("addendum") >= 880
    assert squeezed(lines) in page_text(note.html(document))


def test_sixty_scars_and_a_hundred_and_eighty_injections_fit() -> None:
    many = [
        Scar(
            id=scars()[0].id if number == 0 else fact("note", 0, text="id")["id"],
            label=f"Scar number {number} with a rather long label to tell it from the others",
            subunit="temple",
            side="left",
            morphology="icepick",
            aetiology="acne",
            view="front" if number % 4 else None,
            x_e4=5000 + 37 * number,
            y_e4=3000 + 61 * number,
        )
        for number in range(60)
    ]
    facts = [
        fact("injection", 1 + number / 3, scar_id=str(many[number % 60].id), volume_ml=0.05, plane="intradermal") for number in range(180)
    ]
    whole = record(facts)
    whole.scars[:] = many
    document = note.build(whole)
    assert len(document["scars"]["rows"]) == 62
    printed = pdf_text(note.pdf(document))
    assert all(squeezed(one.label) in printed for one in many)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(min_size=1, max_size=80), name=st.text(min_size=1, max_size=40))
def test_no_text_at_all_breaks_the_note(text: str, name: str) -> None:
    whole = record(
        [fact("incident", 5, incident="other")], patient={"family_name": name}, clinic={"name": text}, closed_reason=text, title=name
    )
    whole.facts[0] |= {"details": {"text": text, "action": name}}  # type: ignore[operator]  # reason: a fact of this test is a plain dict
    whole.addenda.append(addendum(text))
    document = note.build(whole)
    assert note.html(document).encode()
    assert note.pdf(document).startswith(b"%PDF")
