"""Tablets and what was opened in theatre → Device; the latter with its UDI as far as its barcode says it. Pure."""

from schemas.vocabulary import DeviceState
from server.clinics.models import Device
from server.fhir.datatypes import Json, lean, notes
from server.fhir.scope import Scope, Step, resource

_GS1 = "http://hl7.org/fhir/NamingSystem/gs1-di"
_HIBC = "http://hl7.org/fhir/NamingSystem/hibcc"


def _named(name: str) -> list[Json]:
    return [{"name": name, "type": "user-friendly-name"}]


def tablet(scope: Scope, row: Device) -> Json:
    """A tablet that recorded."""
    return resource(
        "Device",
        row.id,
        status="active" if row.state == DeviceState.PAIRED else "inactive",
        deviceName=_named(row.name),
        type=scope.terms.concept("kind", "tablet"),
        owner=scope.organization,
    )


def instrument(scope: Scope, step: Step) -> Json:
    """A cannula, connector or filter, by its entry. The raw scan stays beside what it says."""
    said = step.document
    expired = f"Expired on {said['expires_on']} when it was opened." if said.get("expired") else None
    return resource(
        "Device",
        step.id,
        udiCarrier=[_udi(said)] if {"gtin", "udi_di", "barcode"} & said.keys() else [],
        status=step.status("active"),
        expirationDate=said.get("expires_on"),
        lotNumber=said.get("lot"),
        serialNumber=said.get("serial"),
        deviceName=_named(said["item"]),
        owner=scope.organization,
        note=notes(said.get("reason"), said.get("barcode_problem"), expired),
    )


def _udi(said: Json) -> Json:
    known = said.get("gtin") or said.get("udi_di")
    return lean(
        {
            "deviceIdentifier": known,
            "issuer": (_GS1 if "gtin" in said else _HIBC) if known else None,
            "carrierHRF": said.get("barcode"),
            "entryType": "barcode" if "barcode" in said else "manual",
        }
    )
