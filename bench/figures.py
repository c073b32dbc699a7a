"""`python3 dev.py bench figures`: all figures of the largest report drawn, and how large its page travels, against their limits."""

import gzip
import sys
import time

from server.reports.shape import Cohort
from server.web import cohort_example
from server.web.cohort_figures import figure, figures
from server.web.cohort_words import FIGURES

MOST_MS, MOST_BYTES = 20.0, 100_000
_TIMES = 15


def _ms(cohort: Cohort) -> float:
    """Processor time of the fastest of some turns: what else the machine does is not the figures’."""
    taken = []
    for _ in range(_TIMES):
        begun = time.process_time()
        figures(cohort)
        taken.append(1000 * (time.process_time() - begun))
    return min(taken)


def measure() -> tuple[float, int, int]:
    """(ms for all figures together, bytes of their drawings, the same compressed as pages are) with as many points as there may be."""
    cohort = cohort_example.large()
    drawn = "".join(piece.drawing for one in figures(cohort) for piece in one.pieces).encode()
    return _ms(cohort), len(drawn), len(gzip.compress(drawn, 5))


def main() -> None:
    """Print the table; exit 1 beyond a limit."""
    cohort = cohort_example.large()
    for name in FIGURES:
        drawn = "".join(piece.drawing for piece in figure(cohort, name).pieces).encode()
        print(f"{name:<10} {len(drawn):>8} bytes {len(gzip.compress(drawn, 5)):>7} compressed")
    ms, whole, packed = measure()
    print(f"all        {whole:>8} bytes {packed:>7} compressed (limit of the page {MOST_BYTES})")
    print(f"drawn in   {ms:>8.1f} ms (limit {MOST_MS:.0f})")
    sys.exit(ms > MOST_MS or packed > MOST_BYTES)


if __name__ == "__main__":
    main()
