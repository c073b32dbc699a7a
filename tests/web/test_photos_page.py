"""Before and after: two photographs of one view side by side."""

from tests import make
from tests.api import Api
from tests.photos.pictures import cheek
from tests.photos.tablet import sent
from tests.web.browser import Browser


def test_x(vera_at_desk: Browser, vera: Api, clinic: make.Clinic, app) -> None:
    anna = str(make.patient(app.db, clinic)["id"])
    sent(vera, anna, cheek(), view="front")
    sent(vera, anna, cheek(300, 400), view="front", kind="follow_up")
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = True
    print(vera_at_desk.open(f"/patients/{anna}/photos").text)
