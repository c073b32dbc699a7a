"""The API explained to people: one page made from the OpenAPI document, so that it never says anything else."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import current_app, render_template
from markupsafe import Markup, escape

from server.access import PUBLIC, public
from server.web.blueprint import pages

Spec = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_FORMATS = {"uuid": "UUID", "date-time": "time with offset", "date": "date", "binary": "bytes"}
_PLACES = {"path": "in the path", "query": "in the query", "header": "header"}
_LARGE = 1_000_000


@pages.get("/api/docs")
@public
def api_docs() -> str:
    """Every call, its fields and its answers."""
    known = current_app.extensions.setdefault("graftlog-api-docs", {})
    if not known:
        known.update(explained(current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict(), _permissions()))
    return render_template("api_docs.html", **known)


@pages.app_template_filter("marked")
def _marked(text: str) -> Markup:
    """Text with what stands between backticks as code, everything escaped."""
    parts = str(text).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


def _permissions() -> dict[tuple[str, str], str]:
    """(method, path as OpenAPI writes it) → permission."""
    needed = {}
    for rule in current_app.url_map.iter_rules():
        access = getattr(current_app.view_functions[rule.endpoint], "__access__", PUBLIC)
        for method in rule.methods or ():
            needed[method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)] = str(access)
    return needed


def explained(spec: Spec, needed: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Groups of calls, and the shapes that bodies and answers are made of."""
    calls = [call for path, item in spec["paths"].items() for call in _calls(spec, path, item, needed)]
    groups = [tag | {"calls": [call for call in calls if call["tag"] == tag["name"]]} for tag in spec["tags"]]
    shapes = spec["components"]["schemas"]
    return {
        "about": spec["info"],
        "groups": [group for group in groups if group["calls"]],
        "shapes": [_shape(name, shape) for name, shape in sorted(shapes.items()) if "properties" in shape],
    }


def _calls(spec: Spec, path: str, item: Spec, needed: Mapping[tuple[str, str], str]) -> Iterator[dict[str, Any]]:
    for method in _METHODS:
        if method not in item:
            continue
        call = item[method]
        parameters = [_resolved(spec, one) for one in (*item.get("parameters", ()), *call.get("parameters", ()))]
        access = needed.get((method, path), PUBLIC)
        yield {
            "tag": call["tags"][0],
            "id": re.sub(r"\W+", "-", f"{method}{path.removeprefix('/api/v1')}").strip("-"),
            "method": method.upper(),
            "path": path,
            "summary": call.get("summary", ""),
            "description": call.get("description", ""),
            "needs": None if access == PUBLIC else access.replace("_", " "),
            "parameters": [_parameter(one) for one in parameters],
            "body": _body(spec, call),
            "answers": [_answer(spec, int(status), one) for status, one in sorted(call["responses"].items()) if status.isdigit()],
        }


def _resolved(spec: Spec, one: Spec) -> Spec:
    found: Spec = one
    if "$ref" in one:
        found = spec
        for step in one["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return found


def _parameter(one: Spec) -> dict[str, Any]:
    field = _field(one["name"], one.get("schema", {}), required=one.get("required", False), said=one.get("description", ""))
    return field | {"place": _PLACES[one["in"]]}


def _name(schema: Spec) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _body(spec: Spec, call: Spec) -> dict[str, Any] | None:
    """The body's fields, or the shapes that it may have."""
    content = call.get("requestBody", {}).get("content", {})
    if not content:
        return None
    schema = next(iter(content.values()))["schema"]
    shape = _resolved(spec, schema)
    kinds = [_name(one) for one in _kinds(spec, shape)]
    return {"name": _name(schema), "fields": _fields(shape), "kinds": kinds}


def _kinds(spec: Spec, shape: Spec) -> list[Spec]:
    """The alternatives of a body that is one of several shapes; a list of such is told by the first alternative."""
    alternatives = shape.get("oneOf", [])
    if not alternatives:
        return []
    inner = _resolved(spec, alternatives[0])
    kinds: list[Spec] = inner.get("oneOf") or alternatives
    return kinds


def _fields(shape: Spec) -> list[dict[str, Any]]:
    required = shape.get("required", ())
    return [_field(name, one, required=name in required) for name, one in shape.get("properties", {}).items()]


def _shape(name: str, shape: Spec) -> dict[str, Any]:
    return {"name": name, "description": shape.get("description", ""), "fields": _fields(shape)}


def _field(name: str, schema: Spec, *, required: bool, said: str = "") -> dict[str, Any]:
    inner = schema.get("items", {}) if schema.get("type") == "array" else schema
    said = said or schema.get("description", "")
    return {
        "name": name,
        "place": "",
        "type": _type(schema),
        "shape": _name(inner) or next((_name(one) for one in inner.get("anyOf", ()) if _name(one)), ""),
        "limits": _limits(schema, said),
        "words": [str(word) for word in inner.get("enum", ()) if word is not None],
        "required": required,
        "description": said,
        "example": schema.get("example"),
    }


def _type(schema: Spec) -> str:
    kinds = schema.get("type", "")
    given = [kinds] if isinstance(kinds, str) else list(kinds)
    if given == ["array"]:
        inner = schema.get("items", {})
        return "list" if "$ref" in inner else f"list of {_type(inner)}"
    plain = _FORMATS.get(schema.get("format", "")) or next((one for one in given if one != "null"), "")
    plain = {"string": "text", "boolean": "true or false", "integer": "whole number", "object": "object"}.get(plain, plain)
    return f"{plain} or null" if "null" in given else plain


def _limits(schema: Spec, said: str) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    unit = re.search(r"Unit: (.+?)\. Usual", said)
    parts = []
    if low is not None and high is not None and high < _LARGE:
        parts.append(f"{low:g} to {high:g}{' ' + unit[1] if unit else ''}")
    if schema.get("multipleOf"):
        parts.append(f"steps of {schema['multipleOf']:g}")
    if schema.get("maxLength"):
        parts.append(f"at most {schema['maxLength']} characters")
    if schema.get("maxItems"):
        parts.append(f"at most {schema['maxItems']} items")
    if "default" in schema:
        parts.append(f"{schema['default']} unless given")
    return ", ".join(parts)


def _answer(spec: Spec, status: int, answer: Spec) -> dict[str, Any]:
    found = _resolved(spec, answer)
    content: dict[str, Spec] = found.get("content", {})
    schema: Spec = next((one["schema"] for one in content.values() if "schema" in one), {})
    phrase, said = HTTPStatus(status).phrase, found.get("description", "")
    as_usual = said.replace("_", " ").casefold() == phrase.casefold()
    return {
        "status": status,
        "words": phrase if as_usual else said,
        "formats": [one for one in content if one not in {"application/json", "application/problem+json"}],
        "shape": _name(schema),
    }
