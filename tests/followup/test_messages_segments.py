"""How long a text message is for the network that carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.followup.messages.segments import ALONE, BASIC, EXTENSION, GSM_7, JOINED, UCS_2, segments_of

CASES = [
    ("nothing", "", GSM_7, 0, 1, ""),
    ("one segment, full", "a" * 160, GSM_7, 160, 1, ""),
    ("one letter more", "a" * 161, GSM_7, 161, 2, ""),
    ("two segments, full", "a" * 306, GSM_7, 306, 2, ""),
    ("three", "a" * 307, GSM_7, 307, 3, ""),
    ("letters of the basic table", "é à ñ ü ö Ñ ¿ ¡ £ @ Δ", GSM_7, 21, 1, ""),
    ("letters that take two septets", "[€]", GSM_7, 6, 1, ""),
    ("an escape is not cut off from its letter", "a" * 152 + "€" + "a" * 152, GSM_7, 306, 3, ""),
    ("Hungarian long vowels are odd", "időpont, műtét nélkül", UCS_2, 21, 1, "őű"),
    ("Spanish acute vowels are odd, ñ and é are not", "mañana está café", UCS_2, 16, 1, "á"),
    ("each odd letter once, in order", "őáőá", UCS_2, 4, 1, "őá"),
    ("one odd letter changes all", "ő" + "a" * 69, UCS_2, 70, 1, "ő"),
    ("and one letter more", "ő" + "a" * 70, UCS_2, 71, 2, "ő"),
    ("two segments of 67", "ő" + "a" * 133, UCS_2, 134, 2, "ő"),
    ("three of 67", "ő" + "a" * 134, UCS_2, 135, 3, "ő"),
    ("a pair of units is one letter", "🙂" * 35, UCS_2, 70, 1, "🙂"),
    ("a pair is never cut in two", "🙂" * 66 + "aa", UCS_2, 134, 3, "🙂"),
    ("typographic marks are odd", "“Hello” – it’s us…", UCS_2, 18, 1, "“”–’…"),
    ("a line break is a letter", "a\nb", GSM_7, 3, 1, ""),
]


@pytest.mark.parametrize(("what", "text", "encoding", "length", "segments", "odd"), CASES, ids=[case[0] for case in CASES])
def test_a_text_is_counted_as_networks_count_it(what: str, text: str, encoding: str, length: int, segments: int, odd: str) -> None:
    counted = segments_of(text)
    assert (counted.encoding, counted.length, counted.segments, counted.odd_letters) == (encoding, length, segments, odd), what


def test_the_alphabet_has_128_places_of_which_one_is_the_escape() -> None:
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=700))
def test_segments_are_never_fewer_than_their_units_need_nor_many_more(text: str) -> None:
    counted = segments_of(text)
    assert counted.length <= (ALONE[counted.encoding] if counted.segments == 1 else counted.segments * JOINED[counted.encoding])
    assert counted.segments == 1 or counted.length > (counted.segments - 1) * (JOINED[counted.encoding] - 1)
    if counted.encoding == UCS_2:
        assert counted.length == len(text.encode("utf-16-le")) // 2
