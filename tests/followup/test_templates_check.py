"""What a clinic's own text may not be: each mistake is named, with the field and what to do."""

import pytest

from schemas.vocabulary import Channel, Purpose
from server.followup.messages.check import check
from server.followup.messages.letter import Text
from server.followup.messages.words import clinical_words
from server.problems import Problem

GOOD = "Dear {{ given_name }}, please come: {{ link }}"
GOOD_SMS = "{{ clinic }}: {{ link }} Reply STOP to stop."


def refusal(
    body: str, subject: str | None = "Hello", *, channel: Channel = Channel.EMAIL, purpose: Purpose = Purpose.NEAR
) -> list[tuple[str, str]]:
    """(pointer, message) of each mistake."""
    with pytest.raises(Problem) as caught:
        check(purpose, channel, Text(subject, body, "en"))
    assert caught.value.status == 422
    return [(one["pointer"], one["message"]) for one in caught.value.errors]


def test_a_good_text_passes_without_a_remark() -> None:
    assert check(Purpose.NEAR, Channel.EMAIL, Text("Hello {{ given_name }}", GOOD, "en")) == []
    assert check(Purpose.NEAR, Channel.SMS, Text(None, GOOD_SMS, "en")) == []


def test_an_unknown_variable_is_named_with_those_that_are_known() -> None:
    ((pointer, message),) = refusal("Dear {{ nickname }},")
    assert pointer == "/body"
    assert "'nickname'" in message
    assert "given_name, clinic, phone, day" in message
    assert [pointer for pointer, _ in refusal(GOOD, "{{ nickname }}")] == ["/subject"]


def test_a_mistake_between_braces_is_shown_with_its_line() -> None:
    ((pointer, message),) = refusal("Dear Anna,\n\n{% if time %}at {{ time }}")
    assert pointer == "/body"
    assert message.startswith("Line 3: ")


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ given_name.__class__ }}",
    "{{ given_name['__class__'] }}",
    "{{ given_name | attr('__class__') }}",
    "{{ given_name.format(1) }}",
    "{{ link() }}",
    "{{ self }}",
    "{{ cycler }}",
    "{{ range(10) }}",
    "{{ lipsum() }}",
    "{{ config }}",
    "{{ given_name ~ 'x' }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ [1] }}",
    "{{ 'text' }}",
    "{{ time if booked else clinic }}",
    "{% for a in given_name %}{{ a }}{% endfor %}",
    "{% set x = 1 %}",
    "{% macro m() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% import 'x' as x %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{% with %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% if booked > 'a' %}x{% endif %}",
    "{% if given_name is string %}x{% endif %}",
    "{% if given_name | length %}x{% endif %}",
    "{% if 'a' in given_name %}x{% endif %}",
]


@pytest.mark.parametrize("body", ESCAPES)
def test_nothing_but_variables_and_conditions_is_taken(body: str) -> None:
    assert {pointer for pointer, _ in refusal(f"{GOOD}{body}")} == {"/body"}


