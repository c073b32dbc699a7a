"""Texts with variables: the built-in ones, reading and filling them in. What a text may contain, `check` says."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.vocabulary import Channel, Purpose
from server.followup.messages.letter import Letter, Text
from server.followup.messages.variables import FALLBACK, LANGUAGES, one_line, values_of

log = logging.getLogger("graftlog.followup")

BUILT_IN_LANGUAGES = tuple(LANGUAGES)
_TEXTS = Path(__file__).parent / "texts"
_MOST_COMPILED = 1024
_TAG_ALONE = re.compile(r"(?m)^[ \t]*(\{%[^%\n]*%\})[ \t]*(?:\n|\Z)")
_BLANK_LINES = re.compile(r"\n{3,}")
_GAPS = re.compile(r"[ \t]{2,}")
_LINES = re.compile(r"\n{2,}")

ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, auto_reload=False)
"""It makes text; the page around it escapes what must be escaped there."""

for _names in (ENVIRONMENT.globals, ENVIRONMENT.filters, ENVIRONMENT.tests):
    _names.clear()


@dataclass(frozen=True)
class Rendered:
    """A message's words. `subject` is empty where the channel has none; `language` is the one that they are in."""

    subject: str
    text: str
    language: str


@cache
def built_in(purpose: Purpose, channel: Channel, language: str) -> Text | None:
    """The text that comes with Graftlog; None where there is none in that language."""
    if language not in BUILT_IN_LANGUAGES:
        return None
    text = (_TEXTS / language / f"{purpose}.{channel}.txt").read_text(encoding="utf-8").strip("\n")
    if channel != Channel.EMAIL:
        return Text(None, text, language)
    subject, _, body = text.partition("\n\n")
    return Text(subject, body, language)


def text_for(own: dict[tuple[Purpose, Channel, str], Text], purpose: Purpose, channel: Channel, language: str) -> Text | None:
    """A clinic's own text for a patient of this language: in it, or in English where there is none at all in it; None: the built-in one."""
    found = own.get((purpose, channel, language))
    if found is None and language not in BUILT_IN_LANGUAGES:
        found = own.get((purpose, channel, FALLBACK))
    return found


def text_of(letter: Letter) -> Text:
    """What the letter is written from, with its language."""
    if letter.own is not None:
        return replace(letter.own, language=letter.own.language or letter.language)
    return _built_in(letter)


def _built_in(letter: Letter) -> Text:
    found = built_in(letter.purpose, letter.channel, letter.language) or built_in(letter.purpose, letter.channel, FALLBACK)
    if found is None:
        raise LookupError(f"no text for {letter.purpose} over {letter.channel}")
    return found


def render(letter: Letter) -> Rendered:
    """The letter's words. An own text that an older version took and this one cannot fill in gives way to the built-in text."""
    text = text_of(letter)
    try:
        return fill_in(text, letter)
    except TemplateError as error:
        if letter.own is None:
            raise
        log.warning(
            "own text for %s over %s cannot be filled in (%s); the built-in one is sent",
            letter.purpose,
            letter.channel,
            type(error).__name__,
        )
        return fill_in(_built_in(letter), letter)


def fill_in(text: Text, letter: Letter) -> Rendered:
    """`text` for this letter. Raises jinja2.TemplateError for a text that `check` would have refused."""
    language = text.language or letter.language
    values = values_of(letter, language)
    subject = one_line(_compiled(text.subject).render(values)) if text.subject else ""
    body = _compiled(text.body).render(values)
    return Rendered(subject, _tidy_sms(body) if letter.channel == Channel.SMS else _tidy(body), language)


@lru_cache(_MOST_COMPILED)
def _compiled(source: str) -> Template:
    """A line that holds nothing but a tag leaves no empty line behind."""
    return ENVIRONMENT.from_string(_TAG_ALONE.sub(r"\1", source))


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip()


def _tidy_sms(text: str) -> str:
    """Every letter costs."""
    return _LINES.sub("\n", "\n".join(_GAPS.sub(" ", line).strip() for line in text.splitlines())).strip()


def walk(tree: nodes.Node, depth: int = 0) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth, without recursion, which a hostile text could exhaust."""
    waiting = [(tree, depth)]
    while waiting:
        node, at = waiting.pop()
        yield node, at
        waiting.extend((child, at + 1) for child in node.iter_child_nodes())


def variables_in(text: Text) -> list[str]:
    """Names that a text asks for, in alphabetical order."""
    found: set[str] = set()
    for source in (text.subject, text.body):
        found |= {node.name for node, _ in walk(ENVIRONMENT.parse(source or "")) if isinstance(node, nodes.Name)}
    return sorted(found)
