"""The drawings of a procedure say what the data say, and names never become markup."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.vocabulary import FaceView
from server.procedures.note.words import glued
from server.web.drawings import balance, face_scars, lanes
from server.web.drawings.lanes import Act, Lane

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ON_CHEEK = face_scars.Scar(1, "Left <b>cheek</b>", "0.8 mL given", view=FaceView.FRONT, x=0.7, y=0.6)
ON_BROW = face_scars.Scar(2, "Brow", "0.4 mL planned, none given", given=False, view=FaceView.FRONT, x=0.3, y=0.4)
NOWHERE = face_scars.Scar(3, "Chin", "0.2 mL given")


def _at(minute: float, lane: Lane, number: int | None = None, lasts: float = 0) -> Act:
    begin = NINE + timedelta(minutes=minute)
    return Act(lane, begin, begin + timedelta(minutes=lasts), "said <i>so</i>", number)


def _totals(**ml: float | None) -> Mapping[str, Any]:
    none = dict.fromkeys(("lipoaspirate_ml", "nanofat_ml", "injected_ml", "discarded_ml", "residual_ml"))
    return none | ml


FIVE_OF_TWELVE = _totals(lipoaspirate_ml=60, nanofat_ml=12, injected_ml=5.4, discarded_ml=6.6, residual_ml=0)


def test_each_scar_stands_at_its_point_with_its_number_and_volume() -> None:
    drawn = face_scars.face(FaceView.FRONT, [ON_CHEEK, ON_BROW, NOWHERE], title="Front")
    assert '<circle class="scar-point" cx="140.0" cy="156.0"' in drawn
    assert re.findall(r"<text[^>]*>(\d+)</text>", drawn) == ["1", "2"]
    assert "<title>2 Brow: 0.4\u00a0mL planned, none given</title>" in drawn
    assert drawn.count("scar-hollow") == 1


def test_a_scar_is_drawn_only_on_its_own_side_and_only_such_sides_are_drawn() -> None:
    assert "<title>" not in face_scars.face(FaceView.LEFT, [ON_CHEEK], title="Left")
    assert face_scars.views([ON_CHEEK, NOWHERE]) == [FaceView.FRONT]


def test_a_scar_without_a_point_is_named_as_not_placed() -> None:
    assert face_scars.caption([ON_CHEEK, ON_BROW, NOWHERE]) == "2 of 3 scars placed on the face. Not placed: 3."
    assert face_scars.caption([ON_CHEEK]) == "1 of 1 scar placed on the face."


def test_names_are_escaped_and_nothing_carries_a_style() -> None:
    drawings = (
        face_scars.face(FaceView.FRONT, [ON_CHEEK], title="<b>"),
        lanes.lanes([_at(0, Lane.HARVEST), _at(9, Lane.INJECTION, 1)], title="<b>"),
        balance.balance(FIVE_OF_TWELVE) or "",
    )
    for drawn in drawings:
        assert "<b>" not in drawn
        assert "<i>" not in drawn
        assert "style=" not in drawn
    assert "Left &lt;b&gt;cheek&lt;/b&gt;" in drawings[0]


def test_the_caption_of_the_times_counts_what_is_drawn() -> None:
    injections = [_at(40 + each, Lane.INJECTION, each % 2 + 1) for each in range(3)]
    acts = [_at(0, Lane.HARVEST, lasts=20), _at(25, Lane.PROCESSING, lasts=10), *injections]
    drawn = lanes.lanes(acts, title="Times")
    assert lanes.caption(acts) == f"{glued('42 min')} from 09:00 to 09:42; 3 injections into 2 scars."
    assert drawn.count('class="lane-dot"') == 3
    assert drawn.count('class="lane-bar"') == 2
    assert re.findall(r'class="lane-clock"[^>]*>([^<]+)<', drawn) == ["09:00", "09:10", "09:20", "09:30", "09:40"]


def test_injections_at_the_same_time_do_not_hide_each_other() -> None:
    drawn = lanes.lanes([_at(0, Lane.HARVEST), *(_at(30, Lane.INJECTION, number) for number in (1, 2, 3))], title="Times")
    heights = re.findall(r'<circle cx="[\d.]+%" cy="(\d+)" r="10"', drawn)
    assert len(set(heights)) == 3


def test_one_moment_alone_is_drawn_in_the_middle() -> None:
    assert 'cx="50.00%"' in lanes.lanes([_at(0, Lane.INJECTION, 1)], title="Times")
    assert lanes.caption([]) == "No harvest, processing or injection is recorded."


def test_days_apart_are_drawn_with_few_times() -> None:
    drawn = lanes.lanes([_at(0, Lane.HARVEST), _at(60 * 24 * 9, Lane.INJECTION, 1)], title="Times")
    assert 1 <= drawn.count('class="lane-clock"') <= 6


def test_the_balance_is_drawn_as_its_caption_says_it() -> None:
    drawn = balance.balance(FIVE_OF_TWELVE)
    assert drawn is not None
    assert balance.caption(FIVE_OF_TWELVE).replace("\u00a0", " ") == "5.4 of 12 mL made · 6.6 mL discarded"
    assert '<rect class="bar-made" x="0" y="61" width="20.00%"' in drawn
    assert '<rect class="bar-injected" x="0.00%" y="88" width="45.00%"' in drawn
    assert '<rect class="bar-discarded" x="45.00%" y="88" width="55.00%"' in drawn


def test_what_is_not_recorded_is_not_called_zero() -> None:
    assert balance.balance(_totals(lipoaspirate_ml=60)) is None
    assert balance.caption(_totals()) == "Nanofat made: not recorded · injected: not recorded"
    assert balance.caption(_totals(nanofat_ml=4, residual_ml=4)).replace("\u00a0", " ") == "Nothing recorded of 4 mL made · 4 mL left"


def test_more_used_than_made_is_said() -> None:
    over = _totals(nanofat_ml=4, injected_ml=4.5, residual_ml=-0.5)
    assert balance.caption(over).replace("\u00a0", " ") == "4.5 of 4 mL made · 0.5 mL more than was made"
    assert 'width="100.00%" height="18"' in (balance.balance(over) or "")