BOMBS = {
    "parentheses": "{{ " + "(" * 2000 + "day" + ")" * 2000 + " }}",
    "nots": "{% if " + "not " * 1000 + "booked %}x{% endif %}",
    "ands": "{% if " + " and ".join(["booked"] * 400) + " %}x{% endif %}",
    "conditions": "{% if day %}" * 200 + "{% endif %}" * 200,
    "a long number": "{% if day == " + "9" * 4900 + " %}x{% endif %}",
    "lists": "{{ " + "[" * 2000 + "]" * 2000 + " }}",
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_what_would_exhaust_the_reader_is_refused_at_once(body: str) -> None:
    assert {pointer for pointer, _ in refusal(body)} == {"/body"}


@pytest.mark.parametrize("body", ["Dear {given_name}", "Dear { given_name }}", "100 %} sure {"])
def test_a_single_brace_would_be_sent_as_it_stands(body: str) -> None:
    assert refusal(f"{GOOD} {body}")


@pytest.mark.parametrize("name", ["phone", "time", "away"])
def test_what_may_be_empty_stands_between_if_and_endif(name: str) -> None:
    ((_, message),) = refusal(f"{GOOD} at {{{{ {name} }}}}.")
    assert f"{{% if {name} %}}" in message
    assert check(Purpose.NEAR, Channel.EMAIL, Text("Hello", f"{GOOD} {{% if {name} %}}at {{{{ {name} }}}}{{% endif %}}.", "en")) == []
    assert refusal(f"{GOOD} {{% if {name} %}}x{{% else %}}{{{{ {name} }}}}{{% endif %}}")


def test_asking_for_the_opposite_guards_nothing() -> None:
    assert refusal(f"{GOOD} {{% if not phone %}}{{{{ phone }}}}{{% endif %}}")
    assert (
        check(Purpose.NEAR, Channel.EMAIL, Text("Hello", f"{GOOD} {{% if not phone %}}x{{% else %}}{{{{ phone }}}}{{% endif %}}", "en"))
        == []
    )
    assert refusal(f"{GOOD} {{% if booked or phone %}}{{{{ phone }}}}{{% endif %}}")
    assert check(Purpose.NEAR, Channel.EMAIL, Text("Hello", f"{GOOD} {{% if booked and phone %}}{{{{ phone }}}}{{% endif %}}", "en")) == []


def test_booked_is_asked_and_not_printed() -> None:
    ((_, message),) = refusal(f"{GOOD} {{{{ booked }}}}")
    assert "{% if booked %}" in message


CLINICAL = [
    "after your surgery",
    "your Operation",
    "the SCAR on your cheek",
    "more fat",
    "the injection",
    "your treatment",
    "it costs 100 €",
    "price list",
    "a műtétje után",
    "a mutetje utan",
    "a beavatkozás óta",
    "a hegét megnézzük",
    "a zsír",
    "ára 5000 Ft",
    "az ára",
    "la cicatriz",
    "la cirugía",
    "su operación",
    "SU OPERACION",
    "la grasa",
    "el precio",
    "tras el procedimiento",
]


@pytest.mark.parametrize("words", CLINICAL)
def test_nothing_clinical_and_no_price_is_taken(words: str) -> None:
    ((pointer, message),) = refusal(f"{GOOD} {words}")
    assert pointer == "/body"
    assert "Take out" in message
    assert [pointer for pointer, _ in refusal(GOOD, words)] == ["/subject"]


INNOCENT = [
    "We are fatigued",
    "scarf",
    "a hegyekben",
    "hegedű",
    "árnyék",
    "cooperation",
    "opening hours",
    "Graftlog",
    "la fecha",
    "hogy van",
    "pase por aquí",
]


@pytest.mark.parametrize("words", INNOCENT)
def test_words_that_only_look_alike_are_taken(words: str) -> None:
    assert clinical_words(words) == []


def test_a_clinical_word_is_shown_as_it_was_written() -> None:
    assert clinical_words("A Műtétje és a HEGE") == ["Műtétje", "HEGE"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [(None, "needs a subject"), ("  ", "needs a subject"), ("a\nb", "one line"), ("a\u2028b", "one line"), ("x" * 201, "200")],
)
def test_an_email_has_a_subject_of_one_line(subject: str | None, words: str) -> None:
    ((pointer, message),) = refusal(GOOD, subject)
    assert pointer == "/subject"
    assert words in message


def test_a_subject_that_is_sometimes_empty_is_refused() -> None:
    ((pointer, _),) = refusal(GOOD, "{% if time %}At {{ time }}{% endif %}")
    assert pointer == "/subject"


def test_a_text_that_is_sometimes_empty_is_refused() -> None:
    assert "/body" in {pointer for pointer, _ in refusal("{% if time %}At {{ time }}{% endif %}")}


def test_a_text_message_has_no_subject() -> None:
    ((pointer, _),) = refusal(GOOD_SMS, "Hello", channel=Channel.SMS)
    assert pointer == "/subject"


def test_a_text_message_says_how_to_stop() -> None:
    ((pointer, message),) = refusal("{{ clinic }}: {{ link }}", None, channel=Channel.SMS)
    assert pointer == "/body"
    assert "STOP" in message


def test_lengths_are_bounded() -> None:
    assert [pointer for pointer, _ in refusal(GOOD + "x" * 5000)] == ["/body"]
    ((_, message),) = refusal(GOOD_SMS + " " + "x" * 900, None, channel=Channel.SMS)
    assert "at most 6" in message


@pytest.mark.parametrize("purpose", [Purpose.CHECK_IN, Purpose.LINK])
def test_what_is_about_the_link_holds_it(purpose: Purpose) -> None:
    ((_, message),) = refusal("Hello", purpose=purpose)
    assert "{{ link }}" in message


def test_what_is_only_worth_knowing_is_said_and_taken() -> None:
    remarks = " ".join(check(Purpose.NEAR, Channel.SMS, Text(None, "Jöjjön el! STOP " + "ő" * 190, "de")))
    assert "{{ clinic }} is missing" in remarks
    assert "Without {{ link }}" in remarks
    assert "2026-12-07" in remarks
    assert "4 segments" in remarks
    assert remarks.endswith("67: ő")


def test_several_mistakes_are_told_together() -> None:
    assert [pointer for pointer, _ in refusal("Dear {{ nickname }}", None)] == ["/subject", "/body"]
