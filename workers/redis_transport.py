"""kombu's Redis transport, which forgets a message also when Redis is gone by the time that it is acknowledged.

The stock one counts such a message as being worked on for ever: with a prefetch of one the worker takes no other message, and so
does not even notice that its connection is dead (seen with kombu 5.7 after a failover).
"""

from typing import Any

from kombu.transport import redis
from kombu.transport.virtual import base


class _QoS(redis.QoS):
    def ack(self, delivery_tag: Any) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            base.QoS.ack(self, delivery_tag)
            raise


class _Channel(redis.Channel):
    QoS = _QoS


class Transport(redis.Transport):
    """Redis and Valkey."""

    Channel = _Channel


class _SentinelChannel(redis.SentinelChannel):
    QoS = _QoS


class SentinelTransport(redis.SentinelTransport):
    """Redis behind Sentinel."""

    Channel = _SentinelChannel
