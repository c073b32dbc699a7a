"""`python -m tests.drills [--seed N] [--short] [F1 F6 …]`: exit code 1 when a drill fails. All of them in full write docs/drills.md."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from server.web.drills_page import RESULT
from tests.drills.report import write
from tests.drills.run import every, run_all

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drills.md"


def main() -> int:
    """Read the command line, run, tell, write."""
    read = argparse.ArgumentParser(prog="python3 dev.py drills", description="The failure drills.")
    read.add_argument("names", nargs="*", metavar="F1", help="these alone; then nothing is written")
    read.add_argument("--seed", type=int, default=1, help="the same seed makes the same choices; processes keep their own time")
    read.add_argument("--short", action="store_true", help="less of each, and nothing that the test suite tells; as in .ci/run")
    given = read.parse_args()
    book = every()
    unknown = [name for name in given.names if name.upper() not in book]
    if unknown:
        read.error(f"no drill is called {', '.join(unknown)}; there are {', '.join(book)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what was started is stopped too
    chosen = [book[name.upper()] for name in given.names] or list(book.values())
    with tempfile.TemporaryDirectory(prefix="graftlog-drills-") as folder:
        results = run_all(chosen, Path(folder), seed=given.seed, short=given.short)
    if not given.names and not given.short:
        write(PAGE, RESULT, results, given.seed)
    return int(any(result.failed for result in results))


if __name__ == "__main__":
    sys.exit(main())
