"""The installation's metrics in Prometheus' text form. No patient and no clinic is named.

Every number comes from an index but that of the photos, whose table is small beside the others.

Written by hand: prometheus-client would cost each process ten megabytes for these few lines.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from schemas.vocabulary import Channel, ReminderState
from server import clock
from server.followup.models import Chore
from server.followup.service import alarms, lateness, sending
from server.photos.service.album import without_thumbnails

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PROOF = "proof"
Sample = tuple[Mapping[str, str], float]


def text(session: Session) -> str:
    """All metrics, each with its help and type."""
    counts = sending.due_by_channel(session)
    failed, ticked = lateness.not_sent(session), sending.last_tick(session)
    waits = [({"channel": str(one)}, sending.longest_wait(session, one).total_seconds()) for one in Channel]
    lines = [
        *_metric(
            "messages",
            "Messages by what the engine must do with them: due now, due within a day, being sent.",
            [({"state": state, "channel": str(channel)}, number) for (state, channel), number in counts.items()],
        ),
        *_metric("oldest_due_seconds", "How long the oldest due message has waited.", waits),
        *_histogram(lateness.histogram(session)),
        *_metric("expired_24h", "Messages not sent in the last 24 hours because it was too late.", failed[ReminderState.EXPIRED]),
        *_metric(
            "suppressed_24h", "Due messages not sent in the last 24 hours: consent, address or stop.", failed[ReminderState.SUPPRESSED]
        ),
        *_metric("dead_24h", "Messages given up in the last 24 hours.", failed[ReminderState.DEAD]),
        *_metric("uncertain", "Messages of which nobody knows whether they arrived.", lateness.in_doubt(session)),
        *_metric("clock_held", "1 while the clock is not believed and nothing is sent.", int(sending.clock_held(session) is not None)),
        *_metric("proof_missing", "Rows that the last nightly proof found missing and repaired.", _repaired(session)),
    ]
    alone, longest = alarms.waiting(session)
    lines += _metric("alerts_unacknowledged", "Alerts that cannot wait and nobody is on.", alone)
    lines += _metric("alert_oldest_unacknowledged_seconds", "How long the oldest of them has stood.", longest.total_seconds())
    lines += _metric("photos_without_thumbnails", "Photos whose thumbnails were given up.", without_thumbnails(session))
    if ticked:
        lines += _metric("last_tick_seconds", "Seconds since a worker last looked round.", max(0.0, (clock.now() - ticked).total_seconds()))
    return "\n".join([*lines, ""])


def _metric(name: str, says: str, value: float | Iterable[Sample]) -> list[str]:
    samples = [({}, value)] if isinstance(value, int | float) else value
    return [f"# HELP graftlog_{name} {says}", f"# TYPE graftlog_{name} gauge", *(_line(name, labels, number) for labels, number in samples)]


def _line(name: str, labels: Mapping[str, str], number: float) -> str:
    inner = ",".join(f'{key}="{one}"' for key, one in labels.items())
    return f"graftlog_{name}{f'{{{inner}}}' if inner else ''} {round(number, 3)}"


def _histogram(found: Mapping[str, Any]) -> list[str]:
    name, count = "lateness_seconds", found["count"]
    says = "Time from promise to sending of the messages of the last 24 hours."
    lines = [f"# HELP graftlog_{name} {says}", f"# TYPE graftlog_{name} histogram"]
    lines += [f'graftlog_{name}_bucket{{le="{one["at_most_s"]}"}} {one["count"]}' for one in found["buckets"]]
    ends = (f'bucket{{le="+Inf"}} {count}', f"sum {found['sum_s']}", f"count {count}")
    return [*lines, *(f"graftlog_{name}_{end}" for end in ends)]


def _repaired(session: Session) -> int:
    row = session.get(Chore, PROOF)
    first = (row.said or "").partition(" ")[0] if row else ""
    return int(first) if first.isdigit() else 0
