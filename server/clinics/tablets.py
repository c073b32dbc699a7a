"""Tablets: issue a code, pair with it, rename, revoke; what a tablet says of itself when it calls."""

import ipaddress
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import DeviceState
from server import clock
from server.canonical import instant
from server.clinics.models import Clinic, Device, DeviceSighting, SignIn, WrongCode
from server.clinics.passwords import code_hash
from server.clinics.rules import CODE_LENGTH, CODE_LETTERS, bare
from server.clinics.service import token_hash
from server.db import find, insert_missing, table_of
from server.ids import uuid7
from server.journal.service import say
from server.problems import Counted, Problem
from server.walls import enter, entering, everywhere

CODE_LASTS = timedelta(minutes=10)
MOST_WAITING = 20
"""Codes of a clinic that are alive at the same time."""

MOST_WRONG_HERE, MOST_WRONG = 20, 1000
"""Wrong codes within ten minutes from one address, and from all: a thousand tries find one live code with a chance of 1 in 280 million."""

LONGEST_VERSION = 40
_TABLET = (
    sa.select(
        Device.id.label("device_id"),
        Device.name.label("device_name"),
        Clinic.id.label("clinic_id"),
        Clinic.name.label("clinic_name"),
        Clinic.time_zone,
        DeviceSighting.last_seen_at.label("device_seen_at"),
        (Device.state == DeviceState.REVOKED).label("revoked"),
        entering(Device.clinic_id).label("told"),
    )
    .join(Clinic, Clinic.id == Device.clinic_id)
    .outerjoin(DeviceSighting, sa.and_(DeviceSighting.clinic_id == Device.clinic_id, DeviceSighting.device_id == Device.id))
    .where(Device.token_hash == sa.bindparam("hashed"), Device.state.in_((DeviceState.PAIRED, DeviceState.REVOKED)))
)
"""Asked by every call under a tablet's own token, before it is known whose clinic it is: plain columns, no objects."""


def issue_code(session: Session, *, name: str, device_id: uuid.UUID | None = None) -> tuple[Device, str, bool]:
    """(the tablet, its code, whether it is new). Repeated under the same id before pairing, it is another code and ends the one before.

    Raises `duplicate` for the name of another tablet in use, `id_taken` for another tablet's id, `conflict` when it is paired already.
    """
    known = find(session, Device, device_id, lock=True) if device_id else None
    if known is not None:
        if known.name != name:
            raise Problem("id_taken", "Another tablet has this id. Use a new id for a new tablet; to rename this one, PATCH it.")
        if known.state != DeviceState.WAITING:
            raise Problem("conflict", f"This tablet is {known.state} already. Pair again under a new id.")
    else:
        _check_name(session, name)
        alive = sa.and_(Device.state == DeviceState.WAITING, Device.code_expires_at > clock.now())
        if (session.scalar(sa.select(sa.func.count()).select_from(Device).where(alive)) or 0) >= MOST_WAITING:
            raise Problem("conflict", f"{MOST_WAITING} tablets wait for their codes to be used. Use those, or wait ten minutes.")
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    device = known or Device(id=device_id or uuid7(), name=name)
    device.code_hash, device.code_expires_at = code_hash(code), clock.now() + CODE_LASTS
    device.paired_by = session.info["actor"].user_id
    session.add(device)
    say(session, device, "issue_code")
    session.flush()
    return device, code, known is None


def pair(session: Session, *, code: str, secret: str, address: str) -> tuple[Device, str]:
    """(the tablet, its new token) for a code that is alive. The same code with the same secret may be repeated: the token before ends.

    Raises `wrong_code`, which is counted, alike for unknown, used and expired codes; `too_many_tries` before anything is looked up.
    """
    place = network(address)
    _check_tries(session, place)
    hashed, offered = code_hash(bare(code)), sha256(secret.encode()).digest()
    query = sa.select(Device).where(Device.code_hash == hashed).with_for_update(of=Device)
    with everywhere(session):
        device = session.scalar(query.execution_options(all_clinics=True))
    fits = device is not None and device.state != DeviceState.REVOKED and clock.now() < device.code_expires_at
    if device is None or not fits or device.secret_hash not in {None, offered}:
        session.add(WrongCode(address=place))
        raise Counted("wrong_code", "Check it against the screen that shows it. A code works once and for ten minutes; ask for a new one.")
    token = secrets.token_urlsafe(32)
    enter(session, device.clinic_id)
    device.secret_hash, device.token_hash = offered, token_hash(token)
    device.state, device.paired_at = DeviceState.PAIRED, device.paired_at or clock.now()
    say(session, device, "pair")
    session.flush()
    return device, token


def _check_tries(session: Session, place: str) -> None:
    """Counted without a lock: calls at the same moment may each get one try more."""
    begin = clock.now() - CODE_LASTS
    session.execute(sa.delete(WrongCode).where(WrongCode.at <= begin))
    here = WrongCode.address == place
    count, oldest = session.execute(sa.select(sa.func.count(), sa.func.min(WrongCode.at)).select_from(WrongCode)).one()
    count_here, oldest_here = session.execute(sa.select(sa.func.count(), sa.func.min(WrongCode.at)).where(here)).one()
    if count_here >= MOST_WRONG_HERE or count >= MOST_WRONG:
        first = oldest_here if count_here >= MOST_WRONG_HERE else oldest
        wait = int((first + CODE_LASTS - clock.now()).total_seconds()) + 1
        raise Problem("too_many_tries", "Too many wrong codes. Wait, then pair with a new code.", retry_after_s=wait)


