"""What the journal's page calls the clinic's records, and what was done to them."""

from server.web.words import Said

COLLECTIONS = {
    "patients": "Patient",
    "scars": "Scar",
    "procedures": "Procedure",
    "entries": "Entry",
    "signatures": "Signature",
    "addenda": "Addendum",
    "photos": "Photograph",
    "photo_consents": "Consent to showing photographs",
    "photo_grades": "Grade of a photograph",
    "rating_pairs": "Pair of photographs for the raters",
    "rating_queues": "A rater’s order",
    "ratings": "Rating",
    "visits": "Visit",
    "assessments": "Assessment",
    "instruments": "Instrument",
    "licences": "Licence of an instrument",
    "responses": "Questionnaire",
    "scores": "Score",
    "findings": "Finding of an assessment",
    "scar_measurements": "Scar measured again",
    "redness": "Redness as seen",
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
    "start": "begun",
    "complete": "completed",
    "cancel": "cancelled",
    "abandon": "abandoned",
    "withdraw": "withdrawn",
    "sign": "signed",
    "send": "sent",
    "deliver": "delivered",
    "expire": "expired",
    "suppress": "not sent",
    "book": "booked",
    "attend": "attended",
    "close": "closed",
    "acknowledge": "taken on by somebody",
    "escalate": "told again, nobody being on it",
    "open": "opened",
    "review": "reviewed",
    "store": "stored",
    "fail": "failed",
    "thumbnails": "given small copies",
    "erase": "erased on request",
    "confirm_by_link": "confirmed by link",
    "confirm_by_sms": "confirmed by text message",
    "unconfirm_by_link": "no longer confirmed, by link",
    "stop_by_staff": "reminders stopped by staff",
    "enrol_second_factor": "given an authenticator app",
    "drop_second_factor": "without an authenticator app",
    "set_pin": "given a PIN",
    "lock": "locked",
    "pair": "paired",
    "rename": "renamed",
    "revoke": "revoked",
    "retire": "retired",
    "rotate": "changed",
}
CHECKPOINT = {True: Said("Signed", "disc"), False: Said("None yet", "ring")}
"""Whether there is one."""

DRILLS = {"passed": Said("Passed", "disc"), "FAILED": Said("Failed", "cross", open=True), "not shown here": Said("Not shown", "question")}


def drilled(word: str) -> Said:
    """How a drill ended; a word that is not known here has shown nothing."""
    return DRILLS.get(word, DRILLS["not shown here"])


def action(word: str) -> str:
    """`recorded`; a word that has no better one is said as it is."""
    return _ACTIONS.get(word, word.replace("_", " "))
