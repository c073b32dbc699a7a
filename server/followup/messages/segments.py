"""How many segments a text message takes: the GSM 7-bit alphabet of 3GPP TS 23.038, or UCS-2 as soon as one letter is not in it."""

from dataclasses import dataclass

GSM_7, UCS_2 = "GSM-7", "UCS-2"
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: an escape and itself."""

ALONE = {GSM_7: 160, UCS_2: 70}
JOINED = {GSM_7: 153, UCS_2: 67}
"""Units in each segment of several: the rest of its 140 octets says which part it is."""


@dataclass(frozen=True)
class Segments:
    """What a text takes. `length` counts septets (GSM-7) or 16-bit units (UCS-2); `odd_letters` are those that force UCS-2, each once."""

    encoding: str
    length: int
    segments: int
    odd_letters: str

    def document(self) -> dict[str, str | int]:
        """Wire form."""
        return {"encoding": self.encoding, "length": self.length, "segments": self.segments, "odd_letters": self.odd_letters}


def segments_of(text: str) -> Segments:
    """Count as a network does: a letter of two units is never cut in two, so it may leave a segment one unit short."""
    odd = "".join(dict.fromkeys(letter for letter in text if letter not in BASIC and letter not in EXTENSION))
    encoding = UCS_2 if odd else GSM_7
    units = [_units(letter, encoding) for letter in text]
    length = sum(units)
    return Segments(encoding, length, 1 if length <= ALONE[encoding] else _joined(units, JOINED[encoding]), odd)


def _units(letter: str, encoding: str) -> int:
    if encoding == UCS_2:
        return 2 if ord(letter) > 0xFFFF else 1  # noqa: PLR2004  reason: the last letter that fits 16 bits
    return 2 if letter in EXTENSION else 1


def _joined(units: list[int], room: int) -> int:
    count, used = 1, 0
    for size in units:
        if used + size > room:
            count, used = count + 1, 0
        used += size
    return count
