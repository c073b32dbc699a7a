"""What a device's barcode says, and what happens with an expired one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.procedures.barcodes import read
from tests import make
from tests.procedures.case import Case, at, codes

GTIN = "09506000134352"
HIBC = "+A123BJC5D6E71"


@pytest.mark.parametrize(
    ("scan", "says"),
    [
        (f"(01){GTIN}(17)271231(10)ABC123", {"gtin": GTIN, "expires_on": "2027-12-31", "lot": "ABC123"}),
        (f"(01) {GTIN} (10) ABC123 (17) 271231 ", {"gtin": GTIN, "expires_on": "2027-12-31", "lot": "ABC123"}),
        (f"01{GTIN}1727123110ABC123", {"gtin": GTIN, "expires_on": "2027-12-31", "lot": "ABC123"}),
        (f"]d201{GTIN}10A7\x1d1727123121S9", {"gtin": GTIN, "lot": "A7", "expires_on": "2027-12-31", "serial": "S9"}),
        (f"\x1d01{GTIN}10A7\x1d21S9", {"gtin": GTIN, "lot": "A7", "serial": "S9"}),
        (f"]C101{GTIN}17280200", {"gtin": GTIN, "expires_on": "2028-02-29"}),
        (f"01{GTIN}17271100", {"gtin": GTIN, "expires_on": "2027-11-30"}),
    ],
)
def test_gs1_is_read_in_every_form_scanners_and_people_write(scan: str, says: dict[str, str]) -> None:
    assert read(scan) == says


def test_a_wrong_check_digit_is_reported_and_the_number_kept() -> None:
    found = read("(01)09506000134359(10)ABC")
    assert (found["gtin"], found["lot"]) == ("09506000134359", "ABC")
    assert "check digit" in found["barcode_problem"]


@pytest.mark.parametrize("scan", [f"01{GTIN}17991399", "(01)123", f"01{GTIN}17271", "0195060001343\u0665\u0662"])
def test_a_broken_gs1_scan_is_reported(scan: str) -> None:
    assert set(read(scan)) == {"barcode_problem"}


@pytest.mark.parametrize(
    ("scan", "says"),
    [
        (f"{HIBC}G", {"udi_di": HIBC}),
        (f"*{HIBC}G*", {"udi_di": HIBC}),
        ("+$$52001510X3GD", {"expires_on": "2020-01-15", "lot": "10X3"}),
        (f"{HIBC}/$$52001510X3C", {"udi_di": HIBC, "expires_on": "2020-01-15", "lot": "10X3"}),
        (
            "+A99912345/$$52001510X3/16D20111231/14D20200131/S77DEFG45W",
            {"udi_di": "+A99912345", "expires_on": "2020-01-15", "lot": "10X3", "serial": "77DEFG45"},
        ),
    ],
)
def test_hibc_examples_of_the_standard_are_read(scan: str, says: dict[str, str]) -> None:
    assert read(scan) == says


def checked(text: str) -> str:
    """HIBC text with its check character."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
    return text + alphabet[sum(map(alphabet.index, text)) % 43]


@pytest.mark.parametrize(
    ("secondary", "says"),
    [
        ("$$0928L7", {"expires_on": "2028-09-30", "lot": "L7"}),
        ("$$1228L7", {"expires_on": "2028-12-31", "lot": "L7"}),
        ("$$2091528L7", {"expires_on": "2028-09-15", "lot": "L7"}),
        ("$$3280915L7", {"expires_on": "2028-09-15", "lot": "L7"}),
        ("$$428091523L7", {"expires_on": "2028-09-15", "lot": "L7"}),
        ("$$528366L7", {"expires_on": "2028-12-31", "lot": "L7"}),
        ("$$62836623L7", {"expires_on": "2028-12-31", "lot": "L7"}),
        ("$$7L7", {"lot": "L7"}),
        ("$$8240928L7", {"expires_on": "2028-09-30", "lot": "L7"}),
        ("$$9001003280915L7", {"expires_on": "2028-09-15", "lot": "L7"}),
        ("$$+3280915S9", {"expires_on": "2028-09-15", "serial": "S9"}),
        ("$$0928", {"expires_on": "2028-09-30"}),
        ("$L7", {"lot": "L7"}),
        ("$+S9", {"serial": "S9"}),
        ("28259L7", {"expires_on": "2028-09-15", "lot": "L7"}),
        ("14D20280915", {"expires_on": "2028-09-15"}),
        ("SS9", {"serial": "S9"}),
    ],
)
def test_each_secondary_form_of_hibc_is_read(secondary: str, says: dict[str, str]) -> None:
    assert read(checked(f"{HIBC}/{secondary}")) == says | {"udi_di": HIBC}


@pytest.mark.parametrize("date", ["0028", "1328", "2131528", "3280230", "528000", "527366", "x"])
def test_an_impossible_hibc_date_is_reported_and_no_date_invented(date: str) -> None:
    found = read(checked(f"{HIBC}/$${date.upper()}L7"))
    assert found == {"udi_di": HIBC, "barcode_problem": "The date in the barcode is impossible."}


def test_a_misread_hibc_character_is_reported() -> None:
    found = read(f"{HIBC}/$$52001510X4C")
    assert "check character" in found["barcode_problem"]


@pytest.mark.parametrize("scan", ["", "filter 500", "https://maker.example/7", "()", "abc(01)1"])
def test_what_nobody_understands_says_nothing(scan: str) -> None:
    assert read(scan) == {}


@given(st.text(max_size=60) | st.text("+$/(01)7\x1d289*", max_size=60))
def test_no_scan_breaks_the_reader(scan: str) -> None:
    found = read(scan)
    assert all(isinstance(value, str) and value for value in found.values())


def device(case: Case, expect: int = 201, **fields: Any) -> dict[str, Any]:
    """A filter opened in the case."""
    return case.record(make.entry("device_use", recorded_at=at(50), item="Nanofat filter", **fields), expect=expect)


def test_the_scan_is_kept_beside_what_it_says(case: Case) -> None:
    scan = f"]d201{GTIN}10A7\x1d17271231"
    (entry,) = device(case, barcode=scan)["entries"]
    assert (entry["barcode"], entry["gtin"], entry["lot"], entry["expires_on"]) == (scan, GTIN, "A7", "2027-12-31")
    assert case.read()["entries"] == [entry]


def test_what_nora_types_counts_more_than_the_scan(case: Case) -> None:
    (entry,) = device(case, barcode=f"(01){GTIN}(17)271231(10)A7", lot="A8")["entries"]
    assert (entry["lot"], entry["expires_on"]) == ("A8", "2027-12-31")


@pytest.mark.parametrize("expired", [{"barcode": f"(01){GTIN}(17)251123"}, {"expires_on": "2025-11-23"}])
def test_an_expired_device_is_recorded_with_a_reason_and_a_remark(case: Case, expired: dict[str, Any]) -> None:
    refusal = device(case, expect=422, **expired)
    assert refusal["errors"][0]["pointer"] == "/0/reason"
    answer = device(case, reason="the only one left", **expired)
    assert answer["entries"][0]["expired"] is True
    assert codes(answer) == ["expired_device"]


def test_on_its_last_day_a_device_is_good(case: Case) -> None:
    assert "expired" not in device(case, expires_on="2025-11-24")["entries"][0]
