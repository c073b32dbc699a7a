"""What the page of people and tablets says: roles, PINs, when a tablet was last seen, whether its clock is right."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.vocabulary import DeviceState, Role, SigningPolicy
from server import clock
from server.access import TABLET_ROLES
from server.clinics.models import Device, User
from server.clinics.tablets import Listed
from server.procedures.note.words import clock as time_of_day
from server.procedures.note.words import counted, short_day
from server.web.blueprint import local
from server.web.words import Said

ROLES = {
    Role.SURGEON: "Surgeon",
    Role.NURSE: "Nurse",
    Role.COORDINATOR: "Coordinator",
    Role.RATER: "Rater",
    Role.ADMIN: "Administrator",
}
CLOCK_OFF = timedelta(minutes=2)
"""More than this is said: entries are stamped by the tablet's clock."""

DONE = {
    "renamed": "The tablet has its new name.",
    "revoked": "The tablet is revoked. To use it again, pair it again.",
    "lifted": "The lock is lifted. A PIN can be tried again.",
    "password": "Your password is changed. Your other sessions have ended.",
    "session": "The session has ended.",
    "person": "Saved.",
    "sessions": "All sessions of this person have ended.",
    "policy": "Saved. It holds for every signature from now on.",
    "pin": "Your PIN is set. Sign in with it on any of the clinic’s tablets.",
}
POLICIES = {
    SigningPolicy.CODE: ("A code of the authenticator app", "Always, whatever the surgeon signs on."),
    SigningPolicy.PIN_OR_CODE: (
        "The PIN on a paired tablet, or a code",
        "The tablet is what she has, the PIN what she knows. Elsewhere a code.",
    ),
}
_WAITING, _RAN_OUT = "Waiting to be paired", "Not paired, the code ran out"


def roles(held: Sequence[str]) -> str:
    """`Nurse, administrator`."""
    return ", ".join(ROLES[Role(role)] for role in held).capitalize()


def pin(user: User, locked_on: Sequence[str]) -> Said:
    """How a person stands with tablets; `locked_on` are the tablets' names."""
    if not user.active:
        return Said("No longer works here", "slashed")
    if not TABLET_ROLES & set(user.roles):
        return Said("No PIN for this role", "slashed")
    if locked_on:
        return Said(f"Locked out on {' and '.join(locked_on)}", "triangle", open=True)
    return Said("PIN set", "disc") if user.pin_hash else Said("No PIN yet", "ring")


def factor(user: User) -> Said:
    """Whether codes of an app are asked for."""
    return Said("Set up", "disc") if user.second_factor_since else Said("None yet", "ring", open=Role.ADMIN in user.roles and user.active)


def codes_left(left: int) -> str:
    """How many recovery codes there still are."""
    if left == 0:
        return "No recovery code is left. Set up the app again to get new ones."
    return f"{counted(left, 'recovery code')} left. Lost them? Set up the app again to get new ones."


def why_factor(manages: bool, signs: bool) -> str:
    """What a person cannot do without an app."""
    if manages:
        return "Administrators need one before they can manage people and tablets."
    return "Signing a procedure asks for one." if signs else "It keeps others out who have learned your password."


def tablet(device: Device) -> Said:
    """Where a tablet stands."""
    if device.state == DeviceState.REVOKED:
        return Said("Revoked", "slashed")
    if device.state == DeviceState.PAIRED:
        return Said("In use", "disc")
    return Said(_WAITING, "quarter") if clock.now() < device.code_expires_at else Said(_RAN_OUT, "cross")


def seen(moment: datetime | None) -> str:
    """How long ago, as far as anybody wants to know."""
    if moment is None:
        return "Never"
    ago = clock.now() - moment
    if ago < timedelta(minutes=2):
        return "Just now"
    if ago < timedelta(hours=1):
        return f"{counted(int(ago.total_seconds() // 60), 'minute')} ago"
    then = local(moment)
    days = (local(clock.now()).date() - then.date()).days
    day = {0: "Today", 1: "Yesterday"}.get(days) or short_day(then.date())
    return f"{day}, {time_of_day(then)}"


def clock_fault(listed: Listed) -> str:
    """`Clock 3 minutes fast`; empty when it is right enough, or not known."""
    offset_ms = listed.sighting.clock_offset_ms if listed.sighting else None
    if offset_ms is None or listed.device.state != DeviceState.PAIRED or abs(offset_ms) <= CLOCK_OFF.total_seconds() * 1000:
        return ""
    minutes = abs(offset_ms) // 60_000
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return f"Clock {counted(minutes // size, unit)} {'fast' if offset_ms > 0 else 'slow'}"
    return ""


def lasts(until: datetime) -> str:
    """`10 minutes, until 09:40`."""
    left = max(1, round((until - clock.now()).total_seconds() / 60))
    return f"{counted(left, 'minute')}, until {time_of_day(local(until))}"
