"""What a clinic's own text must be before it is stored: complete, bounded, nothing clinical. What is wrong is found now, not at sending."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError, nodes

from schemas.vocabulary import Channel, Purpose
from server.followup.messages.examples import trials
from server.followup.messages.letter import Text
from server.followup.messages.segments import UCS_2, segments_of
from server.followup.messages.templates import BUILT_IN_LANGUAGES, ENVIRONMENT, fill_in, variables_in, walk
from server.followup.messages.variables import VARIABLES
from server.followup.messages.words import clinical_words
from server.problems import invalid_all

LONGEST_BODY = 5000
LONGEST_SUBJECT = 200
LONGEST_RENDERED_SUBJECT = 150
MOST_SEGMENTS = 6
MANY_SEGMENTS = 3
DEEPEST = 12
"""Of a text's tree: five conditions inside each other. Python itself gives up at a hundred."""

BODY, SUBJECT = "/body", "/subject"
STOP = "STOP"
_ABOUT_THE_LINK = frozenset({Purpose.CHECK_IN, Purpose.LINK})
_TAKEN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.Const,
)
_COMPARED = frozenset({"eq", "ne"})
_BRACES = re.compile(r"[{}]")


@dataclass
class _Findings:
    """What is wrong, by field, and what is only worth knowing."""

    errors: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def wrong(self, pointer: str, message: str) -> None:
        self.errors.append({"pointer": pointer, "message": message})


def check(purpose: Purpose, channel: Channel, text: Text) -> list[str]:
    """Remarks on a text that may be stored. Raises 422 `invalid` with a sentence for everything that must be corrected.

    `text.language` must be given.
    """
    found = _Findings()
    _check_subject(found, channel, text.subject)
    trees = {pointer: _tree(found, pointer, source) for pointer, source in ((SUBJECT, text.subject), (BODY, text.body)) if source}
    if len(text.body) > LONGEST_BODY:
        found.wrong(BODY, f"At most {LONGEST_BODY} characters; this has {len(text.body)}. Shorten it.")
    for pointer, tree in trees.items():
        if tree is not None:
            _check_tree(found, pointer, tree)
    if not found.errors:
        _check_content(found, purpose, channel, text)
    if not found.errors:
        _try(found, purpose, channel, text)
    if found.errors:
        raise invalid_all(found.errors)
    return found.warnings


def _check_subject(found: _Findings, channel: Channel, subject: str | None) -> None:
    if channel != Channel.EMAIL:
        if subject:
            found.wrong(SUBJECT, "A text message has no subject; leave it out.")
    elif not subject or not subject.strip():
        found.wrong(SUBJECT, "An e-mail needs a subject; write one.")
    elif len(subject) > LONGEST_SUBJECT:
        found.wrong(SUBJECT, f"At most {LONGEST_SUBJECT} characters; this has {len(subject)}. Shorten it.")
    elif len(subject.splitlines()) > 1:
        found.wrong(SUBJECT, "A subject is one line; take out the line breaks.")


def _tree(found: _Findings, pointer: str, source: str) -> nodes.Template | None:
    try:
        return ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        found.wrong(
            pointer, f"Line {error.lineno}: {(error.message or 'this cannot be read').rstrip('.')}. Correct what stands between the braces."
        )
    except (RecursionError, ValueError):  # deeper nested than the reader goes, or a number longer than Python reads
        found.wrong(pointer, "What stands between the braces is too long or nested too deeply. Write it more simply.")
    return None


def _check_tree(found: _Findings, pointer: str, tree: nodes.Template) -> None:
    """Only `{{ variable }}` and `if`: so filling in is bounded, and can reach nothing else."""
    for node, depth in walk(tree):
        if depth > DEEPEST:
            found.wrong(pointer, f"Line {node.lineno}: the conditions are nested too deeply. Write it more simply.")
            return
        problem = _problem_of(node)
        if problem:
            found.wrong(pointer, f"Line {node.lineno}: {problem}")
            return
    for name, line in _unguarded(tree, frozenset()):
        found.wrong(
            pointer,
            f"Line {line}: {{{{ {name} }}}} can be empty. Put it, with the words around it, between {{% if {name} %}} and {{% endif %}}.",
        )


def _problem_of(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name) and node.name not in VARIABLES:
        return f"there is no variable {node.name[:50]!r}. Known are: {', '.join(VARIABLES)}."
    if isinstance(node, nodes.Output):
        return next(filter(None, map(_problem_of_output, node.nodes)), None)
    if isinstance(node, nodes.TemplateData) and _BRACES.search(node.data):
        return "a single brace would be sent as it stands. Write a variable with two, like {{ given_name }}."
    if isinstance(node, nodes.Operand) and node.op not in _COMPARED:
        return "only == and != can compare."
    return None if isinstance(node, _TAKEN) else "only {{ variable }} and {% if … %} can be used here, no loops, filters, calls or sums."


