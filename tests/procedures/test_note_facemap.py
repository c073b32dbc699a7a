"""The face map's lines stay on the paper, and its numbers stay legible where scars lie close together."""

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import FaceView
from server.procedures.note import facemap
from server.procedures.note.facemap import BADGE, DRAWINGS, HEIGHT, WIDTH, marks, mirrored, segments

NEAR_EACH_OTHER = [(1, 0.66, 0.55), (2, 0.70, 0.60), (3, 0.69, 0.57), (4, 0.66, 0.58)]


@pytest.mark.parametrize("view", FaceView)
def test_every_line_lies_within_the_drawing(view: FaceView) -> None:
    numbers = [numbers for stroke in DRAWINGS[view] for _, numbers in segments(stroke.path)]
    assert all(0 <= x <= WIDTH for one in numbers for x in one[::2])
    assert all(0 <= y <= HEIGHT for one in numbers for y in one[1::2])


def test_a_mirrored_mirror_image_is_the_line_itself() -> None:
    for stroke in DRAWINGS[FaceView.LEFT]:
        assert list(segments(mirrored(mirrored(stroke.path)))) == list(segments(stroke.path))


def test_seen_from_the_left_a_face_looks_to_the_readers_left() -> None:
    tip = min(numbers[-2] for _, numbers in segments(DRAWINGS[FaceView.LEFT][0].path))
    assert tip < WIDTH / 4
    assert list(facemap.CAPTIONS) == [FaceView.RIGHT, FaceView.FRONT, FaceView.LEFT]


def test_a_mark_keeps_its_exact_point() -> None:
    for mark, (number, x, y) in zip(marks(NEAR_EACH_OTHER), NEAR_EACH_OTHER, strict=True):
        assert (mark.number, mark.x, mark.y) == (number, x * WIDTH, y * HEIGHT)


def test_numbers_of_neighbours_do_not_cover_each_other_or_a_point() -> None:
    placed = marks(NEAR_EACH_OTHER)
    for one, other in combinations(placed, 2):
        assert math.dist((one.disc_x, one.disc_y), (other.disc_x, other.disc_y)) >= 2 * BADGE
    assert all(math.dist((one.disc_x, one.disc_y), (other.x, other.y)) > BADGE for one in placed for other in placed)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=30))
def test_wherever_the_points_are_the_numbers_stay_on_the_drawing(points: list[tuple[float, float]]) -> None:
    placed = marks([(number, x, y) for number, (x, y) in enumerate(points, 1)])
    assert [one.number for one in placed] == list(range(1, len(points) + 1))
    assert all(BADGE <= one.disc_x <= WIDTH - BADGE and BADGE <= one.disc_y <= HEIGHT - BADGE for one in placed)
