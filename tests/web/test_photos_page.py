"""Before and after: two photographs of one view side by side, all of that view by date."""

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from schemas.reading_words import Reading
from schemas.vocabulary import ProcedureState
from server.app import App
from server.db import Database
from server.journal.access import AccessRow
from server.photos.service.thumbnails import make_waiting
from tests import make
from tests.api import Api
from tests.days import camera, days_ago
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.web.browser import Browser, Page, faults


@pytest.fixture
def anna(app: App, clinic: make.Clinic) -> str:
    """Anna, operated on ninety days ago."""
    who = make.patient(app.db, clinic)["id"]
    make.procedure(app.db, clinic, patient_id=who, state=ProcedureState.COMPLETED, ended_at=days_ago(90))
    return str(who)


def test_the_first_before_and_the_newest_after_stand_side_by_side(anna: str, vera: Api, app: App, vera_at_desk: Browser) -> None:
    before = sent(vera, anna, cheek(300, 400), taken_at=camera(100))
    sent(vera, anna, cheek(301, 400), kind="follow_up", taken_at=camera(76))
    after = sent(vera, anna, cheek(300, 400, form="PNG"), kind="follow_up", taken_at=camera(1))
    make_waiting(app.db, app.settings)
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    pair = page.part("pair")
    assert "10 days before the procedure of" in pair
    assert "89 days after the procedure of" in pair
    assert f'src="/api/v1/photos/{before["id"]}/thumbnail?size=1280"' in page.html
    assert page.html.index(f"{before['id']}/thumbnail?size=1280") < page.html.index(f"{after['id']}/thumbnail?size=1280")
    assert page.html.count("size=320") == 3
    assert page.hrefs.count(f"/api/v1/photos/{before['id']}/content") == 1
    checks = page.part("checks")
    assert "Same view Both were taken as front, 99 days apart." in checks
    assert "Held alike Both upright." in checks
    assert "Same shape" in checks
    assert "no program here looks at a face" in checks
    assert 'id="over" hidden' in page.html
    assert faults(page) == []


def test_the_pictures_come_through_the_logged_routes_for_a_browser(
    anna: str, vera: Api, app: App, vera_at_desk: Browser, clinic: make.Clinic
) -> None:
    photo = sent(vera, anna, cheek())
    make_waiting(app.db, app.settings)
    vera_at_desk.open(f"/patients/{anna}/photos")
    for part in ("content", "thumbnail?size=1280"):
        assert vera_at_desk.client.get(f"/api/v1/photos/{photo['id']}/{part}").mimetype == "image/jpeg"
    with app.db.transaction(clinic.id, write=False) as session:
        rows = session.scalars(sa.select(AccessRow).where(AccessRow.reading == Reading.PHOTO).order_by(AccessRow.id)).all()
    records = [str(row.record_id) for row in rows if str(row.patient_id) == anna]
    assert records[-3:] == [anna, photo["id"], photo["id"]]


