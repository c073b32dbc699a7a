"""From lipoaspirate to nanofat, and where the nanofat went: two bars on one scale, then the nanofat drawn large."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from server.procedures.note.words import amount, glued, listed, number

_SVG = Markup('<svg class="balance" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')
_ROW = Markup(
    '<text class="balance-name" x="0" y="{}">{}</text><rect class="{}" x="0" y="{}" width="{:.2f}%" height="14"><title>{}</title></rect>'
)
_PART = Markup('<rect class="bar-{}" x="{:.2f}%" y="{}" width="{:.2f}%" height="18"><title>{}</title></rect>')
_ZOOM = Markup('<line class="balance-zoom" x1="{:.2f}%" y1="{}" x2="100%" y2="{}"/>')
_PARTS = ("injected", "discarded", "left")


def parts(totals: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """What became of the nanofat made, in mL; None where nothing is recorded."""
    left = totals["residual_ml"]
    return list(zip(_PARTS, (totals["injected_ml"], totals["discarded_ml"], None if left is None else max(left, 0)), strict=True))


def caption(totals: Mapping[str, Any]) -> str:
    """`5.4 of 12 mL made · 6.6 mL discarded`, from the same totals that are drawn."""
    made, injected = totals["nanofat_ml"], totals["injected_ml"]
    if made is None:
        return glued(f"Nanofat made: not recorded · injected: {amount(injected, 'mL')}")
    said = [f"{'Nothing recorded' if injected is None else number(injected)} of {amount(made, 'mL')} made"]
    said += [f"{amount(ml, 'mL')} {name}" for name, ml in parts(totals)[1:] if ml]
    over = (injected or 0) + (totals["discarded_ml"] or 0) - made
    if over > 0:
        said.append(f"{amount(round(over, 3), 'mL')} more than was made")
    return glued(" · ".join(said))


def balance(totals: Mapping[str, Any]) -> Markup | None:
    """The drawing; None while no nanofat was made."""
    made, aspirate = totals["nanofat_ml"], totals["lipoaspirate_ml"]
    if not made:
        return None
    drawn, y = [], 0
    scale = max(made, aspirate or 0)
    for name, ml, css in (("Lipoaspirate", aspirate, "bar-lipoaspirate"), ("Nanofat made", made, "bar-made")):
        words = f"{name} {amount(ml, 'mL')}"
        drawn.append(_ROW.format(y + 13, words, css, y + 19, 100 * (ml or 0) / scale, words))
        y += 42
    drawn.append(_ZOOM.format(100 * made / scale, y - 9, y + 4))
    whole, begin = max(made, sum(ml or 0 for _, ml in parts(totals))), 0.0
    for name, ml in parts(totals):
        if ml:
            drawn.append(_PART.format(name, begin, y + 4, 100 * ml / whole, f"{name.capitalize()} {amount(ml, 'mL')}"))
            begin += 100 * ml / whole
    said = [f"Lipoaspirate {amount(aspirate, 'mL')}", f"nanofat made {amount(made, 'mL')}"]
    said += [f"{name} {amount(ml, 'mL')}" for name, ml in parts(totals)]
    return _SVG.format(y + 24, listed(said), Markup("").join(drawn))
