"""One seeded life: two or three tablets that write, push, pull and die in any order, on a network that fails; then calm."""

import copy
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from server.ids import uuid7
from tests import make
from tests.offline.proxy import Network
from tests.offline.tablet import COLLECTIONS, Document, Offline, Tablet

MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CALM_ROUNDS = 12
EDITED = {"patients": ("notes", "allergies"), "scars": ("label",), "procedures": ("assistant", "anaesthetist")}
"""Fields that tablets change again and again, each time to a text that nobody else writes."""


class NeverCalm(AssertionError):
    """The network has been whole for long, and a tablet still has something to send."""


@dataclass
class Life:
    """What one seed decides. `strike` kills the process that serves, or restores an old backup."""

    seed: int
    clinic: make.Clinic
    tablets: list[Tablet]
    network: Network
    strike: Callable[[], None] = lambda: None
    strikes: int = 0
    steps: int = 60
    dice: random.Random = field(init=False)
    written: int = 0

    def __post_init__(self) -> None:
        """Every choice comes from the seed."""
        self.dice = random.Random(self.seed)
        self.network.dice = random.Random(self.seed + 1)

    def live(self) -> None:
        """So many steps on a bad network, with the strikes somewhere among them; then calm until everybody is done."""
        self.network.share = self.dice.choice((0.0, 0.2, 0.5))
        when = {self.dice.randrange(self.steps // 3, self.steps) for _ in range(self.strikes)}
        for step in range(self.steps):
            if step in when:
                self.strike()
            with suppress(Offline):
                self._step(self.dice.choice(self.tablets))
        self._calm()

    def _calm(self) -> None:
        """Push and pull until nobody has anything to send; a tablet may hear only now of a restore, and then sends all again."""
        self.network.share = 0
        for _ in range(CALM_ROUNDS):
            for act in (self._push_all, self._pull_all):
                for tablet in self.tablets:
                    with suppress(Offline):  # the server may still be getting up
                        act(tablet)
            if all(tablet.is_done for tablet in self.tablets):
                break
        else:
            raise NeverCalm({tablet.name: list(tablet.unsent) for tablet in self.tablets})
        for tablet in self.tablets:
            self._pull_all(tablet)

    @staticmethod
    def _push_all(tablet: Tablet) -> None:
        for collection in COLLECTIONS:
            tablet.push(collection)

    @staticmethod
    def _pull_all(tablet: Tablet) -> None:
        for collection in COLLECTIONS:
            tablet.pull(collection, 50)

    def _step(self, tablet: Tablet) -> None:
        acts: list[tuple[Callable[[Tablet], None], int]] = [
            (self._write, 5),
            (self._edit, 3),
            (self._push, 5),
            (self._push_and_die, 1),
            (self._pull, 3),
        ]
        act = self.dice.choices([one for one, _ in acts], [weight for _, weight in acts])[0]
        act(tablet)

    def _push(self, tablet: Tablet) -> None:
        tablet.push(self.dice.choice(COLLECTIONS), self.dice.choice((1, 5, 50)))

    def _push_and_die(self, tablet: Tablet) -> None:
        """Whatever came back was not yet on its disk."""
        before = copy.deepcopy((tablet.documents, tablet.base, tablet.unsent, tablet.seen, tablet.epoch))
        with suppress(Offline):
            self._push(tablet)
        tablet.documents, tablet.base, tablet.unsent, tablet.seen, tablet.epoch = before

    def _pull(self, tablet: Tablet) -> None:
        tablet.pull(self.dice.choice(COLLECTIONS))

    def _write(self, tablet: Tablet) -> None:
        patients, procedures = tablet.ids("patients"), tablet.ids("procedures")
        luck = self.dice.random()
        if not patients or luck < 0.1:
            tablet.save("patients", self._patient())
        elif luck < 0.2:
            tablet.save("scars", self._scar(self.dice.choice(patients)))
        elif not procedures or luck < 0.35:
            tablet.save("procedures", self._procedure(self.dice.choice(patients)))
        else:
            self._record(tablet, self.dice.choice(procedures))

    def _record(self, tablet: Tablet, procedure_id: str) -> None:
        self.written += 1
        at = (MORNING + timedelta(seconds=self.written)).isoformat()
        common = {"procedure_id": procedure_id, "recorded_at": at, "recorded_by": str(self.clinic.surgeon.user_id)}
        procedure = tablet.documents["procedures", procedure_id]
        scars = [one for one in tablet.ids("scars") if tablet.documents["scars", one]["patient_id"] == procedure["patient_id"]]
        if scars and self.dice.random() < 0.5:
            volume = self.dice.choice((0.2, 0.4, 0.8))
            tablet.record(**common, kind="injection", scar_id=self.dice.choice(scars), volume_ml=volume, plane="subdermal")
        else:
            tablet.record(**common, kind="note", text=f"{tablet.name} {self.written}")

    def _edit(self, tablet: Tablet) -> None:
        known = [key for key in tablet.documents if key[0] in EDITED]
        if known:
            self.written += 1
            key = self.dice.choice(known)
            name = self.dice.choice(EDITED[key[0]])
            tablet.save(key[0], tablet.documents[key] | {name: f"{tablet.name} {self.written}"})

    def _patient(self) -> Document:
        number = f"{self.seed}-{self.dice.getrandbits(64):x}"
        return {"id": str(uuid7()), "mrn": number, "family_name": "Petrauskienė", "given_name": self.dice.choice(("Anna", "Rūta"))}

    def _scar(self, patient_id: str) -> Document:
        kind: dict[str, Any] = {"subunit": "cheek_medial", "side": "left", "morphology": "depressed_linear", "aetiology": "trauma"}
        return {"id": str(uuid7()), "patient_id": patient_id, "label": "Left cheek"} | kind

    def _procedure(self, patient_id: str) -> Document:
        surgeon = str(self.clinic.surgeon.user_id)
        return {"id": str(uuid7()), "patient_id": patient_id, "surgeon_id": surgeon, "planned_for": MORNING.isoformat()}
