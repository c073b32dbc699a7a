"""Files of instruments as plain values: YAML of ours or JSON, read strictly and bounded; what they mean is for the rules."""

import json
from typing import Any

import yaml

LARGEST = 1_000_000
"""Bytes of a file: far more than any questionnaire with all its languages."""
_DEEPEST = 24


class FileFault(ValueError):
    """Why a file cannot be read, and what to do."""


class _Strict(yaml.SafeLoader):
    """No references, which can make a megabyte out of a line; no name twice; nothing nested without end."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As yaml's, without aliases, up to a depth."""
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]  # reason: not typed there
            raise FileFault(f"Line {line}: references (*name) are not read; write the text out.")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise FileFault(f"It is nested deeper than {_DEEPEST} levels; write it flatter.")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """As yaml's, refusing a name that stands there twice."""
        names = [self.construct_object(name, deep=True) for name, _ in node.value]
        try:
            twice = len(set(names)) != len(names)
        except TypeError:
            raise FileFault(f"Line {node.start_mark.line + 1}: a name must be text.") from None
        if twice:
            raise FileFault(f"Line {node.start_mark.line + 1}: a name stands twice in one block; remove one.")
        return super().construct_mapping(node, deep)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise FileFault("A name stands twice in one object; remove one.")
    return dict(pairs)


def plain(data: bytes) -> Any:
    """The values of a file; JSON where it begins with a brace, else YAML. Raises FileFault."""
    if len(data) > LARGEST:
        raise FileFault(f"The file has {len(data)} bytes; at most {LARGEST} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeError:
        raise FileFault("The file is not UTF-8 text; save it as UTF-8.") from None
    try:
        if text.lstrip().startswith("{"):
            return json.loads(text, object_pairs_hook=_pairs)
        return _Strict(text).get_single_data()
    except FileFault:
        raise
    except RecursionError:
        raise FileFault("It is nested too deep; write it flatter.") from None
    except (ValueError, yaml.YAMLError) as error:
        raise FileFault(f"It can be read neither as YAML nor as JSON: {' '.join(str(error).split())[:300]}") from None
