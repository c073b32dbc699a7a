"""A tablet of the seeded lives: keeps everything in memory, pushes what is unsent in any order, and believes only what it was told."""

import http.client
import json
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from server.ids import uuid7

Document = dict[str, Any]
Key = tuple[str, str]
COLLECTIONS = ("patients", "scars", "procedures", "entries")
PATIENCE_S = 20


def version(document: Document) -> str:
    """Which save of a document this is."""
    return str(document.get("write_id", document["id"]))


class Offline(Exception):
    """No whole answer came; what the server did is unknown."""


@dataclass
class Tablet:
    """What one tablet holds. `base` is the server's document that a local one was made from; `unsent` is in the order of saving."""

    name: str
    port: int
    token: str
    dice: random.Random
    documents: dict[Key, Document] = field(default_factory=dict)
    base: dict[Key, Document] = field(default_factory=dict)
    unsent: dict[Key, None] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, Document] = field(default_factory=dict)
    saved: list[tuple[Key, Document]] = field(default_factory=list)
    epoch: str = ""
    counter: int = 0

    def save(self, collection: str, document: Document) -> Document:
        """A local save: the document gets a new name for this version (an entry has only one) and waits to be sent."""
        document = document if collection == "entries" else document | {"write_id": str(uuid7())}
        key = (collection, document["id"])
        self.documents[key] = document
        self.unsent[key] = None
        self.saved.append((key, document))
        return document

    def record(self, **fact: Any) -> Document:
        """Save a fact, numbered by this tablet's own counter."""
        self.counter += 1
        return self.save("entries", fact | {"id": str(uuid7()), "device_seq": self.counter})

    def ids(self, collection: str) -> list[str]:
        """Of the documents that this tablet knows."""
        return [one for kind, one in self.documents if kind == collection]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, JSON) of one request, or Offline."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Connection": "close",
            "X-Device-Seq": self._counts(),
        }
        try:
            connection.request(method, f"/api/v1/sync{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Offline from error
        finally:
            connection.close()

    def _counts(self) -> str:
        """How many entries this tablet has recorded of each procedure, and the highest number: so the server knows what is missing."""
        numbers: dict[str, list[int]] = {}
        for (collection, _), fact in self.saved:
            if collection == "entries":
                numbers.setdefault(fact["procedure_id"], []).append(fact["device_seq"])
        return ",".join(f"{procedure}={max(some)}/{len(some)}" for procedure, some in numbers.items())

    def push(self, collection: str, most: int = 50) -> None:
        """Send some of what is unsent, in any order."""
        keys = [key for key in self.unsent if key[0] == collection]
        self.dice.shuffle(keys)
        rows = [self._row(key) for key in keys[:most]]
        if not rows:
            return
        status, answer = self.call("POST", f"/{collection}/push", rows)
        if status != 200:
            self._refused(status, answer)
        else:
            self._sent(collection, rows, answer)

    def _row(self, key: Key) -> Document:
        row = {"newDocumentState": self.documents[key] | {"_deleted": False}}
        return row | ({"assumedMasterState": self.base[key]} if key in self.base else {})

    def _sent(self, collection: str, rows: Iterable[Document], answer: Document) -> None:
        for one in answer["receipts"]:
            self.receipts[one["write_id"] or one["id"]] = one
        losing = {one["id"]: one for one in answer["conflicts"]}
        for row in rows:
            sent = row["newDocumentState"]
            key = (collection, sent["id"])
            theirs = losing.get(sent["id"])
            if theirs is not None:
                self.base[key] = theirs
            else:
                self.base[key] = sent
            if version(self.documents[key]) == version(sent):  # nothing was saved while it was under way
                self.documents[key] = self.base[key]
                self.unsent.pop(key, None)

    def pull(self, collection: str, limit: int = 7) -> None:
        """Take over what is new, page by page, until a short page. What waits to be sent stays as it is."""
        while True:
            place = f"epoch={self.epoch}&seq={self.seen.get(collection, 0)}&" if self.epoch else ""
            status, answer = self.call("GET", f"/{collection}/pull?{place}limit={limit}")
            if status != 200:
                self._refused(status, answer)
                return
            self.epoch = answer["checkpoint"]["epoch"]
            for one in answer["documents"]:
                key = (collection, one["id"])
                if key in self.unsent and version(self.documents[key]) == version(one):
                    del self.unsent[key]  # it has arrived, although its answer was lost
                if key not in self.unsent:
                    self.documents[key] = self.base[key] = one
            if answer["documents"]:
                self.seen[collection] = answer["checkpoint"]["seq"]
            if len(answer["documents"]) < limit:
                return

    def _refused(self, status: int, answer: Document) -> None:
        """Another epoch: the server has lost what came after its backup, so everything is compared and sent again."""
        if status == 409 and answer["code"] == "epoch_changed":
            self.meet(answer["epoch"])
        elif status < 500 and status != 429:
            raise AssertionError(f"{self.name}: {status} {answer}")

    def meet(self, epoch: str) -> None:
        """Begin anew in an epoch with all that this tablet holds."""
        self.epoch, self.seen, self.base = epoch, {}, {}
        self.unsent = dict.fromkeys(self.documents)

    @property
    def is_done(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self.unsent


def new_patient(dice: random.Random) -> Document:
    """Anna, or somebody of her name."""
    return {
        "id": str(uuid7()),
        "mrn": uuid.UUID(int=dice.getrandbits(128)).hex[:12],
        "family_name": "Petrauskienė",
        "given_name": dice.choice(("Anna", "Rūta", "Bence", "Sofía")),
        "allergies": "none known",
    }
