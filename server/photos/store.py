"""Where photographs lie: a folder, or a bucket that speaks S3. A name and its bytes; an object is there whole or not at all.

What is kept here is sealed before (`service/vault.py`): whoever reads folder or bucket sees no picture.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import urlsplit

from server.config import Config
from server.problems import Problem

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

_PIECE = 256 * 1024
_PATIENCE = timedelta(seconds=20)
"""For a bucket that does not answer, repeats included; a tablet that waits longer has given up."""


class Missing(Exception):
    """No object has this name."""


class Store:
    """Objects by name. Raises `store_unavailable` when folder or bucket cannot be reached or is full."""

    def __init__(self, objects: "LocalStore | S3Store", folder: Path | None) -> None:
        """`folder` where the objects are files of this machine."""
        self._objects, self._folder = objects, folder

    def put(self, key: str, file: IO[bytes]) -> None:
        """Keep all of `file` under `key`; on return it is on disk, and nobody ever saw a part of it."""
        file.seek(0)
        with _reached():
            self._objects.put(key, file, max_concurrency=2)  # two pieces of five megabytes in memory at most
            if self._folder:
                _to_disk(self._folder / key)

    def read(self, key: str) -> Iterator[bytes]:
        """The object in pieces. Raises Missing at the first of them."""
        with _reached():
            for piece in self._objects.get(key).stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    def names(self, prefix: str) -> Iterator[str]:
        """Names of the objects below `prefix`, a batch at a time."""
        with _reached():
            for batch in self._objects.list(prefix):
                for one in batch:
                    yield one["path"]

    def drop(self, prefix: str) -> None:
        """Delete everything below `prefix`; nothing being there is no trouble."""
        with _reached():
            for batch in self._objects.list(prefix):
                for one in batch:
                    try:
                        self._objects.delete(one["path"])
                    except FileNotFoundError:
                        continue  # another process tidies too


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Missing from error
    except Exception as error:
        raise Problem(
            "store_unavailable",
            f"The place where photos are kept cannot be used ({type(error).__name__}). Go on from the last offset later.",
        ) from error


def _to_disk(path: Path) -> None:
    """Survive a power cut: the file's bytes, and its name in the folder."""
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@lru_cache(maxsize=8)
def open_store(config: Config) -> Store:
    """The store of these settings. Raises `store_unavailable`.

    The first call loads obstore: six megabytes that a process without photos does not spend.
    """
    from obstore.store import LocalStore  # noqa: PLC0415  reason: see above

    if config.photo_store.startswith("s3://"):
        return Store(_bucket(config), None)
    folder = Path(config.photo_store)
    with _reached():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Store(LocalStore(folder, automatic_cleanup=True), folder)


def _bucket(config: Config) -> "S3Store":
    """Without key and secret, those of the machine's own role are used."""
    from obstore.store import S3Store  # noqa: PLC0415  reason: see above

    place, endpoint = urlsplit(config.photo_store), config.photo_store_endpoint
    given = {
        "endpoint": endpoint,
        "access_key_id": config.photo_store_key,
        "secret_access_key": config.photo_store_secret,
        "region": config.photo_store_region,
    }
    return S3Store(
        place.netloc,
        prefix=place.path.strip("/") or None,
        config=cast("dict[str, str]", {name: value for name, value in given.items() if value}),  # type: ignore[arg-type]  # reason: names are S3Config's
        virtual_hosted_style_request=not endpoint,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "connect_timeout": "5s", "timeout": "30s"},
        retry_config={"max_retries": 3, "retry_timeout": _PATIENCE},
    )
