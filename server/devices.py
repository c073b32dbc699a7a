"""HTTP of tablets: pairing, the list, people on a tablet, locks after wrong PINs."""

import uuid
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request

from schemas.devices import (
    DeviceChange,
    DeviceCreate,
    DeviceList,
    DeviceOut,
    DeviceQuery,
    ListedDevice,
    NewCode,
    Paired,
    PairingRequest,
    PinLocks,
    TabletPeople,
)
from server.access import TABLET_ROLES, Permission, allow, public, recognise
from server.accounts import qr_svg as picture
from server.clinics import pins, tablets
from server.clinics.models import Device
from server.clinics.rules import grouped
from server.db import find
from server.http import Routes, after_id, answer, found, must_match, page_of, session, tablet
from server.idempotency import never_kept
from server.rates import Rate, rated

routes = Routes("devices", __name__, url_prefix="/api/v1", description="Tablets, and signing in on them")


def qr_svg(code: str) -> str:
    """What a tablet's camera reads: this server's address and the code."""
    text = f"graftlog:pair?{urlencode({'server': current_app.config['GRAFTLOG'].public_url, 'code': code})}"
    return picture(text, scale=6)


@routes.route("/devices", methods=["POST"])
@routes.arguments(DeviceCreate)
@routes.response(201, NewCode)
@routes.alt_response(200, schema=NewCode, description="The tablet was named before; another code", success=True)
@routes.refuses(409)
@allow(Permission.SET_UP)
@never_kept
def issue_code(body: dict[str, Any]) -> Response:
    """Name a tablet and issue its code, for one use within ten minutes. Repeated with the same id: another code, and this one ends."""
    device, code, new = tablets.issue_code(session(), name=body["name"], device_id=body.get("id"))
    return answer(device.document() | {"code": grouped(code), "qr_svg": qr_svg(code)}, 201 if new else 200, etag=device.write_id)


@routes.route("/devices/pairing", methods=["POST"])
@routes.arguments(PairingRequest)
@routes.response(201, Paired)
@routes.refuses(401, 429)
@public
@never_kept
@rated(Rate.SIGN_IN)
def pair(body: dict[str, Any]) -> Response:
    """Exchange a code for the tablet's token. If the answer is lost, repeat the call as it was: the token before ends."""
    device, token = tablets.pair(session(), **body, address=request.remote_addr or "")
    recognise(session(), token, pins.TABLET_IDLE)  # the journal names the tablet
    tablets.seen(session(), device.clinic_id, device.id, request.headers.get)
    return answer(device.document() | {"token": token}, 201)


@routes.route("/devices", methods=["GET"])
@routes.arguments(DeviceQuery, location="query")
@routes.response(200, DeviceList)
@allow(Permission.READ_PEOPLE)
def list_devices(query: dict[str, Any]) -> Response:
    """All tablets, revoked ones too."""
    return page_of(
        tablets.listed(session(), after=after_id(query), limit=query["limit"] + 1), query["limit"], lambda last: (str(last.device.id),)
    )


@routes.route("/devices/<uuid:device_id>", methods=["GET"])
@routes.etag
@routes.response(200, ListedDevice)
@routes.refuses(404)
@allow(Permission.READ_PEOPLE)
def get_device(device_id: uuid.UUID) -> Response:
    """One tablet."""
    listed = found(tablets.one(session(), device_id))
    return answer(listed.document(), etag=listed.device.write_id, with_more=True)


@routes.route("/devices/<uuid:device_id>", methods=["PATCH"])
@routes.etag
@routes.arguments(DeviceChange)
@routes.response(200, DeviceOut)
@routes.refuses(404, 409)
@allow(Permission.SET_UP)
def rename_device(body: dict[str, Any], device_id: uuid.UUID) -> Response:
    """Call a tablet something else."""
    device = found(find(session(), Device, device_id, lock=True))
    must_match(device.write_id)
    tablets.rename(session(), device, body["name"])
    return answer(device.document(), etag=device.write_id)


@routes.route("/devices/<uuid:device_id>", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.SET_UP)
def revoke_device(device_id: uuid.UUID) -> Response:
    """Take a tablet out of use: its token and those of the people on it are worthless from the next call on. It stays in the list."""
    tablets.revoke(session(), found(find(session(), Device, device_id, lock=True)))
    return Response(status=204)


@routes.route("/devices/people", methods=["GET"])
@routes.response(200, TabletPeople)
@allow(Permission.DEVICE)
def list_tablet_people() -> Response:
    """Who may sign in on this tablet; under the tablet's own token."""
    people = pins.people_of(session(), tablet().device_id, TABLET_ROLES)
    items = [
        {"id": str(user.id), "name": user.name, "roles": user.roles, "pin_set": user.pin_hash is not None, "locked": locked}
        for user, locked in people
    ]
    return answer({"items": items, "next_cursor": None})


@routes.route("/devices/pin-locks", methods=["GET"])
@routes.response(200, PinLocks)
@allow(Permission.READ_PEOPLE)
def list_pin_locks() -> Response:
    """Who is locked out after five wrong PINs, and on which tablet."""
    return answer({"items": [tries.document() for tries, _, _ in pins.locks(session())], "next_cursor": None})


@routes.route("/devices/pin-locks/<uuid:lock_id>", methods=["DELETE"])
@routes.response(204)
@routes.refuses(404)
@allow(Permission.SET_UP)
def lift_pin_lock(lock_id: uuid.UUID) -> Response:
    """Let the person try again."""
    found(pins.lift(session(), lock_id))
    return Response(status=204)
