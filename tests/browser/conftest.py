"""One clinic and one browser for all stories that a worker tells."""

from collections.abc import Iterator

import pytest

from tests.browser import chromium
from tests.browser.chromium import Desk
from tests.browser.riverside import Riverside, riverside


@pytest.fixture(scope="session")
def open_clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Riverside]:
    """The demo clinic, while somebody looks at it."""
    why = chromium.missing()
    if why and chromium.WANTED == "required":
        pytest.fail(why)
    if why:
        pytest.skip(why)
    with riverside(tmp_path_factory.mktemp("riverside")) as at:
        yield at


@pytest.fixture(scope="session")
def desk(open_clinic: Riverside) -> Iterator[Desk]:
    """The browser."""
    with chromium.desk(open_clinic) as opened:
        yield opened
