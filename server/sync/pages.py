"""Pages of a pull as JSON text: stored bodies put side by side, without reading them."""

import json
import uuid
from typing import Any

from sqlalchemy.orm import Session

from schemas.sync_words import Synced
from server.canonical import canonical
from server.journal import feed

_NOT_FOR_TABLETS = frozenset({"email", "second_factor_since", "recovery_codes_left"})
"""Of people: a tablet needs to know who they are, not how they sign in at a desk."""
_VERSION_DIGITS = 7
"""Of the catalogue's version, as the number of its checkpoint: as many as a checkpoint can hold."""


def _page(documents: list[str], epoch: uuid.UUID, seq: int) -> str:
    return f'{{"documents":[{",".join(documents)}],"checkpoint":{{"epoch":"{epoch}","seq":{seq}}}}}'


def of_journal(session: Session, collection: Synced, epoch: uuid.UUID, after: int, limit: int) -> str:
    """What has changed after number `after`; an empty page keeps the number."""
    rows = feed.page(session, collection, after, limit)
    return _page([_document(collection, row) for row in rows], epoch, rows[-1].seq if rows else after)


def _document(collection: Synced, row: feed.Current) -> str:
    if row.body is None:
        return f'{{"_deleted":true,"id":"{row.erased_id}"}}'
    body = _person(row.body) if collection == Synced.USERS else row.body
    return '{"_deleted":false,' + body[1:]


def _person(body: str) -> str:
    return canonical({name: value for name, value in json.loads(body).items() if name not in _NOT_FOR_TABLETS})


def of_catalogue(document: dict[str, Any], epoch: uuid.UUID, known: int) -> str:
    """The one document of words and limits; nothing where its version is known."""
    number = int(document["version"][:_VERSION_DIGITS], 16)
    body = canonical(document | {"id": "catalogue", "_deleted": False})
    return _page([] if known == number else [body], epoch, number)
