"""Pages for people: server-rendered, without script but for notices. `pages` is the blueprint with all of them."""

from server.web import (
    account,
    api_docs,
    emergency_page,
    new_record,
    notices,
    outbox,
    people,
    persons,
    plan_page,
    procedures,
    protocol,
    readers_page,
    sign_in,
    styleguide,
    sync_page,
    templates_page,
    worklist,
)
from server.web.blueprint import pages

__all__ = [
    "account",
    "api_docs",
    "emergency_page",
    "new_record",
    "notices",
    "outbox",
    "pages",
    "people",
    "persons",
    "plan_page",
    "procedures",
    "protocol",
    "readers_page",
    "sign_in",
    "styleguide",
    "sync_page",
    "templates_page",
    "worklist",
]
