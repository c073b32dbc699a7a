"""How often: every route has a rate class, counted in this process and, where there is a Redis, for all processes together."""

import logging
import math
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from flask import request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis import ConnectionPool, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from server.access import PUBLIC, Caller, Permission
from server.clinics.tablets import network
from server.problems import Problem

log = logging.getLogger("graftlog.web")
View = TypeVar("View", bound=Callable[..., Any])


class Rate(StrEnum):
    """What a call is, for counting it."""

    SIGN_IN = "sign_in"
    READ = "read"
    WRITE = "write"
    SYNC = "sync"
    PHOTO = "photo"
    EXPORT = "export"
    PUBLIC_LINK = "public_link"
    CALLBACK = "callback"
    OPEN = "open"
    PROBE = "probe"


LIMITS: dict[Rate, RateLimitItem] = {
    # Passwords and PINs: a clinic of forty behind one address signs in within five minutes; a guesser gets 29 000 tries a day, each a hash.
    Rate.SIGN_IN: RateLimitItemPerMinute(100, 5),
    # One person at one desk makes a few calls a second; these stop loops and scrapers before they take the server from the others.
    Rate.READ: RateLimitItemPerMinute(6_000),
    Rate.WRITE: RateLimitItemPerMinute(3_000),
    # A tablet after a month offline pushes some hundred documents of up to 500 rows each as fast as it is answered: never in its way.
    Rate.SYNC: RateLimitItemPerMinute(12_000),
    # A piece of an upload is a call: 32 MB in pieces of 64 kB are 512.
    Rate.PHOTO: RateLimitItemPerMinute(6_000),
    # A page of PDF takes 10 ms of a processor.
    Rate.EXPORT: RateLimitItemPerMinute(300),
    # A patient makes ten calls; a programme that looks into mail opens thirty addresses of a link, and many patients share an address.
    Rate.PUBLIC_LINK: RateLimitItemPerMinute(600),
    # A lost receipt leaves a message uncertain, and a provider reports from few addresses what it sends for all clinics.
    Rate.CALLBACK: RateLimitItemPerMinute(60_000),
    Rate.OPEN: RateLimitItemPerMinute(6_000),
    Rate.PROBE: RateLimitItemPerMinute(1_200),
}
"""By person, else by tablet, else by network address. Engineering judgement: ten times what was seen, less than takes a server down."""

_OF_BLUEPRINT = {"link": Rate.PUBLIC_LINK, "callbacks": Rate.CALLBACK, "health": Rate.PROBE, "tus": Rate.PHOTO}
REST_S = 5.0
"""So long a Redis that has failed is not asked again."""

PATIENCE_S = 0.25
"""For a Redis that hangs: calls wait for it."""


def rated(rate: Rate) -> Callable[[View], View]:
    """Mark a view whose rate class is not the one that its permission and method say."""

    def mark(view: View) -> View:
        view.__rate__ = rate  # type: ignore[attr-defined]  # reason: the mark itself
        return view

    return mark


def rate_of(view: object, endpoint: str, method: str) -> Rate:
    """The class of a route. LookupError for a public one that changes something and bears no mark: nobody has thought of it."""
    marked: Rate | None = getattr(view, "__rate__", None) or _OF_BLUEPRINT.get(endpoint.partition(".")[0])
    if marked is not None:
        return marked
    reading, access = method in {"GET", "HEAD", "OPTIONS"}, getattr(view, "__access__", PUBLIC)
    if access == PUBLIC:
        if not reading:
            raise LookupError(f"{endpoint} is public, changes something, and has no rate class.")
        return Rate.OPEN
    if access == Permission.SYNC:
        return Rate.SYNC
    return Rate.READ if reading else Rate.WRITE


class Memory(Storage):
    """Counts of this process. The library's own starts a thread at each count, which walks through all keys: dear with many addresses."""

    STORAGE_SCHEME = None
    _SWEEP_S = 10.0

    def __init__(self) -> None:
        """Nothing is counted yet."""
        super().__init__()
        self._lock, self._counts, self._swept = threading.Lock(), dict[str, tuple[int, float]](), 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """Of which there are none to wrap."""
        return RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count within the window that the first call opened."""
        now = time.time()
        with self._lock:
            if now - self._swept > self._SWEEP_S:
                self._counts, self._swept = {one: kept for one, kept in self._counts.items() if kept[1] > now}, now
            count, ends = self._counts.get(key, (0, 0.0))
            count, ends = (count + amount, ends) if ends > now else (amount, now + expiry)
            self._counts[key] = count, ends
        return count

    def get(self, key: str) -> int:
        """The count of the window that is open."""
        count, ends = self._counts.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        forgotten, self._counts = len(self._counts), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one."""
        self._counts.pop(key, None)


def _pool(url: str) -> ConnectionPool:
    """Connections that give up soon. The client's own retries would hold a call for seconds."""
    options: dict[str, Any] = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S, "retry": Retry(NoBackoff(), 0)}
    if not url.startswith("sentinel:"):
        return ConnectionPool.from_url("redis" + url.removeprefix("valkey").removeprefix("redis"), **options)
    parts, asked = urlsplit(url), parse_qs(urlsplit(url).query)
    hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    own = options | ({"password": asked["sentinel_password"][0]} if "sentinel_password" in asked else {})
    sentinels = Sentinel(  # type: ignore[no-untyped-call]  # reason: the client types its commands, not this
        [(host.hostname or "", host.port or 26379) for host in hosts], sentinel_kwargs=own
    )
    secret = {"password": urlsplit(f"//{parts.netloc.rpartition('@')[0]}@-").password} if "@" in parts.netloc else {}
    database = int(parts.path.strip("/") or 0)
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]  # reason: as above
        asked.get("master", ["mymaster"])[0], sentinels, db=database, **secret, **options
    )


class Rates:
    """The counts of one application. Every call is counted here; Redis adds the other processes' and may come and go."""

    def __init__(self, redis_url: str | None) -> None:
        """Connects to nothing yet."""
        self.memory = Memory()
        self._here = FixedWindowRateLimiter(self.memory)
        self._shared: FixedWindowRateLimiter | None = None
        if redis_url:
            storage = RedisStorage("redis://", connection_pool=_pool(redis_url), key_prefix="graftlog:rates")
            self._shared = FixedWindowRateLimiter(storage)
        self._rests_until = 0.0

    def check(self, rate: Rate, caller: Caller | None) -> None:
        """Count a call. Raises `too_many_calls`."""
        who = str(caller.user_id or caller.device_id) if caller is not None else network(request.remote_addr or "")
        wait = self._over(self._here, rate, who) or self._over_together(rate, who)
        if wait:
            raise Problem("too_many_calls", f"Nothing was stored. Go on in {wait} seconds with the same call.", retry_after_s=wait)

    @staticmethod
    def _over(limiter: FixedWindowRateLimiter, rate: Rate, who: str) -> int:
        """Seconds to wait; 0 within the limit."""
        if limiter.hit(LIMITS[rate], rate, who):
            return 0
        return max(1, math.ceil(limiter.get_window_stats(LIMITS[rate], rate, who).reset_time - time.time()))

    def _over_together(self, rate: Rate, who: str) -> int:
        if self._shared is None or time.monotonic() < self._rests_until:
            return 0
        try:
            return self._over(self._shared, rate, who)
        except RedisError as error:
            self._rests_until = time.monotonic() + REST_S
            log.warning("calls are counted by each process alone: Redis cannot be asked (%s)", type(error).__name__)
            return 0
