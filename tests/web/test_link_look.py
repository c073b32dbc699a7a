"""The patient's page: the same words in every language, and a page that needs little of a telephone."""

import re
from pathlib import Path
from string import Formatter

import pytest

from schemas.questions import QUESTIONS, Given
from schemas.red_flags import RedFlag
from server.followup.calendar import Offset
from server.followup.messages.words import clinical_words
from server.web.link_texts import questions
from server.web.link_words import TEXTS, words_for

HERE = Path(__file__).parents[2] / "server" / "web"
CSS = (HERE / "static" / "link.css").read_text(encoding="utf-8")
ENGLISH = TEXTS["en"].WORDS


def gaps(text: str) -> set[str | None]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_every_text_with_the_same_gaps(language: str) -> None:
    words = TEXTS[language].WORDS
    assert list(words) == list(ENGLISH)
    assert {key: gaps(text) for key, text in words.items()} == {key: gaps(text) for key, text in ENGLISH.items()}


@pytest.mark.parametrize("language", TEXTS)
def test_the_words_around_a_visits_questions_are_in_every_language(language: str) -> None:
    words, english = questions.WORDS[language], questions.WORDS["en"]
    assert {key: gaps(text) for key, text in words.items()} == {key: gaps(text) for key, text in english.items()}
    assert not set(words) & set(TEXTS[language].WORDS)
    assert clinical_words(" ".join(words.values())) == []


@pytest.mark.parametrize("language", TEXTS)
def test_every_question_and_answer_has_words(language: str) -> None:
    words = TEXTS[language].WORDS
    assert {*QUESTIONS, *(f"{one}_hint" for one in QUESTIONS), *(f"flag_{one}" for one in RedFlag), *Given} <= set(words)


@pytest.mark.parametrize("language", TEXTS)
def test_no_text_says_anything_of_the_treatment(language: str) -> None:
    said = " ".join(text for text in TEXTS[language].WORDS.values())
    assert clinical_words(said) == []


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        (Offset(days=14), ("Your 2-week check", "Az Ön 2 hetes kontrollja", "Su revisión de las 2 semanas")),
        (Offset(days=10), ("Your 10-day check", "Az Ön 10 napos kontrollja", "Su revisión de los 10 días")),
        (Offset(months=3), ("Your 3-month check", "Az Ön 3 hónapos kontrollja", "Su revisión de los 3 meses")),
        (Offset(years=1), ("Your 1-year check", "Az Ön 1 éves kontrollja", "Su revisión del año")),
        (None, ("Your follow-up appointment", "Az Ön kontrollvizsgálata", "Su cita de seguimiento")),
    ],
)
def test_a_visit_is_named_by_its_distance_only(offset: Offset | None, said: tuple[str, ...]) -> None:
    assert tuple(words_for(language).check(offset) for language in TEXTS) == said


def test_buttons_and_answers_are_sixty_pixels_high() -> None:
    for selector in ("button, .button", ".option label"):
        assert f"{selector} {{" in CSS
        assert "min-height: 60px" in CSS.partition(f"{selector} {{")[2].partition("}")[0]


def test_the_stylesheet_asks_nobody_and_needs_nothing_new() -> None:
    for word in ("url(", "@import", "grid", ":has(", "light-dark("):
        assert word not in CSS


def test_the_pages_have_neither_script_nor_style_of_their_own() -> None:
    for template in (HERE / "templates" / "link").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script|<style| style=| on\w+=|javascript:|https?://", text), template.name
