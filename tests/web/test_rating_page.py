"""The rater's page and the clinic's view of the panel, as a browser without script sees them."""

import re
from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest

from server.app import App
from server.db import Database
from server.ids import uuid7
from server.web.rating_words import AGREEMENT
from tests import make
from tests.api import Api
from tests.outcomes.panel_case import As, another_rater, begun, consent, follow_up_is_on, offered, ready
from tests.reports.lives import Lives, noon, raters
from tests.web.browser import Browser, Page, faults


@pytest.fixture
def reka_at_desk(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> Browser:
    """Dr Réka Nagy, rater, at her desk."""
    return at_desk(clinic.rater)


def begin(desk: Browser) -> Page:
    """Her first pair."""
    desk.send(desk.open("/ratings"), "/ratings/begin")
    return desk.open("/ratings")


def test_a_rater_lands_on_her_queue_and_is_led_nowhere_else(reka_at_desk: Browser) -> None:
    page = reka_at_desk.open("/")
    assert "Rate pairs of photographs" in page.text
    assert {one for one in page.hrefs if one.startswith("/") and "/static/" not in one} == {"/", "/ratings", "/account", "/api/docs"}
    assert faults(page) == []


def test_the_queue_is_worked_through_with_radios_and_a_button(app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser) -> None:
    pairs = offered(app, clinic, vera, 2)
    for number in range(2):
        page = begin(reka_at_desk) if not number else reka_at_desk.open("/ratings")
        assert f"{number} of 2 rated" in page.text
        assert faults(page) == []
        side = follow_up_is_on(app, clinic, clinic.rater, page.forms["/ratings"]["pair_id"])
        reka_at_desk.send(page, "/ratings", verdict=f"{side}_much_better")
    done = reka_at_desk.open("/ratings")
    assert "All rated, thank you You have rated 2 pairs." in done.text
    assert faults(done) == []
    grades = [one["grade"] for pair in pairs for one in vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"]]
    assert grades == [3, 3]


def test_the_page_says_nothing_that_could_tell_who_or_when(app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser) -> None:
    (pair,) = offered(app, clinic, vera)
    patient = vera.get(f"/patients/{pair['patient_id']}")
    begin(reka_at_desk)
    answer = reka_at_desk.client.get("/ratings")
    said = answer.get_data(as_text=True) + str(answer.headers)
    secrets = {patient[name] for name in ("id", "mrn", "family_name", "given_name", "birth_date")}
    photos = [vera.get(f"/photos/{pair[name]}") for name in ("baseline_id", "follow_up_id")]
    secrets |= {pair["procedure_id"], *(one["id"] for one in photos), *(one["taken_at"][:10] for one in photos)}
    assert [one for one in secrets if one in said] == []
    assert answer.headers["Cache-Control"] == "no-store"
    for word in ("before", "after", "baseline", "follow-up", "3m", "3 months"):
        assert word not in Page(answer).text.casefold()


def test_nothing_chosen_is_asked_for_and_nothing_is_stored(app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser) -> None:
    offered(app, clinic, vera)
    refused = Page(reka_at_desk.send(begin(reka_at_desk), "/ratings", 422))
    assert "Say which is better, or why you cannot judge." in refused.text
    assert "#verdict" in refused.hrefs
    assert "0 of 1 rated" in refused.text
    assert faults(refused) == []


def test_a_form_sent_twice_counts_once_and_another_word_is_refused(app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser) -> None:
    (pair,) = offered(app, clinic, vera)
    page = begin(reka_at_desk)
    for _ in range(2):
        reka_at_desk.send(page, "/ratings", verdict="not_sharp", milliseconds="812")
    refused = Page(reka_at_desk.send(page, "/ratings", 409, verdict="left_better", id=str(uuid7())))
    assert "You have rated this pair." in refused.text
    (given,) = vera.get(f"/rating-pairs/{pair['id']}/ratings")["items"]
    assert (given["reason"], given["milliseconds"]) == ("not_sharp", 812)


def test_a_consent_taken_back_meanwhile_is_said_and_the_next_pair_shown(
    app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser
) -> None:
    pairs = {one["id"]: one["patient_id"] for one in offered(app, clinic, vera, 2)}
    page = begin(reka_at_desk)
    here = page.forms["/ratings"]["pair_id"]
    consent(vera, pairs[here], given=False)
    refused = Page(reka_at_desk.send(page, "/ratings", 409, verdict="left_better"))
    assert "The patient no longer agrees" in refused.text
    assert {refused.forms["/ratings"]["pair_id"]} == set(pairs) - {here}
    assert not re.search('type="radio"[^>]* checked', refused.html)
    assert "0 of 1 rated" in refused.text


@pytest.mark.parametrize("typed", [{"verdict": "8"}, {"pair_id": "7"}, {"milliseconds": "-1"}, {"milliseconds": "x"}])
def test_what_no_form_of_ours_sends_is_refused(
    typed: dict[str, str], app: App, clinic: make.Clinic, vera: Api, reka_at_desk: Browser
) -> None:
    offered(app, clinic, vera)
    refused = reka_at_desk.send(begin(reka_at_desk), "/ratings", 422, **({"verdict": "left_better"} | typed))
    assert "0 of 1 rated" in Page(refused).text


def test_who_does_not_rate_or_report_is_not_let_in(clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    at_desk(clinic.nurse).open("/ratings", 403)
    at_desk(clinic.nurse).open("/panel", 403)
    at_desk(clinic.rater).open("/panel", 403)


def test_an_empty_panel_says_what_a_pair_is_and_offers_what_is_ready(
    app: App, clinic: make.Clinic, vera: Api, vera_at_desk: Browser
) -> None:
    empty = vera_at_desk.open("/panel")
    assert "No pair has been offered" in empty.text
    ready(app, clinic, vera, "2w", "3m")
    came = Page(vera_at_desk.send(empty, "/panel", 200))
    assert "2 pairs offered now" in came.text
    assert "1: no photograph in the weeks that count for the step, so far" in came.text
    assert "After 2 weeks 1 pair" in came.text
    assert faults(empty) == faults(came) == []


def test_the_panel_counts_each_rater_and_the_majority(app: App, clinic: make.Clinic, vera: Api, as_: As, vera_at_desk: Browser) -> None:
    pairs = offered(app, clinic, vera, 3)
    people = [clinic.rater, another_rater(app, clinic), another_rater(app, clinic, "Dr Emese Fekete")]
    said = dict(zip(people, ("+++", "++0", "+0?"), strict=True))
    for person, words in said.items():
        rater = begun(as_(person))
        for pair, word in zip(pairs, words, strict=True):
            side = follow_up_is_on(app, clinic, person, pair["id"])
            verdict = {"+": f"{side}_better", "0": "no_difference", "?": "covered"}[word]
            rater.post("/ratings", {"pair_id": pair["id"], "verdict": verdict})
    (step,) = [one for one in vera.get("/reports/panel")["steps"] if one["pairs"]]
    assert [step[name] for name in ("step", "pairs", "decided", "improved", "undecided")] == ["3m", 3, 2, 2, 1]
    assert [(one["name"], one["rated"], one["cannot_judge"], one["improved"]) for one in step["raters"]] == [
        ("Dr Emese Fekete", 3, 1, 1),
        ("Dr Gábor Molnár", 3, 0, 2),
        ("Dr Réka Nagy", 3, 0, 3),
    ]
    agreed = step["agreement"]
    assert (agreed["raters"], agreed["pairs"], agreed["alike"]) == (3, 2, 1)
    assert {agreed[name] for name in AGREEMENT} == {None}
    page = vera_at_desk.open("/panel")
    text = page.part("step-3m")
    assert "Improved, by the majority 2 of 2 (100.0 %)" in text
    assert "All raters alike 1 of 2 (50.0 %)" in text
    assert "Dr Emese Fekete 3 of 3 1 1 of 2 (50.0 %)" in text
    for label in ("Rated", "Could not judge", "Improved"):
        assert page.html.count(f'class="figure" data-label="{label}"') == 3, "each number has its name on a telephone"
    assert "Agreement of 3 raters 2 pairs" in text
    assert "Fleiss’ kappa improved or not too few: it takes 10 pairs that all of them graded" in text
    assert page.text.count("Fewer than three graded it") == 1
    assert faults(page) == []


def test_kappa_is_undefined_where_all_said_the_same_and_the_page_says_so(db: Database, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    lives, panel = Lives(clinic), raters(db, clinic, 2)
    for number in range(10):
        done = lives.procedure(lives.patient(), noon(date(2025, 3, 1 + number)))
        lives.pair(done, dict.fromkeys(panel, 2))
    lives.store(db)
    text = vera_at_desk.open("/panel").part("step-3m")
    assert "Agreement of 2 raters 10 pairs" in text
    assert "Raw agreement improved or not 1.00" in text
    assert "Fleiss’ kappa improved or not undefined: all ratings fell in one category" in text
    assert "ICC(2,1) seven grades, of one rater undefined: all pairs were graded alike" in text
    assert "Not decided 10" in text


def test_one_rater_alone_agrees_with_nobody_yet(app: App, clinic: make.Clinic, vera: Api, as_: As, vera_at_desk: Browser) -> None:
    (pair,) = offered(app, clinic, vera)
    begun(as_(clinic.rater)).post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"})
    assert "Raw agreement improved or not not yet: it takes two raters" in vera_at_desk.open("/panel").text


def test_somebody_who_has_just_begun_ends_nobodys_comparison(app: App, clinic: make.Clinic, vera: Api, as_: As) -> None:
    pairs = offered(app, clinic, vera, 4)
    for person, count in ((clinic.rater, 4), (another_rater(app, clinic), 4), (another_rater(app, clinic, "Dr Emese Fekete"), 1)):
        rater = begun(as_(person))
        for pair in pairs[:count]:
            rater.post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"})
    (step,) = [one for one in vera.get("/reports/panel")["steps"] if one["pairs"]]
    assert (step["agreement"]["raters"], step["agreement"]["pairs"]) == (2, 4)
    assert [one["rated"] for one in step["raters"]] == [1, 4, 4]


def test_the_pairs_lead_to_their_photographs_page_by_page(app: App, clinic: make.Clinic, vera: Api, vera_at_desk: Browser) -> None:
    pairs = offered(app, clinic, vera, 3)
    page = vera_at_desk.open("/panel?limit=2")
    assert len([one for one in page.hrefs if "/photos?" in one]) == 2
    newest = pairs[0]
    address = f"/patients/{newest['patient_id']}/photos?view=front&left={newest['baseline_id']}&right={newest['follow_up_id']}"
    assert address in [one.replace("&amp;", "&") for one in page.hrefs]
    following = next(one for one in page.hrefs if "cursor=" in one).replace("&amp;", "&")
    assert len([one for one in vera_at_desk.open(following).hrefs if "/photos?" in one]) == 1
    vera_at_desk.open(f"/panel?cursor={uuid4()}", 422)
