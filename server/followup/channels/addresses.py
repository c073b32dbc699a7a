"""Which addresses a stranger's URL may lead to: those of the open internet, and none inside the house."""

import ipaddress
import socket

from server.followup.channels.base import NotSent, Rejected

MOST = 2
"""Tried of one name: each may take the whole of its timeout."""
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_TRANSLATED_6 = ipaddress.ip_network("64:ff9b::/96")


def is_open(address: str) -> bool:
    """Whether this IP address belongs to the open internet, also when it hides inside an IPv6 form."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_open(str(found.ipv4_mapped))
        if found in _TRANSLATED_6:
            return is_open(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.sixtofour is not None or found.teredo is not None or found not in _GLOBAL_6:
            return False
    return found.is_global and not found.is_multicast


def is_inside(host: str) -> bool:
    """Whether a URL's host names, without asking anybody, something that is not on the open internet."""
    try:
        return not is_open(host)
    except ValueError:
        return (
            host.rstrip(".").casefold().rpartition(".")[2] in {"localhost", "local", "internal", "localdomain", "arpa"} or "." not in host
        )


def open_addresses(host: str, port: int) -> list[str]:
    """The host's addresses. Raises Rejected when one of them lies inside the house: a name must not lead there by turns."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise NotSent("NameResolutionError") from None
    if not all(map(is_open, found)):
        raise Rejected("private_address")
    return list(dict.fromkeys(found))[:MOST]
