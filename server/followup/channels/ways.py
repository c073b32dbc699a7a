"""Which ways out this installation has, by its settings."""

from schemas.vocabulary import Channel
from server.config import Config
from server.followup.channels.base import Way
from server.followup.channels.outbox import OutboxWay
from server.followup.channels.push import PushWay
from server.followup.channels.sms import SmsWay
from server.followup.channels.smtp import SmtpWay
from server.followup.channels.webhook import WebhookWay


def available(config: Config) -> frozenset[Channel]:
    """Channels on which something can leave. Text messages need a gateway, or the folder that stands in for everything."""
    text = {Channel.SMS} if config.sms_url or not config.smtp_url else set()
    return frozenset({Channel.EMAIL, Channel.PUSH, Channel.WEBHOOK} | text)


def paces(config: Config) -> dict[Channel, int]:
    """Messages a second that a sender takes; 0: as many as come. Channels that are not named have no such limit."""
    return {Channel.SMS: config.sms_per_second, Channel.EMAIL: config.email_per_second}


def open_way(config: Config, channel: Channel) -> Way:
    """A way of its own for one thread. Raises KeyError for a channel that is not available."""
    if channel not in available(config):
        raise KeyError(channel)
    if channel == Channel.EMAIL:
        return SmtpWay(config) if config.smtp_url else OutboxWay(config)
    if channel == Channel.SMS:
        return SmsWay(config) if config.sms_url else OutboxWay(config, Channel.SMS)
    return PushWay(config) if channel == Channel.PUSH else WebhookWay(config)


def open_ways(config: Config) -> dict[Channel, Way]:
    """One of each. They connect when they are first used, so those that are not cost nothing."""
    return {channel: open_way(config, channel) for channel in sorted(available(config))}


def at_home(config: Config) -> dict[Channel, Way]:
    """For the invented patients of a demo, whose addresses may be somebody's: the folder, whatever else is set up."""
    return {Channel.EMAIL: OutboxWay(config), Channel.SMS: OutboxWay(config, Channel.SMS)}


def idempotent(config: Config) -> dict[Channel, bool]:
    """Of each channel, whether its provider takes a repeated key as the same message."""
    return {channel: way.idempotent for channel, way in open_ways(config).items()}
