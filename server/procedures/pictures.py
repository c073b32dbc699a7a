"""The photographs of a procedure as its signature and its note see them. Pure; the feature above says which there are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.canonical import instant


@dataclass(frozen=True)
class Picture:
    """One photograph. `sha256` is that of the stored file, whose bytes are hashed again whenever they are shown; None until it is whole.

    An `erased` one has no bytes any more; what a signature says of it stays true.
    """

    id: str
    sha256: str | None
    sent_sha256: str
    view: str
    kind: str
    scar_id: str | None
    taken_at: datetime | None
    announced_at: datetime
    stored_at: datetime | None
    erased: bool = False

    def signed_form(self) -> dict[str, Any]:
        """What a manifest says of it. Nothing in here changes once the photograph is stored."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "sent_sha256": self.sent_sha256,
            "view": self.view,
            "kind": self.kind,
            "scar_id": self.scar_id,
            "taken_at": instant(self.taken_at) if self.taken_at else None,
        }


def to_sign(pictures: Iterable[Picture]) -> list[dict[str, Any]]:
    """The whole ones, by id: one that is only announced has no bytes to vouch for."""
    return sorted((one.signed_form() for one in pictures if one.sha256), key=lambda form: str(form["id"]))


def faults(signed: Iterable[Mapping[str, Any]], pictures: Iterable[Picture]) -> Iterator[str]:
    """What was signed and is no longer so. One that came later is no fault: the note says that it is not covered."""
    now = {one.id: one.signed_form() for one in pictures}
    for then in signed:
        if then["id"] not in now:
            yield f"Photo {then['id']} was signed and is missing."
        elif now[then["id"]] != then:
            yield f"Photo {then['id']} differs from what was signed."
