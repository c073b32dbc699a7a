"""Our fast canonical JSON is RFC 8785's, byte for byte, over what our documents can hold."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from server.canonical import canonical, digest, instant, number

QUANTITIES = st.builds(number, st.integers(0, 10**10), st.sampled_from([1, 10, 100, 1000, 10000]))
LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | QUANTITIES | st.text(max_size=30)
NAMES = st.text(st.characters(max_codepoint=127), max_size=12)
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25)


@given(DOCUMENTS)
def test_it_is_the_reference_implementations_text(document: Any) -> None:
    assert canonical(document).encode() == rfc8785.dumps(document)


@given(st.integers(0, 10**9), st.sampled_from([1, 10, 1000, 10000]))
def test_a_stored_number_comes_back_as_it_went_in(stored: int, steps: int) -> None:
    assert round(number(stored, steps) * steps) == stored
    assert isinstance(number(stored, steps), int) == (stored % steps == 0)


@given(st.integers(0, 10**15), st.integers(-14 * 60, 14 * 60))
def test_one_instant_has_one_text(microseconds: int, offset: int) -> None:
    moment = datetime.fromtimestamp(0, timezone(timedelta(minutes=offset))) + timedelta(microseconds=microseconds)
    assert instant(moment) == instant(moment.astimezone(UTC))
    assert datetime.fromisoformat(instant(moment)) == moment


def test_the_digest_is_of_the_canonical_text() -> None:
    assert digest({"b": 1, "a": "é"}) == digest({"a": "é", "b": 1})
    assert digest({"a": 1}) != digest({"a": 2})
