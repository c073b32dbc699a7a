"""The manifest of a backup: which database it was made of, when, how far each clinic had come, and the dump's checksum."""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from server.backup.contents import ClinicState, Contents
from server.backup.refusals import BackupError
from server.canonical import instant

NAME = "manifest.json"
FORMAT = 1
PHOTO_LIST = "photos.sha256"


@dataclass(frozen=True)
class Photos:
    """How many members of the archive are photos and thumbnails, their bytes together, and the SHA-256 of their list."""

    count: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`database` is sqlite or postgresql; `dump` names the member of the archive, `size` its bytes."""

    created_at: datetime
    database: str
    contents: Contents
    dump: str
    size: int
    sha256: str
    photos: Photos | None = None
    """None where they are not in it: in older backups, and in those of what a restore replaces, whose photos stay in the store."""

    def to_json(self) -> str:
        """Readable text, because a person may have nothing else to go by."""
        document = {
            "format": FORMAT,
            "created_at": instant(self.created_at),
            "database": self.database,
            "migration": self.contents.migration,
            "clinics": [asdict(clinic) | {"id": str(clinic.id)} for clinic in self.contents.clinics],
            "dump": {"name": self.dump, "size": self.size, "sha256": self.sha256},
            "keys": None,  # never in here: who finds a backup must not be able to sign
            "photos": {"list": PHOTO_LIST} | asdict(self.photos) if self.photos else None,
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def from_json(text: bytes) -> Manifest:
    """Raises BackupError for what is no manifest, or one of a later format."""
    try:
        document: dict[str, Any] = json.loads(text)
        if document["format"] != FORMAT:
            raise BackupError(
                f"This backup has format {document['format']}; this Graftlog reads format {FORMAT}. Install the newer version."
            )
        clinics = tuple(
            ClinicState(uuid.UUID(one["id"]), one["name"], one["seq"], one["hash"], one["last_at"]) for one in document["clinics"]
        )
        dump, photos = document["dump"], document.get("photos")
        return Manifest(
            datetime.fromisoformat(document["created_at"]),
            document["database"],
            Contents(document["migration"], clinics),
            dump["name"],
            dump["size"],
            dump["sha256"],
            Photos(photos["count"], photos["size"], photos["sha256"]) if photos else None,
        )
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise BackupError("The backup's manifest cannot be read: the file is damaged. Nothing was changed.") from error
