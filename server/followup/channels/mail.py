"""A parcel as an e-mail in bytes. Written by hand, because the library's folding of headers takes longer than the sending."""

import base64
import binascii
import re
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from functools import lru_cache

from server import clock
from server.followup.channels.base import NotSent, Parcel, Rejected

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_PLAIN_NAME = re.compile(rf"(?:{_ATOM}| )*\Z")
_LOOKS_ENCODED = "=?"
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 253
_LINE = 76
_WORD = 39
"""Bytes in one encoded word of RFC 2047: 52 characters in base64, 64 with what stands around them, so a header's name fits before it."""
_LONGEST_WORD = 900
"""A line of mail holds 998 characters at most."""

OWN_HEADERS = frozenset({"from", "to", "subject", "date", "message-id", "mime-version"})


@dataclass(frozen=True)
class Mail:
    """Ready to be handed over. `data` has CRLF line ends and is ASCII, so every server takes it."""

    sender: str
    recipient: str
    message_id: str
    data: bytes


def build(parcel: Parcel, mail_from: str) -> Mail:
    """The e-mail, in the sender's name, from the address in `mail_from`. Raises Rejected for their address, NotSent for all else."""
    try:
        recipient = spec(parcel.to)
    except ValueError:
        raise Rejected("bad_address") from None
    try:
        return _written(parcel, recipient, mail_from)
    except ValueError:
        raise NotSent("cannot_be_written") from None


def _written(parcel: Parcel, recipient: str, mail_from: str) -> Mail:
    sender = _own(mail_from)
    message_id = message_id_of(parcel, mail_from)
    head = [
        _address("From", parcel.sender_name, sender),
        _address("To", parcel.to_name, recipient),
        _text("Subject", parcel.subject),
        f"Date: {_one_line(parcel.date) or format_datetime(clock.now())}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        f"Content-Language: {_one_line(parcel.language)}",
        *(_text(name, value) for name, value in parcel.headers.items() if _may_be_sent(name)),
        "MIME-Version: 1.0",
    ]
    body = _mixed(parcel) if parcel.calendar else _alternatives(parcel)
    return Mail(sender, recipient, message_id, ("\r\n".join([*head, body]).removesuffix("\r\n") + "\r\n").encode("ascii"))


def message_id_of(parcel: Parcel, mail_from: str) -> str:
    """The same for the same message, whenever it is built."""
    return f"<{parcel.key}@{_own(mail_from).rpartition('@')[2]}>"


@lru_cache(maxsize=16)
def _own(mail_from: str) -> str:
    return spec(parseaddr(mail_from)[1])


def spec(address: str) -> str:
    """`local@domain` as servers take it: an international domain in its ASCII form. Raises ValueError for what none takes."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    if not local or len(local) > _LONGEST_LOCAL or len(domain) > _LONGEST_DOMAIN or not _DOMAIN.match(domain):
        raise ValueError("not an address that mail servers take")
    if not _DOT_ATOM.match(local):
        if not local.isascii() or not local.isprintable():
            raise ValueError("not an address that mail servers take")
        if not (local.startswith('"') and local.endswith('"') and len(local) > 1):
            local = _quoted(local)
    return f"{local}@{domain}"


def _may_be_sent(name: str) -> bool:
    if not _HEADER.match(name) or name.lower() in OWN_HEADERS or name.lower().startswith("content-"):
        raise ValueError("a header that is not the parcel's to set")
    return True


def _one_line(text: str) -> str:
    """Safe in a header: no line breaks, no control characters."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _address(header: str, name: str, address: str) -> str:
    name = _one_line(name)
    if not name:
        return f"{header}: {address}"
    if not name.isascii() or _LOOKS_ENCODED in name:
        shown = _encoded(name)
    elif _PLAIN_NAME.match(name) and len(name) <= _LINE:
        shown = name
    else:
        shown = _quoted(name) if len(name) <= _LINE else _encoded(name)
    line = f"{header}: {shown} <{address}>"
    last = len(line) - line.rfind("\n") - 1
    return line if last <= _LINE else f"{header}: {shown}\r\n <{address}>"


def _text(header: str, value: str) -> str:
    """A header of free text: as it stands where that is one plain line, folded or encoded where not."""
    value = _one_line(value)
    if not value.isascii() or _LOOKS_ENCODED in value or (len(value) > _LONGEST_WORD and max(map(len, value.split(" "))) > _LONGEST_WORD):
        return f"{header}: {_encoded(value)}"
    line = f"{header}: {value}"
    return line if len(line) <= _LINE else _folded(header, value)


def _folded(header: str, value: str) -> str:
    """Broken at spaces only: a word longer than a line stays whole, which is how addresses of pages must travel."""
    lines, line = [], f"{header}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _LINE and not line.endswith(":"):
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return "\r\n".join([*lines, line])


def _encoded(text: str) -> str:
    """RFC 2047, cut between characters, one encoded word to a line."""
    words, piece = [], bytearray()
    for character in text:
        more = character.encode()
        if len(piece) + len(more) > _WORD:
            words.append(bytes(piece))
            piece.clear()
        piece += more
    words.append(bytes(piece))
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _alternatives(parcel: Parcel) -> str:
    edge = f"=_{parcel.key.hex}_alternative"  # no encoded body can hold "=_"
    parts = [_part("text/plain; charset=utf-8", parcel.text)]
    if parcel.html:
        parts.append(_part("text/html; charset=utf-8", parcel.html))
    if parcel.calendar:
        parts.append(_binary(f"text/calendar; charset=utf-8; method={_method(parcel)}", parcel.calendar))
    return parts[0] if len(parts) == 1 else _multipart("alternative", edge, parts)


def _mixed(parcel: Parcel) -> str:
    """Some programs read the calendar among the alternatives, others only as an attached file."""
    file = 'application/ics; name="appointment.ics"\r\nContent-Disposition: attachment; filename="appointment.ics"'
    return _multipart("mixed", f"=_{parcel.key.hex}_mixed", [_alternatives(parcel), _binary(file, parcel.calendar or b"")])


def _method(parcel: Parcel) -> str:
    if not parcel.calendar_method.isalpha() or not parcel.calendar_method.isascii():
        raise ValueError("not a calendar method")
    return parcel.calendar_method


def _multipart(kind: str, edge: str, parts: list[str]) -> str:
    inner = "".join(f"--{edge}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind};\r\n boundary="{edge}"\r\n\r\n{inner}--{edge}--'


def _part(kind: str, text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").replace("\n", "\r\n") + "\r\n"
    body = binascii.b2a_qp(lines.encode(errors="replace")).decode("ascii")
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{body}"


def _binary(kind: str, data: bytes) -> str:
    body = base64.encodebytes(data).decode("ascii").rstrip("\n").replace("\n", "\r\n")
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"
