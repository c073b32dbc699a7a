"""A share as the report says it: with its interval, and with the two extremes where somebody is missing."""

from server.reports.shape import Extreme, Share
from server.reports.statistics import shares


def _extreme(one: shares.Share) -> Extreme:
    """Of somebody at least."""
    return Extreme(numerator=one.k, denominator=one.n, share=one.share or 0.0, low=one.low or 0.0, high=one.high or 0.0)


def share(k: int, n: int, missing: int = 0) -> Share:
    """`k` of the `n` who are known. Of nobody known there are no extremes either: "0 of 52" would read as if somebody had been asked."""
    both = shares.extremes(k, n, missing)
    return Share(
        numerator=k,
        denominator=n,
        missing=missing,
        share=both.known.share,
        low=both.known.low,
        high=both.known.high,
        worst=_extreme(both.worst) if missing and n else None,
        best=_extreme(both.best) if missing and n else None,
    )
