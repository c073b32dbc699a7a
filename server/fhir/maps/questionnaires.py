"""Answers, responses → QuestionnaireResponse; scores → Observation derived from one. Never any wording of an instrument. Pure."""

from typing import Any

from schemas.outcome_words import ResponseState
from server.fhir.datatypes import Json, absent, concept, day, quantity, ref, when
from server.fhir.maps.values import components
from server.fhir.scope import Scope, resource
from server.followup.models import Answer
from server.outcomes.models.questionnaires import Response, Score

_STATUS = {
    ResponseState.OPEN: "in-progress",
    ResponseState.COMPLETE: "completed",
    ResponseState.WITHDRAWN: "entered-in-error",
}


def answer(row: Answer, procedure_id: Any) -> Json:
    """One answer to one question of a check-in, as given; a later one is another resource."""
    by = ref("Practitioner", row.given_by) if row.given_by else ref("Patient", row.patient_id)
    return resource(
        "QuestionnaireResponse",
        row.id,
        partOf=[ref("Procedure", procedure_id)],
        status="completed",
        subject=ref("Patient", row.patient_id),
        authored=when(row.given_at),
        author=by,
        source=by,
        item=[{"linkId": row.question, "text": row.question.replace("_", " "), "answer": [{"valueString": row.answer}]}],
    )


def response(row: Response) -> Json:
    """One filling-in of an instrument: its name and version, item ids, and what was chosen."""
    items = [{"linkId": name, "answer": answers} for name, chosen in row.answers.items() if (answers := _answers(chosen))]
    return resource(
        "QuestionnaireResponse",
        row.id,
        partOf=[ref("Procedure", row.procedure_id)],
        questionnaire=f"urn:graftlog:instrument:{row.instrument}|{row.instrument_version}",
        status=_STATUS[row.state],
        subject=ref("Patient", row.patient_id),
        authored=when(row.completed_at) or day(row.answered_on),
        author=ref("Practitioner", row.given_by) if row.given_by else ref("Patient", row.patient_id),
        source=ref("Patient", row.patient_id),
        item=items,
    )


def _answers(chosen: Any) -> list[Json]:
    given = chosen if isinstance(chosen, list) else [chosen]
    return [one for one in (_answer(each) for each in given) if one]


def _answer(given: Any) -> Json | None:
    if isinstance(given, bool):
        return {"valueBoolean": given}
    if isinstance(given, int | float):
        return {"valueInteger": given} if isinstance(given, int) else {"valueDecimal": given}
    return {"valueString": given} if isinstance(given, str) and given.strip() else None


def score(scope: Scope, row: Score, response_row: Response) -> Json:
    """One scale, as the server computed it; without a value where too many items are missing."""
    wrong = response_row.state == ResponseState.WITHDRAWN
    number = row.document()["value"]
    found = {"dataAbsentReason": absent("unknown")} if number is None else {"valueQuantity": quantity(number, "{score}")}
    return resource(
        "Observation",
        row.id,
        partOf=[ref("Procedure", row.procedure_id)],
        status="entered-in-error" if wrong else "final",
        code=concept(f"urn:graftlog:instrument:{row.instrument}", row.scale),
        subject=ref("Patient", row.patient_id),
        effectiveDateTime=day(row.answered_on),
        **found,
        derivedFrom=[ref("QuestionnaireResponse", row.response_id)],
        component=components(scope.terms, {"answered": row.answered, "items": row.items}),
    )
