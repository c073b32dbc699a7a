"""What whoever keeps a checkpoint does with a proof: the judge of ours, in Python; tablets do the same in `witness.mjs`."""

from collections.abc import Sequence

from server.journal.verifier import parent


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the journal of `new` (size, root) begins with the one of `old` (RFC 9162, 2.1.4.2)."""
    (first, old_root), (second, new_root) = old, new
    if first > second or (first == second and (old_root != new_root or proof)):
        return False
    if first in (0, second):
        return not proof
    path = [old_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    left = right = path[0]
    for one in path[1:]:
        if not last:
            return False
        if node & 1 or node == last:
            left, right = parent(one, left), parent(one, right)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            right = parent(right, one)
        node, last = node >> 1, last >> 1
    return left == old_root and right == new_root and not last
