"""What the OpenAPI document says beyond the routes themselves: title, sign-in, how our fields look as JSON Schema."""

from typing import Any

from apispec import APISpec
from flask_smorest import Api
from marshmallow import fields as marshmallow_fields

from schemas import entries, fields
from schemas.entry_loading import MOST_AT_ONCE
from server.access import PUBLIC, Permission
from server.idempotency import LONGEST as LONGEST_KEY

VERSION = "1"
SETTINGS: dict[str, Any] = {
    "API_TITLE": "Graftlog",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Plans, logs and follows up nanofat procedures on depressed facial scars. "
            "Every number carries its unit in its name; every refusal is an RFC 9457 problem.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    },
}
_CONVERTED = ("type", "minimum", "maximum", "multipleOf", "enum", "format", "pattern", "minLength", "maxLength", "description")
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Under the same key a repeated call gets the first answer again, and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


_TAG = '"[!#-~]{1,200}"'
VERSION_HEADERS: dict[str, dict[str, Any]] = {
    "IF_MATCH": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "ETag of the version that is being changed, as it was read.",
        "schema": {"type": "string", "pattern": f"^(\\*|{_TAG})$"},
    },
    "IF_NONE_MATCH": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETag of the version that is known; 304 when it is still the newest.",
        "schema": {"type": "string"},
    },
}


def describe_versions(spec: APISpec) -> None:
    """ETag, If-Match and If-None-Match, for the routes that have them."""
    for name, header in VERSION_HEADERS.items():
        spec.components.parameter(name, "header", header, lazy=True)
    spec.components.header("ETAG", {"description": "Version of the record.", "schema": {"type": "string"}}, lazy=True)


def access_doc(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """What follows from a view's mark: who needs a token, who gets 401, 403 and 429, which calls may be repeated under a key."""
    access = doc_info["access"]
    often = {429: "TOO_MANY_REQUESTS"}
    if access == PUBLIC:
        return doc | {"security": [], "responses": often | doc.get("responses", {})}
    refusals = often | {401: "UNAUTHORIZED"} | ({} if access == Permission.SIGNED_IN else {403: "FORBIDDEN"})
    made = doc | {"responses": refusals | doc.get("responses", {})}
    if method == "post" and doc_info["kept"]:
        made["parameters"] = [*doc.get("parameters", []), IDEMPOTENCY_KEY]
    return made


def describe(api: Api) -> None:
    """Teach apispec our fields."""
    for one in (fields.Quantity, fields.QueryWhole, fields.Measure):
        api.register_field(one, "number", None)
    for text in (fields.Text, fields.Pattern, fields.Choice, fields.Moment, fields.Day):
        api.register_field(text, "string", None)
    api.register_field(fields.Id, "string", "uuid")
    api.register_field(fields.Flag, "boolean", None)
    api.ma_plugin.converter.add_attribute_function(_schema_of)
    _entries(api)


def _entries(api: Api) -> None:
    """The body of POST …/entries: one entry or a list, told apart by `kind`."""
    refs = {}
    for kind, shape in entries.SHAPES.items():
        api.spec.components.schema(shape.__name__, schema=shape)
        api.spec.components.schemas[shape.__name__]["allOf"] = [rule for base in shape.__mro__ for rule in vars(base).get("ALSO", ())]
        refs[str(kind)] = f"#/components/schemas/{shape.__name__}"
    one = {"oneOf": [{"$ref": ref} for ref in refs.values()], "discriminator": {"propertyName": "kind", "mapping": refs}}
    api.spec.components.schema("AnyEntry", one)
    ref = {"$ref": "#/components/schemas/AnyEntry"}
    many = {"type": "array", "items": ref, "minItems": 1, "maxItems": MOST_AT_ONCE}
    api.spec.components.schema("Entries", {"oneOf": [ref, many]})


def _schema_of(_converter: Any, field: marshmallow_fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """Attributes that our fields keep in their metadata win over what apispec guesses from their classes."""
    wanted = {name: field.metadata[name] for name in _CONVERTED if name in field.metadata}
    if isinstance(field, fields.Text) and field.allow_none:
        wanted["type"] = ["string", "null"]
    ret.update(wanted)
    return {}
