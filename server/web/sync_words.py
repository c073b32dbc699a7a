"""What the page about tablets' rows calls things, and what each decision does."""

from schemas.sync_words import Choice, IssueKind, Synced

TITLES = {
    IssueKind.CONFLICT: "Two people changed the same",
    IssueKind.QUARANTINED: "Could not be taken as it came",
    IssueKind.POSSIBLE_DUPLICATE: "Perhaps recorded twice",
    IssueKind.GAP: "Something has not arrived",
    IssueKind.LATE: "Arrived after the signature",
    IssueKind.UNVERIFIED: "Named, but not signed in",
    IssueKind.HELD: "Waits for something else",
    IssueKind.CLOCK: "A clock is wrong",
}
"""In the order in which the page counts them: first what keeps a value out of the record or doubles it."""

EXPLAINED = {
    IssueKind.CONFLICT: "The record keeps its value until somebody decides. Both are shown.",
    IssueKind.QUARANTINED: "It is kept exactly as it was sent, and is not in the record. Correct what stands in its way, then release it.",
    IssueKind.POSSIBLE_DUPLICATE: "Two tablets recorded the same within a minute. Both are in the record and both are counted.",
    IssueKind.GAP: "Bring the tablet to the network. Signing lists what is missing.",
    IssueKind.LATE: "It is in the record, outside what was signed. Add a signed addendum about it.",
    IssueKind.UNVERIFIED: "These entries are in the record. Confirm that this person made them, or retract them in the procedure.",
    IssueKind.HELD: "It is taken by itself as soon as that arrives.",
    IssueKind.CLOCK: "The times of its entries are kept as it wrote them; their order is that of its own counter.",
}
BUTTONS = {
    Choice.RELEASE: "Release into the record",
    Choice.REJECT: "Reject, with the note as reason",
    Choice.KEEP_SERVER: "Keep the record's value",
    Choice.TAKE_OTHER: "Take the tablet's value",
    Choice.BOTH_ARE_REAL: "Both are real",
    Choice.RETRACT: "Retract the second one",
    Choice.ADDENDUM_WRITTEN: "The addendum is written",
    Choice.NO_ADDENDUM: "No addendum is needed",
    Choice.LOST: "It is lost for good",
    Choice.CONFIRM: "Confirm",
    Choice.SEEN: "Seen",
}
DECIDED = {
    Choice.RELEASE: "Released: it is in the record now.",
    Choice.REJECT: "Rejected. It stays in the history.",
    Choice.KEEP_SERVER: "The record keeps its value. The other one stays in the history.",
    Choice.TAKE_OTHER: "The tablet's value is in the record now. The one before stays in the history.",
    Choice.BOTH_ARE_REAL: "Both entries count.",
    Choice.RETRACT: "The second entry is struck through.",
    Choice.ADDENDUM_WRITTEN: "Settled by the addendum.",
    Choice.NO_ADDENDUM: "Settled without an addendum.",
    Choice.LOST: "Noted as lost. Signing no longer lists it.",
    Choice.CONFIRM: "Confirmed.",
    Choice.SEEN: "Noted.",
    Choice.ARRIVED: "It has arrived in the meantime.",
}
_THINGS: dict[str, str] = {
    Synced.PATIENTS: "Patient",
    Synced.SCARS: "Scar",
    Synced.PROCEDURES: "Procedure",
    Synced.ENTRIES: "Entry",
    Synced.PHOTOS: "Photograph",
    Synced.VISITS: "Visit",
}


def thing(collection: str) -> str:
    """What a row is about, for a heading."""
    return _THINGS.get(collection, "Tablet")


def field(name: str) -> str:
    """A wire field's name for people: `weight_kg` is Weight (kg)."""
    if name == "mrn":
        return "Record number"
    head, _, unit = name.rpartition("_")
    if unit in {"kg", "cm", "mm", "ml", "um", "cm2", "min", "mg"} and head:
        return f"{head.replace('_', ' ').capitalize()} ({ {'um': 'µm', 'ml': 'mL', 'cm2': 'cm²'}.get(unit, unit) })"
    return name.replace("_", " ").capitalize()


def value(raw: object) -> str:
    """A wire value for people."""
    if raw is None or raw == "":
        return "nothing"
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, dict):
        return "; ".join(f"{field(name)}: {value(inner)}" for name, inner in raw.items()) or "nothing"
    if isinstance(raw, list):
        return ", ".join(value(inner) for inner in raw) or "nothing"
    return str(raw)
