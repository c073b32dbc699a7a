"""The statistician's zip, table by table: how it was done, what was answered and found; nobody's name and nobody's own words."""

import csv
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest

from schemas.outcome_words import Complication, Presence, ResponseState
from schemas.vocabulary import (
    Delivery,
    EmulsifyDevice,
    EntryKind,
    HarvestMethod,
    HarvestSite,
    Morphology,
    Plane,
    Separation,
    Side,
    Subunit,
    VisitState,
)
from server.db import Database
from server.ids import uuid7
from server.reports.service.study_tables import TABLES
from tests import make
from tests.api import Api
from tests.reports.lives import Lives, noon

DAY = date(2024, 3, 4)
TYPED = "Zsófia from the bakery"
"""What somebody typed into a free field, or into an answer by mistake."""
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Zip:
    """What Vera takes along."""

    archive: zipfile.ZipFile

    def __getitem__(self, table: str) -> Rows:
        """Rows of a table."""
        return list(csv.DictReader(StringIO(self.archive.read(f"{table}.csv").decode())))

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.archive.read(name).decode() for name in self.archive.namelist())


@pytest.fixture
def lives(clinic: make.Clinic) -> Lives:
    """Of Riverside."""
    return Lives(clinic)


@pytest.fixture
def taken(db: Database, vera: Api, lives: Lives) -> Callable[..., Zip]:
    """Store what was lived, and take the zip."""

    def take(query: str = "") -> Zip:
        lives.store(db)
        return Zip(zipfile.ZipFile(BytesIO(vera.call("GET", f"/reports/cohort.zip{query}").data)))

    return take


def only(rows: Rows, *names: str) -> list[tuple[str, ...]]:
    """Some columns of each row."""
    return [tuple(row[name] for name in names) for row in rows]


def test_a_procedure_has_its_minutes_and_its_surgeon_a_number(lives: Lives, clinic: make.Clinic, taken: Callable[..., Zip]) -> None:
    anna = lives.patient()
    for week, (surgeon, minutes) in enumerate(((clinic.surgeon, 75), (clinic.admin, 50), (clinic.surgeon, 60))):
        lives.procedure(anna, noon(DAY + timedelta(weeks=week)), minutes=minutes, surgeon_id=surgeon.user_id)
    lives.procedure(anna, noon(DAY + timedelta(weeks=9)), started_at=None)
    zipped = taken()
    assert only(zipped["procedures"], "surgeon_no", "minutes") == [("1", "75.0"), ("2", "50.0"), ("1", "60.0"), ("1", "")]
    assert clinic.surgeon.name not in zipped.text
    assert str(clinic.surgeon.user_id) not in zipped.text


def test_each_entry_that_stands_says_how_it_was_done(lives: Lives, taken: Callable[..., Zip]) -> None:
    anna = lives.patient()
    done, scar = lives.procedure(anna, noon(DAY)), lives.scar(anna)
    drawn = {"site": HarvestSite.FLANK, "cannula_um": 2100, "lipoaspirate_ul": 40_000}
    lives.entry(done, EntryKind.HARVEST, **drawn, details={"side": Side.LEFT, "method": HarvestMethod.HAND_SYRINGE, "port_count": 20})
    slip = lives.entry(done, EntryKind.HARVEST, site=HarvestSite.HIP, lipoaspirate_ul=1000)
    lives.retraction(done, slip)
    lives.entry(done, EntryKind.PREPARATION, fat_ul=20_000, details={"separation": Separation.CENTRIFUGE, "centrifuge_g": 1200})
    lives.entry(
        done, EntryKind.EMULSIFICATION, stage=2, passes=30, connector_um=1200, details={"device": EmulsifyDevice.TULIP_NANOTRANSFER}
    )
    lives.entry(done, EntryKind.FILTRATION, filtered=True, aperture_um=500, filter_passes=1, nanofat_ul=9000, details={"additives": TYPED})
    how = {"delivery": Delivery.BLUNT_CANNULA, "subcision": True, "depth_mm": 1.5}
    lives.entry(done, EntryKind.INJECTION, scar_id=scar.id, volume_ul=800, plane=Plane.SUBDERMAL, cannula_um=900, details=how, reason=TYPED)
    zipped = taken()
    assert only(zipped["harvests"], "procedure_no", "site", "side", "cannula_mm", "port_mm", "port_count", "method", "lipoaspirate_ml") == [
        ("1", "flank", "left", "2.1", "", "20", "hand_syringe", "40.0")
    ]
    assert only(zipped["preparations"], "separation", "centrifuge_g", "wash_solution", "fat_ml") == [("centrifuge", "1200", "", "20.0")]
    assert only(zipped["emulsifications"], "stage", "device", "connector_mm", "passes") == [("2", "tulip_nanotransfer", "1.2", "30")]
    assert only(zipped["filtrations"], "filtered", "aperture_um", "filter_passes", "nanofat_ml") == [("1", "500", "1", "9.0")]
    said = ("scar_no", "volume_ml", "plane", "delivery", "needle_gauge", "cannula_mm", "subcision", "depth_mm")
    assert only(zipped["injections"], *said) == [("1", "0.8", "subdermal", "blunt_cannula", "", "0.9", "1", "1.5")]
    assert TYPED not in zipped.text


