"""One entry in words: what was done, with what, how much. Pure; from the wire form, where numbers stand in their own units."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from schemas.vocabulary import Anaesthesia, EntryKind, NoteTopic, Separation
from server.procedures.note.words import NOT_RECORDED, capital, clock, counted, day, joined, number, plain, sentence

Wire = Mapping[str, Any]
_TECHNIQUES = {
    Anaesthesia.TUMESCENT: "Tumescent infiltration",
    Anaesthesia.LOCAL: "Local anaesthesia",
    Anaesthesia.NERVE_BLOCK: "Nerve block",
    Anaesthesia.SEDATION: "Sedation",
    Anaesthesia.GENERAL: "General anaesthesia",
    Anaesthesia.EPIDURAL: "Epidural anaesthesia",
}
_SEPARATED = {
    Separation.DECANT: "decanted",
    Separation.CENTRIFUGE: "centrifuged",
    Separation.GAUZE_ROLL: "rolled on gauze",
    Separation.CLOSED_FILTER_BAG: "closed filter bag",
}


def _measured(entry: Wire, field: str, unit: str, before: str = "", after: str = "") -> str | None:
    value = entry.get(field)
    return None if value is None else f"{before}{number(value)} {unit}{after}"


def _word(entry: Wire, field: str, before: str = "") -> str | None:
    value = entry.get(field)
    return None if value is None else before + plain(value)


def _head(head: str, body: str) -> str:
    return f"{head}: {body}" if body else head


def checklist(entry: Wire, _scar: str) -> str:
    """One answer."""
    actor = f" (answered by {entry['actor']})" if entry.get("actor") else ""
    return f"{capital(plain(entry['phase']))}, {plain(entry['item'])}: {plain(entry['answer'])}{actor}"


def anaesthesia(entry: Wire, _scar: str) -> str:
    """A solution infiltrated, or another technique."""
    body = joined(
        (
            _measured(entry, "volume_ml", "mL"),
            _measured(entry, "lidocaine_mg_per_l", "mg/L", "lidocaine "),
            _measured(entry, "lidocaine_mg", "mg", "lidocaine "),
            _measured(entry, "adrenaline_mg_per_l", "mg/L", "adrenaline "),
            _measured(entry, "bicarbonate_meq_per_l", "mEq/L", "bicarbonate "),
            entry.get("agent"),
            _measured(entry, "wait_min", "min", "waited "),
        )
    )
    return _head(joined((_TECHNIQUES[Anaesthesia(entry["technique"])], entry.get("region"))), body)


def harvest(entry: Wire, _scar: str) -> str:
    """Fat drawn from one site."""
    ports = counted(entry["port_count"], "port") if "port_count" in entry else "ports" if "port_mm" in entry else ""
    width = _measured(entry, "port_mm", "mm", "of ")
    body = joined(
        (
            _measured(entry, "lipoaspirate_ml", "mL", after=" of lipoaspirate"),
            _measured(entry, "cannula_mm", "mm", "cannula "),
            joined((ports, width), " "),
            _word(entry, "method"),
            _measured(entry, "syringe_ml", "mL", after=" syringe"),
            _measured(entry, "negative_pressure_mmhg", "mmHg", after=" below ambient"),
        )
    )
    return _head(joined((f"Harvest, {plain(entry['site'])}", _word(entry, "side"))), body)


def preparation(entry: Wire, _scar: str) -> str:
    """Washing and separating."""
    washed = _word(entry, "wash_solution", "washed with ")
    if entry.get("wash_solution") == "none":
        washed = "not washed"
    spin = joined(
        (
            _measured(entry, "centrifuge_g", "g"),
            _measured(entry, "centrifuge_rpm", "rpm"),
            _measured(entry, "rotor_radius_cm", "cm", "rotor radius "),
            _measured(entry, "centrifuge_min", "min"),
        )
    )
    body = joined(
        (
            washed,
            _measured(entry, "wash_ml", "mL", "wash "),
            counted(entry["wash_cycles"], "cycle") if "wash_cycles" in entry else None,
            joined((_SEPARATED[entry["separation"]], spin), " at " if spin else ""),
            _measured(entry, "decant_min", "min", "stood for "),
            _measured(entry, "fat_ml", "mL", after=" of fat kept") or f"fat fraction {NOT_RECORDED}",
        )
    )
    return _head("Preparation", body)


def emulsification(entry: Wire, _scar: str) -> str:
    """One stage."""
    body = joined((counted(entry["passes"], "pass"), _word(entry, "device"), _measured(entry, "connector_mm", "mm", "connector ")))
    return _head(f"Emulsification, stage {entry['stage']}", body)


def filtration(entry: Wire, _scar: str) -> str:
    """Filtered or not, and what came out."""
    how = joined(
        (_measured(entry, "aperture_um", "µm", "filter "), counted(entry["filter_passes"], "pass") if "filter_passes" in entry else None)
    )
    added = joined((entry.get("additives"), _measured(entry, "additives_ml", "mL")))
    body = joined(
        (
            how if entry["filtered"] else None,
            f"added: {added}" if added else None,
            _measured(entry, "nanofat_ml", "mL", after=" of nanofat"),
        )
    )
    return _head("Filtration" if entry["filtered"] else "Not filtered", body)


def needle(entry: Wire) -> str:
    """What placed the product; empty when nothing is recorded."""
    gauge, cannula = _measured(entry, "needle_gauge", "G"), _measured(entry, "cannula_mm", "mm", "cannula ")
    return joined((gauge, cannula)) or joined((_word(entry, "delivery"),))


def injection(entry: Wire, scar: str) -> str:
    """Nanofat placed in one scar."""
    subcision = {True: "with subcision", False: "without subcision"}.get(entry.get("subcision", ""))
    tool = joined((_word(entry, "delivery"), _measured(entry, "needle_gauge", "G"), _measured(entry, "cannula_mm", "mm")), " ")
    body = joined(
        (
            _measured(entry, "volume_ml", "mL"),
            plain(entry["plane"]),
            tool,
            _word(entry, "technique"),
            _measured(entry, "depth_mm", "mm", "depth "),
            _measured(entry, "bolus_ml", "mL", "bolus up to "),
            _measured(entry, "syringe_ml", "mL", after=" syringe"),
            subcision,
            _word(entry, "endpoint", "end point "),
        )
    )
    return _head(f"Injection, {scar}", body)


def discard(entry: Wire, _scar: str) -> str:
    """Thrown away."""
    return f"Discarded: {number(entry['volume_ml'])} mL of {plain(entry.get('material', 'material ' + NOT_RECORDED))}"


def device(entry: Wire) -> str:
    """What identifies a device: item, lot, serial, expiry, article number; the raw scan where nothing of it was understood."""
    expires = entry.get("expires_on")
    identity = joined((entry.get("gtin") and f"GTIN {entry['gtin']}", entry.get("udi_di") and f"UDI-DI {entry['udi_di']}"))
    scan = entry.get("barcode", "").replace("\x1d", "<GS>")
    parts = (
        entry["item"],
        f"lot {entry.get('lot') or NOT_RECORDED}",
        f"serial {entry['serial']}" if entry.get("serial") else None,
        f"expires {day(date.fromisoformat(expires)) if expires else NOT_RECORDED}",
        "EXPIRED WHEN USED" if entry.get("expired") else None,
        identity or (f"scan {scan}" if scan else None),
        f"doubtful barcode ({entry['barcode_problem']})" if entry.get("barcode_problem") else None,
    )
    return joined(parts, "; ")


def device_use(entry: Wire, _scar: str) -> str:
    """A device opened."""
    at = f"at {clock(datetime.fromisoformat(entry['opened_at']))}" if entry.get("opened_at") else None
    by = f"by {entry['opened_by']}" if entry.get("opened_by") else None
    opened = joined((at, by), " ")
    return _head("Opened", joined((device(entry), opened and f"opened {opened}"), "; "))


def incident(entry: Wire, scar: str) -> str:
    """Something that went wrong, or nearly."""
    head = joined((f"Incident: {plain(entry['incident'])}", _word(entry, "severity"), scar if "scar_id" in entry else None))
    action = entry.get("action")
    return joined((sentence(head), entry.get("text"), f"Action: {action}" if action else f"Action {NOT_RECORDED}."), " ")


def note(entry: Wire, _scar: str) -> str:
    """Free text, with the item it answers."""
    topic = plain(entry.get("topic", NoteTopic.GENERAL))
    head = "Note" if topic == NoteTopic.GENERAL else f"Note on {topic}"
    return _head(head, joined((_measured(entry, "blood_loss_ml", "mL", "blood loss "), entry.get("text")), "; "))


def retraction(_entry: Wire, _scar: str) -> str:
    """An entry struck through; its text stands with the entry it names."""
    return "Retraction of an earlier entry"


_WORDS: dict[str, Callable[[Wire, str], str]] = {
    EntryKind.CHECKLIST: checklist,
    EntryKind.ANAESTHESIA: anaesthesia,
    EntryKind.HARVEST: harvest,
    EntryKind.PREPARATION: preparation,
    EntryKind.EMULSIFICATION: emulsification,
    EntryKind.FILTRATION: filtration,
    EntryKind.INJECTION: injection,
    EntryKind.DISCARD: discard,
    EntryKind.DEVICE_USE: device_use,
    EntryKind.INCIDENT: incident,
    EntryKind.NOTE: note,
    EntryKind.RETRACTION: retraction,
}


def describe(entry: Wire, scar: str) -> str:
    """The entry in one line. `scar` is the label of the scar that it names."""
    return _WORDS[entry["kind"]](entry, scar)
