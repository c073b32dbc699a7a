"""The application whose process is killed between the commit and the answer, when a call asks for it: `tests.drills.dying:app`."""

import os
import signal
from collections.abc import Iterable
from typing import Any

from server.wsgi import app as whole

ASKED = "HTTP_X_DRILL_DIE"


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """By now the transaction is committed, and not one byte of the answer has left."""
    answer: Iterable[bytes] = whole(environ, start_response)
    if ASKED in environ:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
