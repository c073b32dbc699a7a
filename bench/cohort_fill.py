"""Fill a clinic with whole outcomes: procedures with a dozen facts, visits, messages, answers, redness, assessments and ratings.

Every procedure is a row of `bench_cohort`, from whose number `i` all its rows follow: nobody has to hold a million of them in memory.
"""

import sqlalchemy as sa

from bench import bulk
from bench.cohort_sql import EACH_PATIENT, Fill, choice, flag, several, text_of
from bench.place import Place
from server import clock
from tests import make

SCARS = 2
STEPS = (("d7", 7), ("d14", 14), ("d21", 21), ("d28", 28), ("2w", 14), ("3m", 90), ("1y", 365))
SCALES = ("appearance", "decision", "outcome", "skin")
RATED = 10
"""Photographs of one procedure in so many were shown to the raters, who are people."""


def statements(fill: Fill, surgeons: list[str], raters: list[str]) -> list[str]:
    """In an order in which triggers take the rows."""
    place, me = fill.place, fill.key(surgeons[0])
    operating = "CASE n.i % 4 " + " ".join(f"WHEN {k} THEN {fill.key(one)}" for k, one in enumerate(surgeons)) + " END"
    first = f"n.i % {EACH_PATIENT} > 0"
    scars, injected, steps = several(place, SCARS), several(place, SCARS), several(place, len(STEPS))
    days = "CASE m.k " + " ".join(f"WHEN {k} THEN {day}" for k, (_, day) in enumerate(STEPS, 1)) + " END"
    words = "CASE m.k " + " ".join(f"WHEN {k} THEN '{step}'" for k, (step, _) in enumerate(STEPS, 1)) + " END"
    today = clock.now().date()
    past = f"{fill.after(days)} <= '{today}'"
    came = "(n.i * 7 + m.k * 3) % 10 < 7"
    state = f"CASE WHEN NOT ({past}) THEN 'planned' WHEN NOT ({came}) THEN 'missed' WHEN m.k <= 4 THEN 'answered' ELSE 'attended' END"
    entry = {"recorded_at": fill.at("09:00:00"), "recorded_by": me, "procedure_id": fill.id("02")}

    def fact(kind: str, number: int, **said: str) -> str:
        return fill.insert("entries", entry | {"id": fill.id("04", more=str(number)), "kind": f"'{kind}'"} | said)

    response = {"visit_id": fill.id("05", more="m.k"), "procedure_id": fill.id("02")}
    asked = f"m.k > 4 AND {past} AND {came}"
    photo = {
        "id": fill.id("0a", more="m.k"),
        "procedure_id": fill.id("02"),
        "view": "'front'",
        "state": "'announced'",
        "thumbnails": "'waiting'",
    }
    rated = f"n.i % {RATED} = 1"
    pair, grade = fill.id("0b"), "(n.i / 10 + m.k) % 5 - 1"
    rater = "CASE m.k " + " ".join(f"WHEN {k} THEN {fill.key(one)}" for k, one in enumerate(raters, 1)) + " END"
    return [
        fill.insert(
            "patients",
            {"id": fill.patient(), "mrn": text_of(place, "n.i"), "sex": choice("n.i", ("female", "female", "male")), "language": "'en'"},
            where=first,
        ),
        fill.insert(
            "scars",
            {
                "id": fill.scar("m.k"),
                "label": "'cheek'",
                "subunit": choice("n.i + m.k", ("cheek_medial", "cheek_buccal", "temple", "chin", "forehead")),
                "side": choice("n.i", ("left", "right")),
                "morphology": choice("n.i", ("boxcar_deep", "rolling", "depressed_linear")),
                "aetiology": choice("n.i", ("acne", "trauma")),
                "length_um": "10000",
                "width_um": "4000 + 1000 * (n.i % 7)",
            },
            scars,
            first,
        ),
        fill.insert(
            "procedures",
            {
                "id": fill.id("02"),
                "surgeon_id": operating,
                "state": "'completed'",
                "planned_for": fill.at("08:00:00"),
                "started_at": fill.at("08:00:00"),
                "ended_at": fill.at("09:30:00"),
                "title": "'Nanofat injection of depressed facial scars'",
                "urgency": "'elective'",
                "patient_id": fill.patient(),
            },
        ),
        fact("harvest", 1, site="'lower_abdomen'", lipoaspirate_ul="50000 + 1000 * (n.i % 20)"),
        fact("preparation", 2, fat_ul="32000"),
        fact("emulsification", 3, stage="1", passes="30"),
        fact("emulsification", 4, stage="2", passes="25 + n.i % 10"),
        fact("filtration", 5, filtered="1" if place.is_sqlite else "true", nanofat_ul="10000 + 500 * (n.i % 9)"),
        fact("discard", 6, volume_ul="2000"),
        *(fact("note", number) for number in (7, 8, 9, 10)),
        fill.insert(
            "entries",
            entry
            | {
                "id": fill.id("06", more="m.k"),
                "kind": "'injection'",
                "scar_id": fill.scar("m.k"),
                "volume_ul": "500 + 100 * ((n.i + m.k) % 25)",
                "plane": "'intradermal'",
            },
            injected,
        ),
        fill.insert(
            "entries",
            entry | {"id": fill.id("07"), "kind": "'retraction'", "retracts": fill.id("06", more="1"), "reason": "'a slip'"},
            where="n.i % 100 = 0",
        ),
        fill.insert(
            "visits",
            {
                "id": fill.id("05", more="m.k"),
                "step": words,
                "title": words,
                "kind": "CASE WHEN m.k <= 4 THEN 'check_in' ELSE 'visit' END",
                "protocol_version": "'default-1'",
                "target_date": fill.after(days),
                "opens_on": fill.after(days),
                "closes_on": fill.after(days),
                "state": state,
            },
            steps,
        ),
        fill.insert(
            "reminders",
            {
                "id": fill.id("08", more="m.k"),
                "visit_id": fill.id("05", more="m.k"),
                "procedure_id": fill.id("02"),
                "patient_id": fill.patient(),
                "purpose": "'near'",
                "recipient": "'patient'",
                "channel": "'sms'",
                "state": f"CASE WHEN {past} THEN 'delivered' ELSE 'pending' END",
                "idempotency_key": fill.id("08", more="m.k"),
            },
            steps,
        ),
        fill.insert(
            "responses",
            response
            | {
                "id": fill.id("09", more="m.k"),
                "instrument": "'own'",
                "instrument_version": "'1'",
                "via": "'link'",
                "state": "CASE WHEN n.i % 50 = 0 THEN 'withdrawn' ELSE 'complete' END",
                "answered_on": fill.after(days),
            },
            steps,
            asked,
        ),
        *(
            fill.insert(
                "scores",
                response
                | {
                    "id": fill.id(f"1{number}", more="m.k"),
                    "response_id": fill.id("09", more="m.k"),
                    "instrument": "'own'",
                    "scale": f"'{scale}'",
                    "value_e3": f"1000 * (40 + (n.i * {number + 3} + m.k * 5) % 55)",
                    "answered_on": fill.after(days),
                },
                steps,
                asked,
            )
            for number, scale in enumerate(SCALES)
        ),
        fill.insert(
            "redness",
            {
                "id": fill.id("0c", more="m.k"),
                "seen_on": fill.after(days),
                "day": days,
                "red": flag("7 * m.k <= 7 + n.i % 22"),
                "source": "'check_in'",
                "source_id": fill.id("05", more="m.k"),
            },
            several(place, 4),
            f"{past} AND {came}",
        ),
        fill.insert(
            "assessments",
            {"id": fill.id("0d", more="m.k"), "visit_id": fill.id("05", more="m.k"), "assessed_on": fill.after(days), "assessed_by": me},
            steps,
            asked,
        ),
        fill.insert(
            "findings",
            {
                "id": fill.id("0e", more="m.k"),
                "assessment_id": fill.id("0d", more="m.k"),
                "event_id": fill.id("0e"),
                "complication": choice("n.i", ("erythema", "oedema", "ecchymosis", "nodule")),
                "present": choice("m.k", ("yes", "no")),
                "relation": "'related'",
                "ctcae": "1",
            },
            steps,
            f"{asked} AND n.i % 5 = 0",
        ),
        fill.insert(
            "photos",
            photo | {"kind": "CASE m.k WHEN 1 THEN 'baseline' ELSE 'follow_up' END", "sha256": text_of(place, "n.i * 10 + m.k")},
            several(place, 2),
            rated,
        ),
        fill.insert(
            "rating_pairs",
            {
                "id": pair,
                "step": "'3m'",
                "view": "'front'",
                "baseline_id": fill.id("0a", more="1"),
                "follow_up_id": fill.id("0a", more="2"),
            },
            where=rated,
        ),
        fill.insert(
            "ratings",
            {"id": fill.id("0f", more="m.k"), "pair_id": pair, "rater_id": rater, "grade": grade},
            several(place, len(raters)),
            rated,
        ),
    ]


TABLES = (
    *("patients", "scars", "procedures", "entries", "visits", "reminders", "responses", "scores", "redness", "assessments", "findings"),
    *("photos", "rating_pairs", "ratings"),
)


def fill(place: Place, clinic: make.Clinic, procedures: int, surgeons: list[str], raters: list[str]) -> None:
    """So many procedures of four surgeons."""
    database = place.database()
    table = sa.Table("bench_cohort", sa.MetaData(), sa.Column("i", sa.Integer, primary_key=True))
    table.create(database.engine)
    with database.engine.begin() as connection:
        connection.execute(sa.insert(table), [{"i": number} for number in range(1, procedures + 1)])
    bulk.run(place, statements(Fill(place, clinic, procedures), surgeons, raters), TABLES, analyse_sqlite=False)
    table.drop(database.engine)
    database.close()
