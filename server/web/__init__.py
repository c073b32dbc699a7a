"""Pages for people: server-rendered, no script. `pages` is the blueprint with all of them."""

from server.web import api_docs, outbox, procedures, protocol, sign_in, templates_page, worklist
from server.web.blueprint import pages

__all__ = ["api_docs", "outbox", "pages", "procedures", "protocol", "sign_in", "templates_page", "worklist"]
