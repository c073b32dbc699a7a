"""What everybody may know of the demo's people: how they sign in. Refused off loopback (server/start.py)."""

import pyotp

from schemas.vocabulary import Role
from server import clock

PASSWORD = "graftlog-demo"  # noqa: S105  reason: documented, and refused off loopback
SECOND_FACTOR = "GRAFTLOGDEMO2345GRAFTLOGDEMO2345"
"""Of administrator and surgeon. Type it into an authenticator app, or ask `graftlog demo code`."""

PIN = "274163"
"""Of all of them, on tablets. Documented as well."""

ACCOUNTS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("admin@demo.example", "Ádám Varga", (Role.ADMIN,)),
    ("surgeon@demo.example", "Dr Vera Kovács", (Role.SURGEON,)),
    ("nurse@demo.example", "Nóra Szabó", (Role.NURSE,)),
    ("coordinator@demo.example", "Csaba Tóth", (Role.COORDINATOR,)),
    ("rater1@demo.example", "Dr Réka Nagy", (Role.RATER,)),
    ("rater2@demo.example", "Dr Gábor Molnár", (Role.RATER,)),
    ("rater3@demo.example", "Dr Emese Fekete", (Role.RATER,)),
)
ENROLLED = frozenset({Role.ADMIN, Role.SURGEON})


def code(ahead: int = 0) -> str:
    """What an app with SECOND_FACTOR shows now, or so many codes later; the next one is taken already, each is taken once."""
    return code_of(int(clock.now().timestamp()) // 30 + ahead)


def code_of(step: int) -> str:
    """What it shows in this half minute since 1970."""
    return pyotp.TOTP(SECOND_FACTOR).generate_otp(step)
