"""Documents as tablets push them, into what the services take: unknown fields are set aside, missing ones stay missing."""

from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas.entries import SHAPES
from schemas.entry_loading import load_entry
from schemas.fields import Shape
from schemas.followup import VisitChange, VisitOut
from schemas.patients import PatientChange, PatientCreate, PatientOut, ScarChange, ScarCreate, ScarOut
from schemas.photos import PhotoCreate, PhotoOut
from schemas.procedures import ProcedureChange, ProcedureCreate, ProcedureSummary
from schemas.sync_words import Synced

_CREATE: dict[str, Shape] = {
    Synced.PATIENTS: PatientCreate(),
    Synced.SCARS: ScarCreate(),
    Synced.PROCEDURES: ProcedureCreate(),
    Synced.PHOTOS: PhotoCreate(),
}
_CHANGE: dict[str, Shape] = {
    Synced.PATIENTS: PatientChange(),
    Synced.SCARS: ScarChange(),
    Synced.PROCEDURES: ProcedureChange(),
    Synced.VISITS: VisitChange(),
}
_OUT: dict[str, Shape] = {
    Synced.PATIENTS: PatientOut(),
    Synced.SCARS: ScarOut(),
    Synced.PROCEDURES: ProcedureSummary(),
    Synced.VISITS: VisitOut(),
    Synced.PHOTOS: PhotoOut(),
}
_ENTRIES = {kind: shape() for kind, shape in SHAPES.items()}
PROTOCOL = frozenset({"_deleted", "_rev", "_meta", "_attachments", "write_id"})
"""Fields of the replication itself."""
BY_THE_SERVER = frozenset({"procedure_id", "received_at", "recorded_by", "device_id", "late", "warnings", "retracted"})
READ_FROM_BARCODES = frozenset({"gtin", "udi_di", "serial", "expired", "barcode_problem"})
Json = dict[str, Any]


def changeable(collection: str) -> tuple[str, ...]:
    """Wire names of what may be changed; nothing of a photo's record."""
    return tuple(_CHANGE[collection].fields) if collection in _CHANGE else ()


def _known(shape: Schema, document: Json) -> tuple[Json, Json]:
    """(what the shape knows of it, what it does not), nested objects included."""
    kept: Json = {}
    aside: Json = {}
    for name, value in document.items():
        field = shape.fields.get(name)
        if field is None:
            aside[name] = value
        elif isinstance(field, fields.Nested) and isinstance(value, dict):
            kept[name], rest = _known(field.schema, value)
            aside |= {name: rest} if rest else {}
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested) and isinstance(value, list):
            parts = [_known(field.inner.schema, one) if isinstance(one, dict) else (one, {}) for one in value]
            kept[name] = [part for part, _ in parts]
            aside |= {name: [rest for _, rest in parts]} if any(rest for _, rest in parts) else {}
        else:
            kept[name] = value
    return kept, aside


def unknown(collection: str, document: Json) -> Json:
    """What this version of the server does not know of a document, to be kept aside."""
    if collection == Synced.ENTRIES:
        shape = _ENTRIES.get(document.get("kind", "")) if isinstance(document.get("kind"), str) else None
        known = (set(shape.fields) if shape else set(document)) | BY_THE_SERVER | READ_FROM_BARCODES | PROTOCOL
        return {name: value for name, value in document.items() if name not in known}
    if collection not in _OUT:
        return {}
    aside = _known(_OUT[collection], document)[1]
    return {name: value for name, value in aside.items() if name not in PROTOCOL}


def load_new(collection: str, document: Json) -> Json:
    """A new document, checked and in stored units. A null that its field cannot hold says nothing. Raises ValidationError."""
    shape = _CREATE[collection]
    kept, _ = _known(shape, document)
    loaded: Json = shape.load({name: value for name, value in kept.items() if value is not None or shape.fields[name].allow_none})
    return loaded


def load_changes(collection: str, changes: Json) -> Json:
    """Some changed fields, checked and in stored units. Raises ValidationError."""
    loaded: Json = _CHANGE[collection].load(_known(_CHANGE[collection], changes)[0])
    return loaded


def same(collection: str, name: str, one: Any, other: Any) -> bool:
    """Whether two wire values of a field mean the same."""
    if one == other:
        return True
    field = (_CHANGE.get(collection) or _CREATE[collection]).fields.get(name)
    if field is None or one is None or other is None:
        return False
    try:
        return bool(field.deserialize(_pure(field, one)) == field.deserialize(_pure(field, other)))
    except ValidationError:
        return False


def _pure(field: fields.Field[Any], value: Any) -> Any:
    return _known(field.schema, value)[0] if isinstance(field, fields.Nested) and isinstance(value, dict) else value


def load_pushed_entry(document: Json) -> Json:
    """An entry, checked and in stored units. Raises ValidationError."""
    kind = document.get("kind")
    shape = _ENTRIES.get(kind) if isinstance(kind, str) else None
    aside = BY_THE_SERVER | READ_FROM_BARCODES | PROTOCOL
    known = {
        name: value for name, value in document.items() if value is not None and name not in aside and (not shape or name in shape.fields)
    }
    return load_entry(known)
