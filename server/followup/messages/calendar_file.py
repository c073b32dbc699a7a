"""The appointment as a file for the patient's own calendar (RFC 5545). Times are UTC, so it needs no zone."""

import re
import uuid
from datetime import UTC, datetime, timedelta

LASTS = timedelta(minutes=30)
LONGEST_LINE = 75
"""Octets, without the line's end."""
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def calendar_file(
    *,
    visit_id: uuid.UUID,
    generation: int,
    starts_at: datetime,
    written_at: datetime,
    summary: str,
    description: str = "",
    cancelled: bool = False,
) -> bytes:
    """One event. A later file about the same visit replaces it: its generation is not smaller and its stamp is later."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Graftlog//Follow-up//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{visit_id}@graftlog",
        f"SEQUENCE:{generation}",
        f"DTSTAMP:{_utc(written_at)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(starts_at.astimezone(UTC) + LASTS)}",
        f"SUMMARY:{_text(summary)}",
        *([f"DESCRIPTION:{_text(description)}"] if description else []),
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escaped, and free of what no calendar may hold."""
    plain = _UNSEEN.sub(" ", text.replace("\r\n", "\n"))
    for letter in "\\;,":
        plain = plain.replace(letter, f"\\{letter}")
    return plain.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, cut between letters; each further piece begins with a space."""
    if len(line) * 4 <= LONGEST_LINE or len(line.encode()) <= LONGEST_LINE:
        return line.encode() + b"\r\n"
    pieces, piece = [], bytearray()
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > LONGEST_LINE:
            pieces.append(bytes(piece))
            piece = bytearray(b" ")
        piece += octets
    return b"\r\n".join([*pieces, bytes(piece)]) + b"\r\n"
