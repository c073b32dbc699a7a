"""Kept connections to the servers that clinics and browsers name: never inside the house, never waited for without end."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from server.followup.channels.addresses import is_inside, open_addresses
from server.followup.channels.base import MaybeSent, NotSent, Rejected
from server.followup.channels.line import Answer, Line

MOST = 8
"""Connections held at once; the one that was used longest ago is closed first."""
TIMEOUT_S = 5
DEADLINE_S = 20
"""For the whole of one call: a stranger's server may send one byte at a time."""
LONGEST_URL = 2000
_NO_ADDRESS = "This is not an address; write it like https://clinic.example/hook."
_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~@%]+\Z")


def fault_of(address: str, *, private: bool) -> str | None:
    """What is wrong with an address that we are to call, as a sentence, or None. `private` allows this house and plain HTTP."""
    try:
        url = urlsplit(address)
        whole = bool(url.hostname) and url.port != 0 and _CHARACTERS.match(address) is not None
    except ValueError:
        return _NO_ADDRESS
    faults = (
        (url.scheme not in ({"https", "http"} if private else {"https"}), "The address must begin with https://."),
        (not whole, _NO_ADDRESS),
        (url.username is not None or url.password is not None, "The address must hold no user name and no password."),
        (bool(url.fragment), "The address must hold no part after #, which is never sent."),
        (not private and is_inside(url.hostname or ""), "The address must lead to the open internet; this one leads to a private network."),
    )
    return next((sentence for wrong, sentence in faults if wrong), None)


class Lines:
    """One `Line` for each server."""

    def __init__(self, *, private: bool) -> None:
        """`private` allows addresses inside the house."""
        self._private = private
        self._open: OrderedDict[tuple[str, str], Line] = OrderedDict()

    def post(self, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer. Raises Rejected for an address that may not be called. A failure is this server's and nobody else's."""
        if fault_of(url.geturl(), private=self._private):
            raise Rejected("bad_address")
        key = (url.scheme, url.netloc)
        line = self._open.pop(key, None) or self._line(url)
        self._open[key] = line
        while len(self._open) > MOST:
            self._open.popitem(last=False)[1].close()
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            return line.post(target, body, headers)
        except Rejected:
            raise
        except NotSent as error:
            raise (MaybeSent if isinstance(error, MaybeSent) else NotSent)(error.error, wait_s=error.wait_s) from None

    def _line(self, url: SplitResult) -> Line:
        return Line(url, addresses=None if self._private else open_addresses, timeout_s=TIMEOUT_S, deadline_s=DEADLINE_S)

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._open.values():
            line.close()
        self._open.clear()
