"""How a patient is reached: over which channel, at which address, by which clock."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from schemas.vocabulary import PATIENT_CHANNELS, Channel
from server.patients.models import Patient


def address_on(patient: Patient, channel: Channel) -> str | None:
    """The patient's address on a channel: e-mail, or number in E.164."""
    return {Channel.EMAIL: patient.email, Channel.SMS: patient.phone_e164}.get(channel)


def channels_of(patient: Patient, preferred: Iterable[Channel]) -> list[Channel]:
    """All of a patient's channels in order: the patient's own wish, then the protocol's; only those with an address."""
    order = ([Channel(patient.contact_by)] if patient.contact_by else []) + [one for one in preferred if one in PATIENT_CHANNELS]
    return [one for one in dict.fromkeys(order) if address_on(patient, one)]


def best_channel(patient: Patient, preferred: Iterable[Channel]) -> Channel:
    """The first of them; without any address the protocol's first, so that the missing address is seen when it is due."""
    order = tuple(preferred)
    return next(iter(channels_of(patient, order)), order[0])


def zone_of(patient: Patient, clinic: ZoneInfo) -> ZoneInfo:
    """Where the patient's clock hangs."""
    return ZoneInfo(patient.time_zone) if patient.time_zone else clinic
