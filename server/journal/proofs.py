"""Proofs over the journal's Merkle tree, and the signing of its checkpoints. What a verifier needs is in `verifier`."""

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.journal.verifier import Checkpoint, Tree, hint, origin, parent


def root_of(row_hashes: Sequence[bytes]) -> bytes:
    """Merkle Tree Hash of these rows."""
    tree = Tree()
    for one in row_hashes:
        tree.add(one)
    return tree.root()


def consistency(old: Tree, later: Sequence[bytes]) -> list[bytes]:
    """Proof that the tree `old` is a prefix of itself with the rows `later` added (RFC 9162, 2.1.4.1).

    Every subtree that the proof names lies wholly among the old rows, and then it is one of `old.parts`, or wholly among the later ones.
    """
    total, starts, at = old.size + len(later), {}, 0
    for part, bit in zip(old.parts, [bit for bit in reversed(range(old.size.bit_length())) if old.size >> bit & 1], strict=True):
        starts[at] = part
        at += 1 << bit

    def subproof(start: int, end: int, *, whole: bool) -> list[bytes]:
        if end == old.size:
            return [] if whole else [starts[start]]
        half = start + (1 << (end - start - 1).bit_length() - 1)
        if old.size <= half:
            return [*subproof(start, half, whole=whole), root_of(later[half - old.size : end - old.size])]
        return [*subproof(half, end, whole=False), starts[start]]

    return subproof(0, total, whole=True) if old.size and later else []


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


def signed(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> str:
    """The checkpoint as a signed note."""
    text, name = checkpoint.text(), origin(checkpoint.clinic_id)
    seal = hint(name, private.public_key().public_bytes_raw()) + private.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(seal).decode()}\n"
