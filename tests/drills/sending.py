"""Faults of sending: workers killed and stopped, Redis killed, flushed and frozen, while reminders fall due."""

from tests.drill.drill import Plan, run
from tests.drill.faults import Kind
from tests.drills.book import IN_THE_SUITE, Broken, Figures, NotShown, Scene, drill, ensure

REMINDERS, SECONDS, FROZEN_S = 1000, 60.0, 20.0


def _sent(scene: Scene, provider: str) -> Figures:
    """One drill of the reminders, on servers of its own; the same faults at the same moments for one seed."""
    if scene.short:
        raise NotShown(IN_THE_SUITE)
    plan = Plan(seed=scene.seed, reminders=REMINDERS, seconds=SECONDS, provider=provider, frozen_s=FROZEN_S)
    folder = scene.folder / provider
    folder.mkdir()
    said: list[str] = []
    verdict, happened = run(plan, said.append, folder)
    if verdict.faults:
        raise Broken(f"{provider}: " + "; ".join(verdict.faults))
    ensure(happened[Kind.KILL_WORKER] > 0 and happened[Kind.KILL_BROKER] > 0, f"too little went wrong: {dict(happened)}")
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(happened.items()))
    doubt = f", {verdict.states['uncertain']} in doubt" if provider != "idempotent" else ""
    return [f"{provider}: {verdict.messages} due, {verdict.taken} accepted{doubt}; {faults}; p99 {verdict.lateness(0.99):.1f} s late"]


@drill(
    3,
    "kill -9 of Celery workers before and after sending, to providers that do not honour our key",
    "never sent twice; what may have been sent is in doubt and waits for a person",
)
def killed_workers(scene: Scene) -> Figures:
    """Plain text messages and SMTP."""
    return [*_sent(scene, "plain"), *_sent(scene, "smtp")]


@drill(
    4,
    "Redis killed, emptied again and again, frozen; workers killed and stopped for longer than their lease; beats doubled and killed",
    "every due message accepted exactly once by a provider that honours our key; Redis holds nothing that is missed",
)
def redis_gone(scene: Scene) -> Figures:
    """It keeps nothing on disk, so a killed one comes back empty."""
    return _sent(scene, "idempotent")
