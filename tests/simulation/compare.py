"""Holding the two logs against each other, and telling the story of whoever they differ about."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.simulation.script import Line, Script

STORIES = 5


def differences(script: Script, ours: Iterable[Line], naive: Iterable[Line]) -> tuple[int, str]:
    """(patients about whom the logs differ, the stories of the first of them)."""
    only_ours, only_naive = Counter(ours) - Counter(naive), Counter(naive) - Counter(ours)
    people = sorted({line.who for line in (*only_ours, *only_naive)})
    return len(people), "\n".join(_story(script, who, sorted(only_ours), sorted(only_naive)) for who in people[:STORIES])


def _story(script: Script, who: str, only_ours: Sequence[Line], only_naive: Sequence[Line]) -> str:
    lines = [f"\n{who}"]
    lines += [f"  {one}" for one in script.of(who)]
    lines += [f"  only the engine says:      {one}" for one in only_ours if one.who == who]
    lines += [f"  only the calculation says: {one}" for one in only_naive if one.who == who]
    return "\n".join(lines)


def counts(lines: Iterable[Line]) -> Counter[str]:
    """How many messages became what."""
    return Counter(line.became for line in lines)
