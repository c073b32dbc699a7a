"""The Merkle tree of the journal against RFC 9162's definition, and its consistency proofs for every pair of sizes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.journal.proofs import consistency, root_of
from server.journal.verifier import Tree
from tests.journal.consistency import is_consistent

ROWS = [sha256(bytes([number])).digest() for number in range(70)]


def by_definition(rows: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, word for word."""
    if not rows:
        return sha256().digest()
    if len(rows) == 1:
        return sha256(b"\x00" + rows[0]).digest()
    half = 1
    while half * 2 < len(rows):
        half *= 2
    return sha256(b"\x01" + by_definition(rows[:half]) + by_definition(rows[half:])).digest()


def tree_of(rows: list[bytes]) -> Tree:
    tree = Tree()
    for one in rows:
        tree.add(one)
    return tree


@pytest.mark.parametrize("size", range(len(ROWS)))
def test_the_root_is_the_one_of_the_definition(size: int) -> None:
    assert root_of(ROWS[:size]) == by_definition(ROWS[:size])


def test_a_longer_journal_proves_that_it_begins_with_the_shorter_one() -> None:
    for new in range(1, 40):
        for old in range(1, new + 1):
            tree = tree_of(ROWS[:old])
            proof = consistency(tree, ROWS[old:new])
            assert is_consistent((old, tree.root()), (new, root_of(ROWS[:new])), proof), (old, new)


@given(st.integers(2, 60), st.data())
def test_no_proof_fits_another_history(new: int, data: st.DataObject) -> None:
    """One of the old rows was another one, or a part of the proof is: nothing of it holds."""
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    rows = [*ROWS[:changed], bytes(32), *ROWS[changed + 1 : new]]
    honest, forged = tree_of(ROWS[:old]), tree_of(rows[:old])
    kept, shown = (old, honest.root()), (new, root_of(rows))
    assert not is_consistent(kept, shown, consistency(forged, rows[old:]))
    assert not is_consistent(kept, shown, consistency(honest, ROWS[old:new]))
    proof = consistency(honest, ROWS[old:new])
    torn = data.draw(st.sampled_from([proof[:-1], [*proof, bytes(32)], [bytes(32), *proof[1:]]]))
    assert not is_consistent(kept, (new, root_of(ROWS[:new])), torn) or torn == proof
    assert not is_consistent((new, root_of(ROWS[:new])), kept, [])