def _problem_of_output(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.TemplateData):
        return None
    if not isinstance(node, nodes.Name):
        return "between double braces stands one variable and nothing else, like {{ given_name }}."
    variable = VARIABLES.get(node.name)
    return f"{{{{ {node.name} }}}} is asked, not printed: write {{% if {node.name} %}}." if variable and variable.flag else None


def _unguarded(node: nodes.Node, asked: frozenset[str]) -> list[tuple[str, int]]:
    """Variables that may be empty and are printed where nothing asks for them. The tree is known to be shallow."""
    if isinstance(node, nodes.Name):
        return [(node.name, node.lineno)] if VARIABLES[node.name].maybe_empty and node.name not in asked else []
    if isinstance(node, nodes.If):
        rows, otherwise = [], asked
        for branch in (node, *node.elif_):
            rows += _unguarded_in(branch.body, otherwise | _sure(branch.test, when=True))
            otherwise |= _sure(branch.test, when=False)
        return rows + _unguarded_in(node.else_, otherwise)
    return _unguarded_in(node.iter_child_nodes(), asked)


def _unguarded_in(parts: Iterable[nodes.Node], asked: frozenset[str]) -> list[tuple[str, int]]:
    return [row for part in parts for row in _unguarded(part, asked)]


def _sure(test: nodes.Node, *, when: bool) -> frozenset[str]:
    """Variables that are surely not empty when the test comes out like that."""
    if isinstance(test, nodes.Name):
        return frozenset({test.name}) if when else frozenset()
    if isinstance(test, nodes.Not):
        return _sure(test.node, when=not when)
    if isinstance(test, nodes.And | nodes.Or):
        left, right = _sure(test.left, when=when), _sure(test.right, when=when)
        return left | right if isinstance(test, nodes.And) is when else left & right
    return frozenset()


def _check_content(found: _Findings, purpose: Purpose, channel: Channel, text: Text) -> None:
    for pointer, source in ((SUBJECT, text.subject or ""), (BODY, text.body)):
        words = clinical_words(source)
        if words:
            listed = ", ".join(repr(word) for word in words[:5])
            found.wrong(
                pointer, f"Anybody may see a message, so it says nothing of the treatment, the scar or the price. Take out: {listed}."
            )
    used = variables_in(text)
    if purpose in _ABOUT_THE_LINK and "link" not in used:
        found.wrong(BODY, "This message is about the patient's page: put {{ link }} into it.")
    if channel == Channel.SMS and STOP not in text.body:
        found.wrong(BODY, "Say that answering STOP ends the messages: put the word STOP into it.")
    if channel == Channel.SMS and "clinic" not in used:
        found.warnings.append("It does not say from whom it comes: {{ clinic }} is missing.")
    if purpose not in _ABOUT_THE_LINK and "link" not in used:
        found.warnings.append("Without {{ link }} the patient cannot confirm or ask for another time.")
    if text.language not in BUILT_IN_LANGUAGES:
        found.warnings.append(
            f"Days are written like 2026-12-07, and {{{{ away }}}} is empty: how days are said in '{text.language}' is not known here."
        )


def _try(found: _Findings, purpose: Purpose, channel: Channel, text: Text) -> None:
    """Fill it in for every situation; the longest decides."""
    results = [fill_in(text, letter) for letter in trials(purpose, channel, text)]
    if any(not one.text for one in results):
        found.wrong(
            BODY, "In some situations nothing would be left of it, for example when no time is arranged. Write something for those too."
        )
    if channel == Channel.EMAIL:
        if any(not one.subject for one in results):
            found.wrong(SUBJECT, "In some situations nothing would be left of it. Write something that always stands.")
        if max(len(one.subject) for one in results) > LONGEST_RENDERED_SUBJECT:
            found.wrong(SUBJECT, f"Filled in, it is longer than {LONGEST_RENDERED_SUBJECT} characters. Shorten it.")
        return
    longest = max((segments_of(one.text) for one in results), key=lambda one: one.segments)
    if longest.segments > MOST_SEGMENTS:
        found.wrong(BODY, f"Filled in, it takes {longest.segments} segments; at most {MOST_SEGMENTS} are sent. Shorten it.")
    elif longest.segments > MANY_SEGMENTS:
        found.warnings.append(f"Filled in, it takes {longest.segments} segments, each of which is paid for.")
    if longest.encoding == UCS_2:
        found.warnings.append(
            f"These letters are not in the alphabet of text messages and shorten its segments from 153 to 67: {longest.odd_letters}"
        )
