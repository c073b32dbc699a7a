"""The statistics that need scipy, loaded by the first report of a worker and by nobody else."""

import threading
from types import ModuleType


def hypotheses() -> ModuleType:
    """Rank tests."""
    from server.reports.statistics import hypotheses as loaded  # noqa: PLC0415  reason: it loads scipy, a hundred megabytes

    return loaded


def correlation() -> ModuleType:
    """Spearman's correlation."""
    from server.reports.statistics import correlation as loaded  # noqa: PLC0415  reason: as above

    return loaded


def load() -> None:
    """Both."""
    hypotheses()
    correlation()


def warm_up() -> None:
    """Load both beside the first counts: those wait for the database, and loading takes about as long."""
    threading.Thread(target=load, name="scipy", daemon=True).start()
