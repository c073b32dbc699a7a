"""Pages for people: server-rendered, without script but for notices. `pages` is the blueprint with all of them."""

from server.web import api_docs, notices, outbox, people, procedures, protocol, sign_in, sync_page, templates_page, worklist
from server.web.blueprint import pages

__all__ = [
    "api_docs",
    "notices",
    "outbox",
    "pages",
    "people",
    "procedures",
    "protocol",
    "sign_in",
    "sync_page",
    "templates_page",
    "worklist",
]