def test_the_area_for_a_dose_says_where_it_comes_from(lives: Lives, taken: Callable[..., Zip]) -> None:
    anna = lives.patient()
    done = lives.procedure(anna, noon(DAY))
    for size in (
        {"area_mm2_e1": 1250},
        {"length_um": 20_000, "width_um": 5_000},
        {"morphology": Morphology.DEPRESSED_LINEAR},
        {"length_um": None, "width_um": None},
    ):
        lives.injection(done, lives.scar(anna, **size), 500)
    areas = [("1.25", "measured"), ("1.0", "length_times_width"), ("", ""), ("", "")]
    assert only(taken()["scars"], "dose_area_cm2", "dose_area_from") == areas


def test_items_are_numbers_of_what_was_completed(lives: Lives, taken: Callable[..., Zip]) -> None:
    done = lives.procedure(lives.patient(), noon(DAY))
    lives.response(done, date(2024, 6, 1), {}).answers = {"looks": 4, "others": None, "worth": True, "why": TYPED}
    for state in (ResponseState.OPEN, ResponseState.WITHDRAWN):
        lives.response(done, date(2024, 6, 2), {}, state=state).answers = {"looks": 1}
    zipped = taken()
    assert only(zipped["answers"], "procedure_no", "response_no", "item", "value") == [
        ("1", "1", "looks", "4"),
        ("1", "1", "others", ""),
        ("1", "1", "worth", "1"),
    ]
    assert only(zipped["responses"], "response_no", "state") == [("1", "complete"), ("2", "open"), ("3", "withdrawn")]
    assert TYPED not in zipped.text


def test_events_can_be_counted(lives: Lives, taken: Callable[..., Zip]) -> None:
    """One nodule at two looks, another one at the second; a "no" is no event, unless it ends one."""
    done = lives.procedure(lives.patient(), noon(DAY))
    visit = lives.visit(done, "2w", 14, VisitState.ATTENDED)
    wrong = lives.assessment(done, DAY + timedelta(days=14))
    lives.finding(wrong, Complication.OIL_CYST, Presence.YES)
    first = lives.assessment(done, DAY + timedelta(days=14), replaces=wrong)
    first.visit_id, first.erythema, first.note = visit.id, 2, TYPED
    second = lives.assessment(done, DAY + timedelta(days=90))
    nodule = uuid7()
    lives.finding(first, Complication.NODULE, Presence.YES, event_id=nodule, treatment=TYPED, note=TYPED)
    lives.finding(first, Complication.PAIN, Presence.NO)
    lives.finding(second, Complication.NODULE, Presence.NO, event_id=nodule)
    lives.finding(second, Complication.NODULE, Presence.YES)
    lives.finding(second, Complication.PAIN, Presence.UNKNOWN)
    zipped = taken()
    looks = [("1", "14", "2w", "2", "2"), ("2", "90", "", "", "3")]
    assert only(zipped["assessments"], "assessment_no", "day", "step", "erythema", "asked") == looks
    assert sorted(only(zipped["complications"], "assessment_no", "complication", "present", "event_no")) == [
        ("1", "nodule", "yes", "1"),
        ("1", "pain", "no", ""),
        ("2", "nodule", "no", "1"),
        ("2", "nodule", "yes", "2"),
        ("2", "pain", "unknown", ""),
    ]
    assert TYPED not in zipped.text


def test_a_scar_measured_again_stands_beside_its_first_size(lives: Lives, taken: Callable[..., Zip]) -> None:
    anna = lives.patient()
    done, scar, other = lives.procedure(anna, noon(DAY)), lives.scar(anna, depth_um=1500), lives.scar(anna, subunit=Subunit.CHIN)
    for one in (scar, other):
        lives.injection(done, one, 500)
    wrong = lives.assessment(done, DAY + timedelta(days=90))
    lives.measured(wrong, scar, depth_um=9000)
    look = lives.assessment(done, DAY + timedelta(days=91), replaces=wrong)
    lives.measured(look, scar, depth_um=600, length_um=9500, area_mm2_e1=400)
    lives.measured(look, other, depth_um=200)
    lives.measured(look, lives.scar(anna), depth_um=100)
    rows = taken()["measurements"]
    sizes = ("scar_no", "day", "length_mm", "width_mm", "depth_mm", "area_cm2")
    assert sorted(only(rows, *sizes)) == [("1", "91", "9.5", "", "0.6", "0.4"), ("2", "91", "", "", "0.2", "")]
    filtered = taken("?subunit=chin")
    assert only(filtered["measurements"], "scar_no", "depth_mm") == [("1", "0.2")]
    for table in ("scars", "sessions", "injections"):
        assert len(filtered[table]) == 1, table


def test_every_column_of_every_table_is_explained_and_every_word_listed(lives: Lives, taken: Callable[..., Zip]) -> None:
    lives.procedure(lives.patient(), noon(DAY))
    zipped = taken()
    explained = only(zipped["data-dictionary"], "table", "column")
    written = [
        (table.name, column)
        for table in TABLES
        for column in csv.reader(StringIO(zipped.archive.read(f"{table.name}.csv").decode())).__next__()
    ]
    assert explained == written
    assert all(row["meaning"] and row["type"] for row in zipped["data-dictionary"])
    listed = set(only(zipped["codebook"], "table", "column", "word"))
    assert {
        ("harvests", "site", "flank"),
        ("injections", "plane", "intradermal"),
        ("scars", "dose_area_from", "length_times_width"),
        ("emulsifications", "device", "luer_luer"),
    } <= listed
    assert set(json.loads(zipped.archive.read("about.json"))["rows"]) == {table.name for table in TABLES}


@pytest.mark.parametrize("name", ["assistant", "additives", "note", "treatment", "region", "agent", "reason", "text", "label", "title"])
def test_no_column_is_of_what_people_type(name: str) -> None:
    assert [table.name for table in TABLES for column in table.columns if column.name == name] == []
