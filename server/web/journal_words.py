"""What the journal's page calls the clinic's records, and what was done to them."""

COLLECTIONS = {
    "patients": "Patient",
    "scars": "Scar",
    "procedures": "Procedure",
    "entries": "Entry",
    "signatures": "Signature",
    "addenda": "Addendum",
    "photos": "Photograph",
    "visits": "Visit",
    "reminders": "Message",
    "answers": "Answer",
    "alerts": "Alert",
    "calls": "Call",
    "protocols": "Protocol",
    "message_templates": "Text of a message",
    "pauses": "Pause of sending",
    "push_subscriptions": "Device for notices",
    "webhook_endpoints": "Address of another system",
    "sync_issues": "Row kept for a person",
    "users": "Person",
    "devices": "Tablet",
    "pin_tries": "Wrong PINs",
    "reset_links": "Link for a new password",
    "emergency_accesses": "Emergency access",
    "erasures": "Erasure",
    "signing_keys": "Signing key",
    "photo_keys": "Key of photographs",
    "clinics": "The clinic’s settings",
    "epochs": "The journal’s counting",
}
_ACTIONS = {
    "create": "recorded",
    "change": "changed",
    "sign": "signed",
    "erase": "erased on request",
    "close": "closed",
    "store": "stored",
    "thumbnails": "small copies made",
    "start": "begun",
    "fail": "failed",
}


def action(word: str) -> str:
    """`recorded`; a word that has no better one is said as it is."""
    return _ACTIONS.get(word, word.replace("_", " "))
