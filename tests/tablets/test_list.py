"""The list of tablets: what each is called, when it was last seen, and what it says of itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from server import clock
from server.db import Database
from tests import make
from tests.api import Api
from tests.tablets.conftest import MONDAY
from tests.tablets.story import enter_pin, journal

On = Callable[[make.Tablet], Api]


def call(tablet: Api, after: timedelta, **headers: str) -> None:
    """The tablet calls, so long after Monday eight o'clock."""
    with clock.at(MONDAY + after):
        tablet.get("/devices/people", headers={name.replace("_", "-"): value for name, value in headers.items()})


def listed(adam: Api, tablet: make.Tablet) -> dict[str, object]:
    """As the list has it."""
    return next(one for one in adam.get("/devices")["items"] if one["id"] == str(tablet.device_id))


def test_what_a_tablet_says_of_itself_is_in_the_list(theatre: make.Tablet, on: On, adam: Api) -> None:
    assert listed(adam, theatre)["last_seen_at"] is None
    call(on(theatre), timedelta(), X_App_Version="1.4.0", X_Schema_Version="7", X_Device_Time="2026-11-23T09:03:30+01:00")
    told = listed(adam, theatre)
    assert told["last_seen_at"] == "2026-11-23T08:00:00Z"
    assert (told["app_version"], told["schema_version"], told["clock_offset_ms"]) == ("1.4.0", "7", 210_000)


def test_a_call_is_noted_at_most_once_a_minute_and_never_journaled(
    theatre: make.Tablet, on: On, adam: Api, clinic: make.Clinic, db: Database
) -> None:
    tablet = on(theatre)
    call(tablet, timedelta())
    call(tablet, timedelta(seconds=59))
    assert listed(adam, theatre)["last_seen_at"] == "2026-11-23T08:00:00Z"
    call(tablet, timedelta(seconds=61))
    assert listed(adam, theatre)["last_seen_at"] == "2026-11-23T08:01:01Z"
    assert len(journal(db, clinic, "devices")) == 1


def test_a_call_of_a_person_on_the_tablet_counts_too(theatre: make.Tablet, on: On, adam: Api, clinic: make.Clinic, db: Database) -> None:
    make.pin(db, clinic.nurse)
    nora = on(theatre)
    nora.token = enter_pin(nora, clinic.nurse, at=MONDAY)["token"]
    with clock.at(MONDAY + timedelta(minutes=2)):
        nora.get("/session", headers={"X-App-Version": "1.5.0"})
    assert (listed(adam, theatre)["last_seen_at"], listed(adam, theatre)["app_version"]) == ("2026-11-23T08:02:00Z", "1.5.0")


@pytest.mark.parametrize(
    "value", ["", " ", "x" * 41, "1.4\x7f", "é", "2026-11-23T09:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "noon"]
)
def test_no_header_keeps_a_tablet_from_calling(value: str, theatre: make.Tablet, on: On, adam: Api) -> None:
    """A tablet whose clock has lost its mind still brings its facts home."""
    call(on(theatre), timedelta(), X_App_Version=value, X_Schema_Version=value, X_Device_Time=value)
    told = listed(adam, theatre)
    assert told["last_seen_at"] == "2026-11-23T08:00:00Z"
    if value.startswith(("9999", "0001")):
        assert isinstance(told["clock_offset_ms"], int)
    else:
        assert told["clock_offset_ms"] is None


def test_adam_renames_the_tablet(theatre: make.Tablet, adam: Api, clinic: make.Clinic, db: Database) -> None:
    path = f"/devices/{theatre.device_id}"
    read = adam.call("GET", path)
    version = read.headers["ETag"].strip('"')
    assert adam.patch(path, {"name": "Theatre 2"}, version)["name"] == "Theatre 2"
    adam.patch(path, {"name": "Theatre 3"}, version, 412)
    assert adam.call("PATCH", path, json={"name": "Theatre 3"}).status_code == 428
    assert journal(db, clinic, "devices")[-1].action == "rename"
    assert adam.call("GET", path, headers={"If-None-Match": adam.call("GET", path).headers["ETag"]}).status_code == 304


def test_the_name_of_another_tablet_in_use_is_refused(theatre: make.Tablet, adam: Api, clinic: make.Clinic, db: Database) -> None:
    ward = make.tablet(db, clinic, name="Ward")
    version = str(listed(adam, ward)["write_id"])
    assert adam.patch(f"/devices/{ward.device_id}", {"name": theatre.name}, version, 409)["code"] == "duplicate"


def test_the_list_comes_in_pages(adam: Api, clinic: make.Clinic, db: Database) -> None:
    names = [f"Theatre {number}" for number in range(5)]
    for name in names:
        make.tablet(db, clinic, name=name)
    first = adam.get("/devices?limit=3")
    rest = adam.get(f"/devices?limit=3&cursor={first['next_cursor']}")
    assert [one["name"] for one in (*first["items"], *rest["items"])] == names
    assert rest["next_cursor"] is None


def test_a_nurse_sees_the_list_and_changes_nothing(theatre: make.Tablet, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    nora = as_(clinic.nurse)
    version = str(listed(nora, theatre)["write_id"])
    nora.patch(f"/devices/{theatre.device_id}", {"name": "Mine"}, version, 403)
    nora.delete(f"/devices/{theatre.device_id}", 403)
