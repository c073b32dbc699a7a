"""`python3 dev.py screenshots`: every page of a demo clinic as a picture in docs/pictures; with names, only those pages."""

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from PIL import Image

from schemas.vocabulary import ProcedureState, Role
from tests.browser import chromium
from tests.browser.chromium import Desk
from tests.browser.riverside import riverside
from tests.browser.tour import Stop, stops

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
DESK = {"width": 1280, "height": 860}
TELEPHONE = {"width": 360, "height": 740}
BOTH_WAYS = frozenset({"cohort", "procedures", "procedure", "work-list"})
"""Pages that are shown in the dark and on a telephone too."""

TALLEST = 2400
"""Pixels: a picture of more is looked at by nobody."""


def main(*names: str) -> None:
    """Write the pictures and say how large they are."""
    if chromium.found() is None:
        sys.exit("No Chromium is installed. On Debian: apt install chromium")
    with tempfile.TemporaryDirectory(prefix="graftlog-pictures-") as data, riverside(Path(data)) as at, chromium.desk(at) as desk:
        known = {at.procedures[state]: state for state in ProcedureState if state in at.procedures}
        taken: set[str] = set()
        for stop in stops(at):
            name = _name(stop, known)
            if name in taken or (names and name not in names) or stop.path.endswith("limit=abc"):
                continue
            taken.add(name)
            _take(desk, stop, name)
    sizes = [one.stat().st_size for one in FOLDER.glob("*.png")]
    print(f"{len(taken)} pages taken; {len(sizes)} pictures in {FOLDER}, {sum(sizes) / 1e6:.1f} MB")


def _name(stop: Stop, known: dict[str, ProcedureState]) -> str:
    """`procedure`, `procedure-completed`, `link-start`."""
    state = known.get(stop.path.rpartition("/")[2])
    if stop.status >= 400 and stop.endpoint.startswith("web."):
        return "refusal"
    if stop.endpoint == "web.procedure" and state and state != ProcedureState.SIGNED:
        return f"procedure-{state.replace('_', '-')}"
    what, _, asked = stop.path.partition("?")[2].partition("=")
    more = f"-{asked}" if what in {"q", "show", "state"} else "-rater" if stop.who == Role.RATER else ""
    return f"{'link-' if stop.endpoint.startswith('link.') else ''}{stop.name}{more}"


def _take(desk: Desk, stop: Stop, name: str) -> None:
    shots = [("", DESK, "light")]
    if name in BOTH_WAYS:
        shots += [("-dark", DESK, "dark"), ("-telephone", TELEPHONE, "light")]
    for suffix, size, scheme in shots:
        width = TELEPHONE if stop.endpoint.startswith("link.") else size
        page = desk.page(stop.who, viewport=width, color_scheme=scheme)
        path = stop.path
        if stop.endpoint in {"web.patient", "web.patient_photos"}:
            path = path.partition("?")[0].replace(desk.at.filled["patient_id"], desk.at.followed_up)
        page.goto(path)
        whole = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))  # of tens of thousands Chromium makes no picture
        shown = {"x": 0, "y": 0, "width": width["width"], "height": whole}
        _keep(page.screenshot(full_page=True, clip=cast("Any", shown)), FOLDER / f"{name}{suffix}.png")


def _keep(shot: bytes, path: Path) -> None:
    """In 64 colours: a third of the size, and no difference that is seen."""
    with Image.open(BytesIO(shot)) as image:
        image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
