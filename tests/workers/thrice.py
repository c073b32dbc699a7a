"""The worker's application over a queue that carries every message three times: `celery --app tests.workers.thrice …`."""

from typing import Any

from kombu.transport.virtual import base

from workers.app import app

__all__ = ["app"]
_once = base.Channel.basic_publish


def _thrice(self: base.Channel, message: dict[str, Any], exchange: str, routing_key: str, **kwargs: Any) -> None:
    for _ in range(3):
        _once(self, message | {"properties": dict(message["properties"])}, exchange, routing_key, **kwargs)


base.Channel.basic_publish = _thrice  # type: ignore[method-assign]  # reason: a broken broker, on purpose