def test_the_pair_is_chosen_in_the_address(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    first, second, third = (sent(vera, anna, cheek(300 + day, 400), taken_at=camera(day)) for day in (30, 20, 10))
    page = vera_at_desk.open(f"/patients/{anna}/photos?view=front&left={second['id']}")
    assert f"/photos?view=front&left={first['id']}&right=" in "".join(page.hrefs).replace("&amp;", "&")
    assert page.html.index(f"{second['id']}/content") < page.html.index(f"{third['id']}/content")
    other = vera_at_desk.open(f"/patients/{anna}/photos?view=front&right={first['id']}")
    assert other.html.index(f"{second['id']}/content") < other.html.index(f"{first['id']}/content")


def test_choosing_the_other_sides_photo_makes_them_change_places(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    first, second = (sent(vera, anna, cheek(300 + day, 400), taken_at=camera(day))["id"] for day in (20, 10))
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    swapped = f"/patients/{anna}/photos?view=front&left={second}&right={first}#pair"
    assert [href.replace("&amp;", "&") for href in page.hrefs].count(swapped) == 2
    pair = vera_at_desk.open(swapped.removesuffix("#pair"))
    assert pair.html.index(f"{second}/content") < pair.html.index(f"{first}/content")
    over = pair.html[pair.html.index('id="over"') :]
    assert over.index(second) < over.index(first), "the earlier one is laid over the later one"


def test_a_photo_is_not_compared_with_itself(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    only = sent(vera, anna, cheek(300, 400))["id"]
    page = vera_at_desk.open(f"/patients/{anna}/photos?view=front&left={only}&right={only}", 422)
    assert "already stands on the left" in page.text
    alone = vera_at_desk.open(f"/patients/{anna}/photos")
    assert f"/patients/{anna}/photos?view=front&right={only}#pair" in [href.replace("&amp;", "&") for href in alone.hrefs]


def test_a_photo_of_another_view_patient_or_none_is_refused_alike(
    anna: str, vera: Api, clinic: make.Clinic, app: App, vera_at_desk: Browser
) -> None:
    sent(vera, anna, cheek())
    profile = sent(vera, anna, cheek(310), view="left_profile")["id"]
    hers = sent(vera, str(make.patient(app.db, clinic, given_name="Bea")["id"]), cheek(320))["id"]
    for other in (profile, hers, str(uuid.uuid4())):
        page = vera_at_desk.open(f"/patients/{anna}/photos?view=front&left={other}", 422)
        assert "Choose one from the strip." in page.text
    for asked in ("view=behind", "left=7", "scar=x"):
        vera_at_desk.open(f"/patients/{anna}/photos?{asked}", 422)


def test_what_cannot_be_compared_is_said(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    sent(vera, anna, cheek(300, 400), taken_at=camera(100))
    sent(vera, anna, cheek(1600, 900), kind="follow_up", taken_at=camera(2))
    checks = vera_at_desk.open(f"/patients/{anna}/photos").part("checks")
    assert "Held differently Left upright, right lying" in checks
    assert "Another shape" in checks
    assert "Not as fine 400 against 1600 px" in checks


def test_what_is_not_here_has_words_in_its_place(anna: str, vera: Api, db: Database, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    announced(vera, anna, cheek())
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    assert "the picture itself has not arrived yet" in page.part("pair")
    assert "There is no second photograph of this view yet." in page.part("pair")
    assert "<img" not in page.html
    sent(vera, anna, cheek(310))
    make.erasure(db, clinic, anna)
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    assert "Erased on the patient’s request." in page.part("strip")
    assert "<img" not in page.html
    assert faults(page) == []


def test_close_ups_are_apart_by_scar(anna: str, vera: Api, db: Database, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    scars = [make.scar(db, clinic, anna, label=label) for label in ("Brow", "Chin")]
    for number, scar in enumerate(scars):
        sent(vera, anna, cheek(310 + number), view="close_up", scar_id=scar["id"])
    chin = f"/patients/{anna}/photos?view=close_up&scar={scars[1]['id']}"
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    assert "Close-up, Brow, side by side" in page.text
    assert chin in page.hrefs
    assert "Close-up, Chin, side by side" in vera_at_desk.open(chin).text
    assert "Close-up, Chin, side by side" in vera_at_desk.open(chin.replace("view=close_up&", "")).text


def test_consent_is_what_the_record_knows(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    said = vera_at_desk.open(f"/patients/{anna}/photos").part("consent")
    assert "Not recorded for the procedure of" in said
    assert "Agrees to reminders" in said
    assert said.count("Nobody has asked") == 4
    vera.post(f"/patients/{anna}/photo-consents", {"purpose": "teaching", "given": True, "decided_on": "2026-03-02"})
    said = vera_at_desk.open(f"/patients/{anna}/photos").part("consent")
    assert "Agrees For teaching since 2 Mar 2026, recorded by Dr Vera Kovács" in said
    assert said.count("Nobody has asked") == 3


def test_a_consent_is_recorded_and_taken_back_at_the_desk(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    path = f"/patients/{anna}/photos"
    page = vera_at_desk.open(path)
    given: dict[str, str | list[str]] = {"purpose": "publication", "given": "yes", "decided_on": "2026-03-02"}
    for _ in range(2):  # a form sent twice
        vera_at_desk.send(page, f"{path}/consent", 303, **given)
    vera_at_desk.send(vera_at_desk.open(path), f"{path}/consent", purpose="publication", given="no", decided_on="2026-06-01")
    page = vera_at_desk.open(path)
    assert "Taken back For publication since 1 Jun 2026" in page.part("consent")
    refused = Page(vera_at_desk.send(page, f"{path}/consent", 422, **given))
    assert "A newer decision on this purpose" in refused.text
    assert "#decided_on" in refused.hrefs
    assert faults(refused) == []
    empty = Page(vera_at_desk.send(page, f"{path}/consent", 422, decided_on=""))
    assert "Choose what the photographs may be shown for." in empty.text
    assert len(vera.get(f"/patients/{anna}/photo-consents")["items"]) == 2


def test_a_photo_is_graded_below_its_picture(anna: str, vera: Api, app: App, clinic: make.Clinic, vera_at_desk: Browser) -> None:
    one, other = (sent(vera, anna, cheek(300 + day, 400), taken_at=camera(day))["id"] for day in (20, 10))
    path, view = f"/patients/{anna}/photos", f"view=front&left={one}&right={other}"
    page = vera_at_desk.open(f"{path}?{view}")
    assert page.part("pair").count("Not graded") == 2
    refused = Page(vera_at_desk.send(page, f"{path}/{one}/grade?{view}", 422, quality="poor"))
    assert f"#flaws-{one}" in refused.hrefs
    assert faults(refused) == []
    taken = vera_at_desk.send(page, f"{path}/{one}/grade?{view}", quality="poor", flaws=["light", "pose"])
    graded = vera_at_desk.open(taken.headers["Location"])
    assert "Poor Light, Pose. Dr Vera Kovács" in graded.part("pair")
    assert "Poor" in graded.part("strip")
    assert vera.get(f"/photos/{one}/grades")["items"][0]["flaws"] == ["light", "pose"]
    bea = make.patient(app.db, clinic, given_name="Bea")["id"]
    token = page.forms[f"{path}/{one}/grade?{view}"]
    assert vera_at_desk.client.post(f"/patients/{bea}/photos/{one}/grade", data=token | {"quality": "good"}).status_code == 404


def test_what_else_an_address_says_is_not_carried_on(anna: str, vera: Api, vera_at_desk: Browser) -> None:
    """An address that named patient_id once more ended in an error of ours."""
    sent(vera, anna, cheek())
    path = f"/patients/{anna}/photos"
    page = vera_at_desk.open(f"{path}?view=front&patient_id=7&_anchor=x&photo_id=9")
    assert f"{path}/consent?view=front" in page.forms
    hidden = page.forms[f"{path}/consent?view=front"] | {"purpose": "rating", "given": "yes", "decided_on": "2026-03-02"}
    answer = vera_at_desk.client.post(f"{path}/consent?view=front&patient_id=7&where=there", data=hidden)
    assert answer.headers["Location"] == f"{path}?view=front#consent"


def test_who_only_follows_up_grades_nothing(anna: str, vera: Api, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    sent(vera, anna, cheek())
    page = at_desk(clinic.coordinator).open(f"/patients/{anna}/photos")
    assert "Grade it" not in page.text
    assert "Record a decision of the patient" in page.text


def test_without_photographs_the_page_says_where_they_come_from(anna: str, vera_at_desk: Browser) -> None:
    page = vera_at_desk.open(f"/patients/{anna}/photos")
    assert "No photograph is recorded" in page.text
    assert "No photograph of this view" not in page.text
    assert faults(page) == []


def test_who_reads_no_records_sees_none(anna: str, clinic: make.Clinic, at_desk: Callable[[make.Person], Browser]) -> None:
    at_desk(clinic.rater).open(f"/patients/{anna}/photos", 403)
