"""A field of ours → value[x] of an observation, by the table of measures. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.fhir import measures
from server.fhir.codes import Terms
from server.fhir.datatypes import Json, quantity

_PLAIN = {measures.COUNTED: "valueInteger", measures.YES_NO: "valueBoolean", measures.TEXT: "valueString", measures.DAY: "valueDateTime"}


def value(terms: Terms, name: str, given: Any) -> Json:
    """`{value…: …}` of one field. KeyError for a field that the table does not know."""
    if name in measures.UNITS:
        return {"valueQuantity": quantity(given, measures.UNITS[name])}
    if name in measures.CHOICES:
        return {"valueCodeableConcept": terms.concept(measures.CHOICES[name], given)}
    return {_PLAIN[measures.PLAIN[name]]: given}


def components(terms: Terms, fields: Mapping[str, Any], *, but: Iterable[str | None] = ()) -> list[Json]:
    """One component for each field that says something and that the table knows."""
    return [
        {"code": terms.concept("measure", name), **value(terms, name, given)}
        for name, given in fields.items()
        if given is not None and name in measures.ALL and name not in but
    ]