def network(address: str) -> str:
    """An IPv4 address, or the /64 that one house has of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)  # noqa: PLR2004  reason: IPv6


def rename(session: Session, device: Device, name: str) -> None:
    """Call it something else. Raises `duplicate` for the name of another tablet in use, `conflict` for a revoked one."""
    if device.state == DeviceState.REVOKED:
        raise Problem("conflict", "This tablet is revoked and keeps its name. Pair it again to use it.")
    if device.name != name:
        _check_name(session, name)
        device.name = name
        say(session, device, "rename")
        session.flush()


def _check_name(session: Session, name: str) -> None:
    if session.scalar(sa.select(Device.id).where(Device.name == name, Device.state != DeviceState.REVOKED)):
        message = "Another tablet has this name. Choose another one, or revoke that tablet first."
        raise Problem("duplicate", message, errors=[{"pointer": "/name", "message": message}])


def revoke(session: Session, device: Device) -> None:
    """From the next call on it may only hand in what it has recorded, and nobody on it may do anything; it stays in the list."""
    if device.state == DeviceState.REVOKED:
        return
    at = clock.now()
    device.state, device.revoked_at, device.revoked_by = DeviceState.REVOKED, at, session.info["actor"].user_id
    device.code_hash = device.secret_hash = None  # its token stays known: what it recorded before is taken, for a person to look at
    say(session, device, "revoke")
    here = (SignIn.clinic_id == device.clinic_id, SignIn.device_id == device.id, SignIn.ended_at.is_(None))
    session.execute(sa.update(SignIn).where(*here).values(ended_at=at))
    session.flush()


@dataclass(frozen=True)
class Listed:
    """A tablet with what it last said of itself."""

    device: Device
    sighting: DeviceSighting | None

    def document(self) -> dict[str, Any]:
        """Wire form: the device's own, and its last sighting."""
        seen = self.sighting
        return self.device.document() | {
            "last_seen_at": instant(seen.last_seen_at) if seen else None,
            "app_version": seen.app_version if seen else None,
            "schema_version": seen.schema_version if seen else None,
            "clock_offset_ms": seen.clock_offset_ms if seen else None,
        }


def listed(session: Session, *, after: uuid.UUID | None = None, limit: int | None = None) -> Sequence[Listed]:
    """The clinic's tablets in the order in which they were named, revoked ones too."""
    query = _with_sighting().order_by(Device.id).limit(limit)
    if after:
        query = query.where(Device.id > after)
    return [Listed(device, sighting) for device, sighting in session.execute(query)]


def one(session: Session, device_id: uuid.UUID) -> Listed | None:
    """One of the clinic's tablets, or None."""
    row = session.execute(_with_sighting().where(Device.id == device_id)).one_or_none()
    return Listed(*row) if row else None


def _with_sighting() -> sa.Select[Device, DeviceSighting]:
    same = sa.and_(DeviceSighting.clinic_id == Device.clinic_id, DeviceSighting.device_id == Device.id)
    return sa.select(Device, DeviceSighting).outerjoin(DeviceSighting, same)


def device_of(session: Session) -> Device | None:
    """The tablet that is acting, alone or in a person's hands; None at a desk."""
    actor = session.info.get("actor")
    return find(session, Device, actor.device_id) if actor is not None and actor.device_id else None


def who(session: Session, token: str) -> sa.RowMapping | None:
    """Columns of the tablet behind its own token (see `_TABLET`), a revoked one's too, or None."""
    return session.connection().execute(_TABLET, {"hashed": token_hash(token)}).mappings().one_or_none()


def seen(session: Session, clinic_id: uuid.UUID, device_id: uuid.UUID, header: Callable[[str], str | None]) -> None:
    """Note that a tablet has called, and what its headers say of it. What cannot be read there is not known: facts must get through."""
    at = clock.now()
    told = {
        "last_seen_at": at,
        "app_version": _version(header("X-App-Version")),
        "schema_version": _version(header("X-Schema-Version")),
        "clock_offset_ms": _offset_ms(header("X-Device-Time"), at),
    }
    table = table_of(DeviceSighting)
    if not insert_missing(session, table, {"clinic_id": clinic_id, "device_id": device_id, **told}):
        mine = (table.c.clinic_id == clinic_id, table.c.device_id == device_id, table.c.last_seen_at <= at)
        session.execute(sa.update(table).where(*mine).values(told))


def _version(given: str | None) -> str | None:
    told = (given or "").strip()
    return told if 0 < len(told) <= LONGEST_VERSION and told.isascii() and told.isprintable() else None


def _offset_ms(given: str | None, at: datetime) -> int | None:
    """How far the tablet's clock is ahead of ours, including the way here, which the tablet alone can measure."""
    try:
        told = datetime.fromisoformat(given or "")
        return round((told - at).total_seconds() * 1000)
    except (ValueError, TypeError, OverflowError):  # not a time, or one without an offset
        return None
