"""Photographs keep to their lane: so many at once in a process, so that threads are always left for facts."""

import threading

from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState

from server.config import Config
from server.http import own_transaction
from server.photos.service.receiving import Desk
from server.photos.store import open_store
from server.problems import Problem

RECEIVING, SENDING = "graftlog-receiving", "graftlog-sending"


class Lane:
    """A number of places. Whoever finds none free is told to come back, and waits elsewhere than in a thread."""

    def __init__(self, places: int) -> None:
        """How many at once."""
        self._free = threading.BoundedSemaphore(places)

    def enter(self) -> None:
        """Take a place. Raises `busy`."""
        if not self._free.acquire(blocking=False):
            raise Problem("busy", "Facts go first. Try again in a moment, from the same offset.")

    def leave(self) -> None:
        """Give it back."""
        self._free.release()


def open_lanes(routes: Blueprint) -> None:
    """Give each application that registers these routes its lanes."""

    def opened(state: BlueprintSetupState) -> None:
        config: Config = state.app.config["GRAFTLOG"]
        state.app.extensions.setdefault(RECEIVING, Lane(config.uploads_at_once))
        state.app.extensions.setdefault(SENDING, Lane(max(1, config.uploads_at_once // 2)))

    routes.record(opened)


def lane(name: str) -> Lane:
    """RECEIVING or SENDING."""
    found: Lane = current_app.extensions[name]
    return found


def config() -> Config:
    """The settings."""
    found: Config = current_app.config["GRAFTLOG"]
    return found


def desk() -> Desk:
    """Where this request's bytes are taken in or given out."""
    return Desk(own_transaction, open_store(config()), config().spool, config().keys)
