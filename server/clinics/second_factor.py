"""The second factor: codes of an authenticator app (TOTP, RFC 6238), enrolling one, recovery codes, and proving oneself again."""

import secrets
import uuid
from datetime import timedelta
from hashlib import sha256

import pyotp
from sqlalchemy.orm import Session

from schemas.vocabulary import SigningPolicy
from server import clock
from server.clinics import guessing
from server.clinics.credentials import CredentialTries, SecondFactor
from server.clinics.models import Clinic, User
from server.clinics.passwords import matches
from server.db import find
from server.journal.service import say
from server.problems import Problem

STEP_S = 30
WINDOW = 1
"""Steps before and after the present one whose code is taken: phones' clocks drift, and people type slowly."""

PENDING_LASTS = timedelta(minutes=10)
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_GROUP, _GROUPS, _DIGITS = 4, 4, 6
"""A recovery code has 80 bits: as its guesses cannot be tried fast enough, a plain SHA-256 of it is enough to store."""


def needed(user: User) -> bool:
    """Whether a code is asked for when this person signs in with the password."""
    return user.second_factor_since is not None


def start(session: Session, user: User, clinic: Clinic, *, password: str, code: str | None = None) -> tuple[str, str]:
    """(secret, otpauth address for the QR code) of a new authenticator, which counts once `confirm` has seen a code of it.

    Who has one already proves it with a code of that one, or with a recovery code. Raises `wrong_credentials`, `code_required`.
    """
    tries = guessing.own_password(session, user, password, "Setting up a second factor asks for your own password again.")
    if needed(user):
        _prove(session, tries, user, code, recovery=True)
    guessing.right(session, tries)
    factor = _factor(session, user)
    factor.pending, factor.pending_until = pyotp.random_base32(), clock.now() + PENDING_LASTS
    session.flush()
    return factor.pending, address(factor.pending, user, clinic)


def address(secret: str, user: User, clinic: Clinic) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=f"Graftlog {clinic.name}")


def pending(session: Session, user_id: uuid.UUID) -> str | None:
    """The secret that is being set up, for the page that shows it again after a mistyped code."""
    factor = find(session, SecondFactor, user_id)
    return factor.pending if factor and factor.pending_until and clock.now() < factor.pending_until else None


def confirm(session: Session, user: User, code: str) -> list[str]:
    """From now on the new authenticator counts, and another no longer; ten recovery codes, which are shown this once.

    Raises `wrong_state` when none is being set up, `wrong_second_factor`, which is counted.
    """
    factor = _factor(session, user)
    if factor.pending is None or factor.pending_until is None or clock.now() >= factor.pending_until:
        raise Problem("wrong_state", "No authenticator is being set up, or it took longer than ten minutes. Begin again.")
    tries = guessing.check(session, guessing.signed_in(user.id))
    step = _step_of(factor.pending, code)
    if step is None:
        raise guessing.wrong(session, tries, "wrong_second_factor", "Scan the QR code, then type the six digits that the app shows now.")
    guessing.right(session, tries)
    codes = enrol(session, user, factor.pending)
    factor.last_step = step
    return codes


def enrol(session: Session, user: User, secret: str) -> list[str]:
    """Make `secret` the person's, with new recovery codes."""
    factor = _factor(session, user)
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    factor.secret, factor.pending, factor.pending_until, factor.last_step = secret, None, None, 0
    factor.recovery_hashes = [_hash(one) for one in codes]
    user.second_factor_since, user.recovery_codes_left = clock.now(), RECOVERY_CODES
    say(session, user, "enrol_second_factor")
    session.flush()
    return codes


def drop(session: Session, user: User) -> None:
    """The person has no second factor any more, and sets up another one."""
    factor = find(session, SecondFactor, user.id, lock=True)
    if factor is not None:
        factor.secret, factor.pending, factor.recovery_hashes = None, None, []
    if user.second_factor_since is not None:
        user.second_factor_since, user.recovery_codes_left = None, 0
        say(session, user, "drop_second_factor")
    session.flush()


def at_sign_in(session: Session, tries: CredentialTries, user: User, code: str | None) -> None:
    """Ask for the code where the person has an authenticator. Raises `code_required`, `wrong_second_factor`."""
    if needed(user):
        _prove(session, tries, user, code, recovery=True)


def prove(session: Session, user: User, *, password: str, code: str | None = None, pin: str | None = None) -> None:
    """What every signature asks for: the person's own password and a second factor, by the clinic's policy.

    A code of the authenticator always does; the PIN does on a paired tablet of a clinic whose policy says so. Recovery codes never sign.
    Raises `wrong_credentials`, `wrong_second_factor`, `code_used`, which are counted; `code_required`, `no_second_factor`.
    """
    tries = guessing.own_password(session, user, password, "Signing asks for your own password again.")
    policy = session.get_one(Clinic, user.clinic_id).signing_policy
    if pin is not None and code is None:
        if policy != SigningPolicy.PIN_OR_CODE or not session.info["actor"].device_id:
            raise Problem("code_required", "A PIN signs only on a paired tablet, and only where the clinic has decided so. Type the code.")
        if not matches(user.pin_hash, pin):
            raise guessing.wrong(session, tries, "wrong_second_factor", "This is not your PIN.")
    elif not needed(user):
        raise Problem("no_second_factor", "Signing needs two factors. Set up an authenticator app first: People, Your account.")
    else:
        _prove(session, tries, user, code, recovery=False)
    guessing.right(session, tries)


def _prove(session: Session, tries: CredentialTries, user: User, code: str | None, *, recovery: bool) -> None:
    if code is None:
        raise Problem("code_required", "Type the six digits that your authenticator app shows now.")
    factor = _factor(session, user)
    typed = code.replace(" ", "")
    if len(typed) == _DIGITS:
        step = _step_of(factor.secret or "", typed)
        if step is not None and step <= factor.last_step:
            raise guessing.wrong(session, tries, "code_used", f"Wait for the next code; a new one comes every {STEP_S} seconds.")
        if step is not None:
            factor.last_step = step
            session.flush()
            return
    elif recovery and _hash(code) in factor.recovery_hashes:
        factor.recovery_hashes = [one for one in factor.recovery_hashes if one != _hash(code)]
        user.recovery_codes_left = len(factor.recovery_hashes)
        say(session, user, "use_recovery_code")  # used once, and the journal says when: somebody else may have found it
        session.flush()
        return
    raise guessing.wrong(session, tries, "wrong_second_factor", "Type the six digits that your authenticator app shows now.")


def _factor(session: Session, user: User) -> SecondFactor:
    factor = find(session, SecondFactor, user.id, lock=True)
    if factor is None:
        factor = SecondFactor(id=user.id, last_step=0, recovery_hashes=[])
        session.add(factor)
        session.flush()
    return factor


def next_step(session: Session, user_id: uuid.UUID) -> int:
    """Of the first code from now on that nobody has used yet; it is taken from half a minute before it is shown."""
    factor = find(session, SecondFactor, user_id)
    return max(int(clock.now().timestamp()) // STEP_S, factor.last_step + 1 if factor else 0)


def _step_of(secret: str, code: str) -> int | None:
    """The newest step whose code this is, in constant time per step."""
    typed, found = code.replace(" ", ""), None
    now = int(clock.now().timestamp()) // STEP_S
    for step in range(now - WINDOW, now + WINDOW + 1):
        if secrets.compare_digest(pyotp.TOTP(secret).generate_otp(step), typed):
            found = step
    return found


def _hash(code: str) -> str:
    return sha256(code.replace(" ", "").replace("-", "").upper().encode()).hexdigest()
