"""What each page is for, done to its end in all three ways."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from schemas.vocabulary import ProcedureState, Role
from server import clock
from server.clinics import demo
from server.photos.service.thumbnails import make_waiting
from server.reports.service import running
from tests import make
from tests.api import Api
from tests.browser.chromium import Desk, sideways, stumbles
from tests.browser.hands import ALL, KEYBOARD, NO_SCRIPT, Hand
from tests.days import camera, days_ago
from tests.outcomes.result import anna as anna_result
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.sync.tablet import anna as written_down
from tests.sync.tablet import paired, row
from tests.web.case import completed
from tests.web.link_case import anna as linked

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(params=ALL)
def hand(request: pytest.FixtureRequest, desk: Desk) -> Iterator[Hand]:
    """Vera's, in a window of her own."""
    page: Page = desk.fresh(Role.SURGEON, java_script_enabled=request.param != NO_SCRIPT)
    yield Hand(page, request.param)
    page.context.close()


def test_the_list_is_searched_and_its_procedure_opened(hand: Hand) -> None:
    page = hand.page
    page.goto("/procedures?whose=all")
    hand.type(page.get_by_label("Patient, number or title"), "kiss bence")
    hand.press(page.get_by_role("button", name="Show"))
    hand.press(page.locator("main a.whole").first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Kiss, Bence")


def test_a_note_is_read_and_signed(hand: Hand, desk: Desk) -> None:
    page = hand.page
    unsigned = completed(desk.at.app.db, desk.at.clinic)
    page.goto(f"/procedures/{unsigned['id']}")
    hand.type(page.get_by_label("Your password again"), demo.PASSWORD)
    hand.type(page.locator("#code"), desk.at.code(Role.SURGEON))
    hand.press(page.get_by_role("button", name="Sign the procedure"))
    expect(page.locator("#signature")).to_contain_text("Dr Vera Kovács")


def test_a_plan_is_changed_and_the_change_undone(hand: Hand, desk: Desk) -> None:
    page = hand.page
    page.goto(f"/procedures/{desk.at.procedures[ProcedureState.PLANNED]}/plan")
    before = page.get_by_label("Passes").input_value()
    hand.type(page.get_by_label("Passes"), "44")
    hand.press(page.get_by_role("button", name="Save the plan"))
    expect(page.get_by_label("Passes")).to_have_value("44")
    hand.press(page.get_by_role("button", name="Undo: put back the plan before"))
    expect(page.get_by_label("Passes")).to_have_value(before)


def test_a_patient_is_found_and_her_photographs_opened(hand: Hand) -> None:
    page = hand.page
    page.goto("/patients")
    hand.type(page.get_by_label("Name, number or telephone"), "RPS-1001")
    hand.press(page.get_by_role("button", name="Find"))
    hand.press(page.locator("main a.whole").first)
    hand.press(page.get_by_role("link", name="Before and after"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Photographs")


def test_a_photograph_is_graded_and_a_consent_recorded(hand: Hand, desk: Desk) -> None:
    page = hand.page
    page.goto(f"/patients/{desk.at.filled['patient_id']}/photos")
    left = page.locator(".graded").first
    hand.press(left.locator("summary"))
    hand.tick(left.get_by_label("Good"))
    hand.press(left.get_by_role("button", name="Record the grade"))
    expect(page.locator(".graded").first).to_contain_text("Dr Vera Kovács")
    hand.press(page.locator("#consent summary"))
    hand.choose(page.get_by_label("What for"), "For publication")
    hand.choose(page.get_by_label("The patient", exact=True), "agrees")
    hand.press(page.get_by_role("button", name="Record it"))
    expect(page.locator("#consent li").filter(has_text="For publication")).to_contain_text("recorded by Dr Vera Kovács")


def test_a_call_is_logged_with_one_press(hand: Hand, desk: Desk) -> None:
    name = f"Zsoldos{hand.way.partition(' ')[0]}"
    three_months_ago, two_days_ago = (days_ago(days) for days in (92, 2))
    linked(desk.at.app, desk.at.clinic, family_name=name, ended_at=three_months_ago, booked_for=two_days_ago)
    page = hand.page
    page.goto("/follow-up/work-list")
    work = page.locator(".work-row").filter(has_text=name).first
    hand.press(work.locator("summary", has_text="Log a call"))
    hand.press(work.get_by_role("button", name="No answer"))
    expect(page.locator(".done[role=status]").first).to_contain_text(name)


def test_what_a_tablet_sent_wrongly_is_settled(hand: Hand, desk: Desk) -> None:
    theatre = paired(desk.at.app.db, desk.at.clinic, desk.at.clinic.nurse, name=f"Theatre of the {hand.way}")
    theatre.push("patients", row(written_down(birth_date="2999-01-01", family_name="Zentai")))
    page = hand.page
    page.goto("/sync")
    kept = page.locator(".work-row").filter(has_text="Zentai").first
    hand.type(kept.get_by_label("Note"), "Typed wrongly; registered at the desk.")
    hand.press(kept.get_by_role("button").last)
    expect(page.locator(".done[role=status]")).to_be_visible()


def test_the_journal_is_narrowed(hand: Hand) -> None:
    page = hand.page
    page.goto("/journal")
    hand.choose(page.get_by_label("What", exact=True), "Scar")
    hand.press(page.get_by_role("button", name="Show"))
    expect(page).to_have_url(re.compile("collection=scars"))
    expect(page.locator("#rows tbody tr").first).to_contain_text("Scar")


def test_a_patient_is_registered(hand: Hand) -> None:
    page = hand.page
    page.goto("/patients/new")
    hand.type(page.get_by_label("Patient’s number"), f"RPS-{hand.way}".replace(" ", ""))
    hand.type(page.get_by_label("Family name"), "Ambrus")
    hand.type(page.get_by_label("Given name"), "Ilona")
    hand.press(page.get_by_role("button", name="Register the patient"))
    expect(page.get_by_text("Ambrus, Ilona").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("/patients/new"))


def test_a_message_is_opened_from_the_outbox(hand: Hand) -> None:
    page = hand.page
    page.goto("/outbox")
    hand.press(page.get_by_role("link", name="Still to come"))
    hand.press(page.locator("main a.whole").first)
    expect(page).to_have_url(re.compile("/outbox/[0-9a-f-]{36}"))


def test_a_tablet_is_paired(hand: Hand) -> None:
    page = hand.page
    page.goto("/people")
    hand.type(page.get_by_label("Name of the new tablet"), f"Tablet by {hand.way}")
    hand.press(page.get_by_role("button", name="Pair a tablet"))
    expect(page.get_by_role("button", name="Show another code")).to_be_visible()


def _keys(day: str) -> str:
    """A date as it is typed into a date's box of this browser: month, day, year."""
    year, month, number = day.split("-")
    return f"{month}{number}{year}"


def test_a_result_is_assessed(hand: Hand, desk: Desk) -> None:
    page, seen = hand.page, anna_result(desk.at.app.db, desk.at.clinic)
    page.goto(f"/procedures/{seen.id}")
    hand.press(page.get_by_role("link", name="Assess without a visit"))
    hand.tick(page.locator("#erythema-0"))
    hand.press(page.locator("summary", has_text="Count it as a complication too"))
    hand.tick(page.locator("#c-erythema-yes"))
    hand.press(page.locator("summary", has_text="of Erythema"))
    hand.type(page.locator("#c-erythema-treatment"), "None.")
    hand.type(page.locator("#c-erythema-first_absent"), seen.day(90) if hand.way != KEYBOARD else _keys(seen.day(90)))
    hand.tick(page.locator("#none-donor"))
    hand.type(page.get_by_label("Depth, mm").first, "0.6")
    hand.press(page.get_by_role("button", name="Store the assessment").last)
    expect(page.locator("#outcome")).to_contain_text("Erythema 0, clear. Of the checklist 1 present, 11 absent")


def test_a_photograph_is_chosen_for_what_it_shows(hand: Hand, desk: Desk) -> None:
    page, at = hand.page, desk.at
    seen = anna_result(at.app.db, at.clinic)
    tablet = Api(at.app.test_client(), make.token(at.app.db, at.clinic.nurse))
    for side in (300, 301):
        sent(tablet, seen.patient_id, cheek(side, 400), kind="follow_up", taken_at=camera(side - 290))
    make_waiting(at.app.db, at.app.settings)
    page.goto(f"{seen.path}/new")
    hand.tick(page.locator("#c-nodule-yes"))
    hand.press(page.locator("fieldset", has=page.locator("#c-nodule-yes")).locator("summary"))
    newest = page.locator("#c-nodule-photo_id-2")
    if hand.way == KEYBOARD:
        hand.go(page.locator("#c-nodule-photo_id"))
        for _ in range(2):
            page.keyboard.press("ArrowDown")
    else:
        hand.tick(newest)
    expect(newest).to_be_checked()
    expect(page.locator("label", has=newest).locator("img")).to_have_js_property("complete", True)
    for width in (1280, 360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) == []
        if hand.way != NO_SCRIPT:
            assert stumbles(page) == []
    hand.press(page.get_by_role("button", name="Store the assessment").last)
    expect(page.locator("#outcome .outcome-photo img")).to_be_visible()


def test_a_cohort_is_narrowed_to_a_year_and_a_point_s_case_opened(hand: Hand, desk: Desk) -> None:
    page, year = hand.page, clock.now().year
    page.goto("/cohort")
    hand.type(page.get_by_label("From", exact=True), f"0101{year}" if hand.way == KEYBOARD else f"{year}-01-01")
    hand.press(page.get_by_role("button", name="Show"))
    expect(page).to_have_url(re.compile(f"from={year}-01-01"))
    running.run_waiting(desk.at.app.db)
    expect(page.locator("#process svg.fig").first).to_be_visible(timeout=15_000)
    if hand.way == KEYBOARD:
        hand.press(page.locator("#process summary"))
        hand.press(page.locator("#process tbody a").first)
    else:
        page.locator("#process svg.fig a").nth(1).click()
    expect(page).to_have_url(re.compile("/procedures/[0-9a-f-]{36}"))
