"""`dev.py bench photos`: an original of 5 MB as the server gives it out, encrypted and plain in turns, in the same run."""

import base64
import http.client
import json
import sys
import time
import uuid
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

from bench import place
from bench.record import say
from server.config import Config, from_environment
from server.ids import uuid7
from server.patients.models import Patient
from server.photos.models import Photo, PlainPhoto
from server.photos.service import keys, rotating, thumbnails
from tests import make

ROUNDS = 100
PIXELS = (2920, 2150)
"""Of noise, which becomes about five megabytes."""
PATIENTS = 2000
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


class Tablet:
    """One kept-alive connection of a surgeon."""

    def __init__(self, port: int, token: str) -> None:
        """Connects at once."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of an answer that must not be a refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, self.headers | named)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {content[:300]!r}")
        return dict(answer.headers), content

    def sent(self, patient_id: str, picture: bytes) -> str:
        """Id of a photo that is stored."""
        photo = {"id": str(uuid7()), "patient_id": patient_id, "view": "front", "kind": "baseline"}
        photo |= {"sha256": sha256(picture).hexdigest(), "size_bytes": len(picture)}  # type: ignore[dict-item]  # reason: JSON
        self.call("POST", "/api/v1/photos", json.dumps(photo), Content_Type="application/json")
        name = base64.b64encode(photo["id"].encode()).decode()
        begun = {"Upload_Length": str(len(picture)), "Upload_Metadata": f"photo_id {name}"}
        where, _ = self.call("POST", "/api/v1/uploads", None, Tus_Resumable="1.0.0", **begun)
        self.call("PATCH", where["Location"], picture, Upload_Offset="0", **{k.replace("-", "_"): v for k, v in TUS.items()})
        return photo["id"]


def noise() -> bytes:
    """A picture that does not compress."""
    file = BytesIO()
    Image.effect_noise(PIXELS, 60).convert("RGB").save(file, "JPEG", quality=92)
    return file.getvalue()


def _made_plain(where: place.Place, config: Config, clinic: make.Clinic, photo_id: str, content: bytes) -> None:
    database = where.database()
    with database.transaction(clinic.id) as session:
        key = session.get_one(Photo, (clinic.id, uuid.UUID(photo_id))).object_key
        session.add(PlainPhoto(clinic_id=clinic.id, photo_id=uuid.UUID(photo_id)))
    database.close()
    (Path(config.photo_store) / str(key) / "content").write_bytes(content)


def serving(where: place.Place) -> None:
    """One client, the two photos in turns; time until the last byte is there, and the server's processor time."""
    database, config = where.database(), from_environment({"GRAFTLOG_DATA": str(where.folder), "DATABASE_URL": where.url})
    clinic = make.clinic(database)
    patient, token = make.patient(database, clinic)["id"], make.token(database, clinic.surgeon)
    picture = noise()
    with place.server(where, workers=1, threads=8) as server:
        tablet = Tablet(server.port, token)
        photos = [tablet.sent(patient, picture) for _ in range(2)]
        thumbnails.make_waiting(database, config)
        paths = [f"/api/v1/photos/{one}/content" for one in photos]
        content = tablet.call("GET", paths[1])[1]
        _made_plain(where, config, clinic, photos[1], content)
        took: list[list[float]] = [[], []]
        spent = [0.0, 0.0]
        for number in range(2 * ROUNDS):
            which = number % 2
            used, began = server.cpu_s(), time.perf_counter()
            if tablet.call("GET", paths[which])[1] != content:
                sys.exit("what came is not what was stored")
            took[which].append((time.perf_counter() - began) * 1000)
            spent[which] += (server.cpu_s() - used) * 1000 / ROUNDS
    database.close()
    sealed, plain = map(median, took)
    size = f"{len(content) / 1e6:.1f} MB"
    p99 = [sorted(one)[int(0.99 * len(one))] for one in took]
    ours, theirs = (f"p50 {p50:.1f} p99 {late:.1f} ms" for p50, late in zip((sealed, plain), p99, strict=True))
    say(f"{where.name}, original of {size}, encrypted", ours, f"{theirs}, plain", f"{sealed / plain:.2f}")
    say("the same, processor time", f"{spent[0]:.1f} ms", f"{spent[1]:.1f} ms, plain", f"{spent[0] / spent[1]:.2f}")


def rotation(where: place.Place) -> None:
    """A change of the clinic's key with many patients."""
    database, config = where.database(), from_environment({"GRAFTLOG_DATA": str(where.folder), "DATABASE_URL": where.url})
    clinic = make.clinic(database)
    with database.transaction(clinic.id, actor=clinic.surgeon) as session:
        for number in range(PATIENTS):
            patient = Patient(mrn=f"B{number}", family_name="Kiss", given_name="Bence", search="kiss", content_hash="")
            session.add(patient)
            session.flush()
            keys.ensure(session, config.keys, patient.id)
    with database.transaction(clinic.id) as session:
        keys.rotate(session, config.keys)
    began = time.perf_counter()
    done = rotating.rewrap_waiting(database, config)
    took = time.perf_counter() - began
    database.close()
    say(f"{where.name}, wrap {done:,} patients' keys anew", f"{done / took:,.0f} a second", "", "")


def main(*parts: str) -> None:
    """`sqlite`, `postgresql`, or both."""
    say("what", "encrypted", "peer, same run", "ratio")
    say("---", "---", "---", "---")
    for name, opened in (("sqlite", place.sqlite), ("postgresql", place.postgresql)):
        if not parts or name in parts:
            with opened() as where:
                serving(where)
                rotation(where)


if __name__ == "__main__":
    main(*sys.argv[1:])
