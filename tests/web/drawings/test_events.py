"""Adverse events drawn over time: marks by grade, and nothing claimed about days that nobody saw."""

import re

from server.web.drawings import grades
from server.web.drawings.events import Course, Look, caption, events

LOOKS = (Look(40, 1, gone=False, words="day 40"), Look(60, 3, gone=False, words="day 60"), Look(90, None, gone=True, words="gone"))
CYST = Course("Oil cyst", 30, 60, 80, LOOKS)
PAIN = Course("Pain & more", 2, 9, None, [Look(9, None, gone=False, words="day 9")])


def test_each_look_is_a_mark_with_its_words_and_the_unseen_stretch_is_dashed() -> None:
    drawn = str(events([CYST, PAIN], title="Events"))
    assert re.findall("<title>([^<]*)</title>", drawn) == ["day 40", "day 60", "gone", "day 9"]
    assert "Pain &amp; more" in drawn
    assert drawn.count("event-unsure") == 1
    assert drawn.count("event-hollow") == 1
    assert [drawn.count(one) for one in (f'd="{grades.PATHS[3]}"', "M0-7V7")] == [1, 1]
    assert drawn.count(f'd="{grades.ARROW}"') == 1


def test_the_caption_counts_what_is_drawn() -> None:
    assert caption([]) == "No adverse event was found."
    assert caption([CYST, PAIN]) == "2 adverse events: 1 ongoing and 1 over; worst CTCAE grade 3."
    assert caption([PAIN]) == "1 adverse event: 1 ongoing and 0 over; none graded by CTCAE."


def test_an_event_on_the_day_itself_can_be_drawn() -> None:
    assert "day 0" in events([Course("Pain", 0, 0, None, [Look(0, 5, gone=False, words="now")])], title="Events")
