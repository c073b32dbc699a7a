"""What the patient's page calls things: the parts of the timeline, consent and contact, photographs and how far a pair can be compared."""

from schemas.questions import Given
from schemas.vocabulary import AlertKind, CallOutcome, ConsentPurpose, PhotoFlaw, PhotoKind, PhotoQuality, PhotoState, PhotoView
from server.followup.service.answers import BY_LINK, BY_PHONE
from server.web.words import Said
from server.web.worklist_words import OUTCOMES

PARTS = {
    "procedures": "Procedures",
    "visits": "Visits",
    "messages": "Messages",
    "answers": "Answers",
    "alerts": "Alerts",
    "calls": "Calls",
    "photos": "Photographs",
    "assessments": "Assessments",
    "responses": "Questionnaires",
}
"""Of the timeline: each is read by itself, so that one that cannot be read leaves the others standing."""

ALERTS = {
    AlertKind.RED_FLAG: "Red flag",
    AlertKind.CONCERNING_ANSWER: "Concerning answer",
    AlertKind.WANTS_A_CALL: "Asked for a call",
    AlertKind.WANTS_ANOTHER_TIME: "Asked for another time",
    AlertKind.BAD_CONTACT: "Address found to be wrong",
}
CALLS = {
    outcome: Said(OUTCOMES[outcome], shape)
    for outcome, shape in (
        (CallOutcome.BOOKED, "disc"),
        (CallOutcome.CALL_LATER, "quarter"),
        (CallOutcome.ANSWERED, "disc"),
        (CallOutcome.DECLINED, "slashed"),
        (CallOutcome.WRONG_NUMBER, "cross"),
        (CallOutcome.NO_ANSWER, "ring"),
    )
}
QUESTIONS = {"redness": "Is the skin still red?", "red_flags": "Is one of the red flags there?", "worse": "Has something got worse?"}
GIVEN = {Given.YES: Said("Yes", "disc"), Given.NO: Said("No", "disc"), Given.NOT_SURE: Said("Not sure", "question")}
CONCERNING = {
    Given.YES: Said("Yes, concerning", "triangle", open=True),
    Given.NO: Said("No, concerning", "triangle", open=True),
    Given.NOT_SURE: Said("Not sure, concerning", "triangle", open=True),
}
STANDING = {True: Said("Open", "triangle", open=True), False: Said("Closed", "disc")}
"""Of an alert: whether it is open."""

REMINDERS = {True: Said("Agrees to reminders", "tick"), False: Said("Wants no reminders", "slashed", open=True)}
CONSENT = {True: Said("Given", "tick"), False: Said("Not recorded", "question", open=True)}
VIA = {BY_LINK: "by the patient’s link", BY_PHONE: "by phone"}
PHOTOS = {
    PhotoState.STORED: Said("Stored", "disc"),
    PhotoState.ANNOUNCED: Said("On its way, not here yet", "quarter", open=True),
    PhotoState.FAILED: Said("Unusable", "cross", open=True),
    PhotoState.ERASED: Said("Erased", "slashed"),
}
VIEWS = {
    PhotoView.FRONT: "Front",
    PhotoView.LEFT_OBLIQUE: "Left oblique",
    PhotoView.RIGHT_OBLIQUE: "Right oblique",
    PhotoView.LEFT_PROFILE: "Left profile",
    PhotoView.RIGHT_PROFILE: "Right profile",
    PhotoView.CLOSE_UP: "Close-up",
    PhotoView.OTHER: "Other",
}
KINDS = {
    PhotoKind.BASELINE: "before the procedure",
    PhotoKind.INTRAOPERATIVE: "during the procedure",
    PhotoKind.FOLLOW_UP: "at follow-up",
}
CONSENTS = {
    True: Said("Agrees", "tick"),
    False: Said("Taken back", "slashed", open=True),
    None: Said("Nobody has asked", "question", open=True),
}
PURPOSES = {
    ConsentPurpose.RECORD: "For the treatment",
    ConsentPurpose.RATING: "For raters who do not know whose face it is",
    ConsentPurpose.TEACHING: "For teaching",
    ConsentPurpose.PUBLICATION: "For publication",
}
QUALITIES = {
    PhotoQuality.GOOD: Said("Good", "tick"),
    PhotoQuality.USABLE: Said("Usable", "half"),
    PhotoQuality.POOR: Said("Poor", "cross", open=True),
    None: Said("Not graded", "ring"),
}
FLAWS = {
    PhotoFlaw.LIGHT: "Light",
    PhotoFlaw.FOCUS: "Sharpness",
    PhotoFlaw.DISTANCE: "Distance",
    PhotoFlaw.POSE: "Pose",
    PhotoFlaw.EXPRESSION: "Expression",
    PhotoFlaw.COVERED: "Something in the way",
}
PAIRS = {
    "view": Said("Same view", "tick"),
    "size_unknown": Said("Size not compared", "question"),
    "held": Said("Held alike", "tick"),
    "held_differently": Said("Held differently", "triangle", open=True),
    "shape": Said("Same shape", "tick"),
    "another_shape": Said("Another shape", "triangle", open=True),
    "fine": Said("About as fine", "tick"),
    "less_fine": Said("Not as fine", "triangle", open=True),
}
"""What can be computed about two photographs."""
