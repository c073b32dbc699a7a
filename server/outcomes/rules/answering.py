"""What is wrong with answers and with totals that a client has added up itself. Pure; each fault names its field and the fix."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from server.outcomes.rules.instrument import Instrument, exact
from server.outcomes.rules.scoring import Result

Fault = dict[str, str]


def faults(instrument: Instrument, answers: Mapping[str, Any]) -> list[Fault]:
    """Answers to items that there are not, and values that are no answers."""
    found = []
    for name, value in answers.items():
        item = instrument.item(name)
        said = f"{instrument.title} has no item of this name; remove it." if item is None else item.fault(value)
        if said:
            found.append({"pointer": f"/answers/{name}", "message": f"{name}: {said}"})
    return found


def told_otherwise(results: Sequence[Result], totals: Mapping[str, Any]) -> list[Fault]:
    """Totals that differ from the server's own: one of the two has the answers, or the rule, wrong, and nothing may be stored."""
    own = {one.scale.id: one for one in results}
    found = []
    for name, value in totals.items():
        result = own.get(name)
        if result is None:
            found.append({"pointer": f"/totals/{name}", "message": f"No scale {name}; there are {', '.join(own)}."})
        elif (None if value is None else external_e3(value)) != result.value_e3:
            said = "no score, since too many answers are missing" if result.value is None else f"{result.value}"
            found.append(
                {
                    "pointer": f"/totals/{name}",
                    "message": f"The answers come to {said}, not {value}. Send the answers alone, or correct them.",
                }
            )
    return found


def external_e3(value: float) -> int:
    """Thousandths of a score from elsewhere."""
    return round(exact(value) * Fraction(1000))
