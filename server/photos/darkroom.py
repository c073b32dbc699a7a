"""Pictures are made in a process of their own: its memory goes back with it, and what breaks a decoder breaks nothing else.

Decoded, a picture is fifty times as large as sent; in a web process with eight threads the allocator kept most of that for good.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from typing import IO

from server.photos.picture import UNUSABLE, Picture, Unusable
from server.problems import Problem

LONGEST_S = 60.0
_COMMAND = (sys.executable, "-I", "-W", "ignore", "-m", "server.photos.picture")
_ENVIRON = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
"""Where some installations keep Python's own library; no setting and no secret goes along."""
_FAULTS = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGXCPU})
"""By which a process ends because of what it was given to decode."""
_one_at_a_time = threading.Lock()


def develop(sent: IO[bytes], made: IO[bytes]) -> Picture:
    """`picture.remake` elsewhere; both are real files. Raises Unusable, or `interrupted` when it was not the picture's fault."""
    sent.flush()
    sent.seek(0)
    with _one_at_a_time:
        try:
            ran = subprocess.run(  # noqa: S603  reason: our own command, and none of the file's content in it
                _COMMAND, stdin=sent, stdout=made, stderr=subprocess.PIPE, env=_ENVIRON, timeout=LONGEST_S, check=False
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise Problem("interrupted", "This machine is too busy to make the picture. Send the last piece again.") from error
    said = ran.stderr.splitlines()[-1:]
    if ran.returncode == 0 and said:
        return Picture(**json.loads(said[0]))
    if ran.returncode == UNUSABLE and said:
        raise Unusable(json.loads(said[0]))
    if -ran.returncode in _FAULTS:
        raise Unusable("The picture is damaged, or takes too long to read. Take it again.")
    raise Problem("interrupted", "The picture could not be made just now. Send the last piece again.")
