"""Proofs over the journal's Merkle tree, and the signing of its checkpoints. What a verifier needs is in `verifier`."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.journal.verifier import Checkpoint, Tree, b64, hint, origin


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


def signed(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> str:
    """The checkpoint as a signed note."""
    text, name = checkpoint.text(), origin(checkpoint.clinic_id)
    seal = hint(name, private.public_key().public_bytes_raw()) + private.sign(text.encode())
    return f"{text}\n— {name} {b64(seal)}\n"
