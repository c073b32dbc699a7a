"""Photograph → Media. R4's hash of an attachment is SHA-1; ours is SHA-256 and stands in an extension. Pure."""

from schemas.vocabulary import PhotoState
from server.fhir.datatypes import BODY_SITE, EXTENSIONS, V3, Json, concept, extension, lean, places, ref, when
from server.fhir.scope import Scope, resource
from server.photos.models import Photo

_STATUS = {
    PhotoState.ANNOUNCED: "preparation",
    PhotoState.STORED: "completed",
    PhotoState.FAILED: "stopped",
    PhotoState.ERASED: "unknown",
}


def media(scope: Scope, row: Photo) -> Json:
    """The photograph: where to fetch it, never its bytes. Whoever fetches it needs a token, and is written down."""
    return resource(
        "Media",
        row.id,
        extension=places(BODY_SITE, [row.scar_id] if row.scar_id else []),
        partOf=[ref("Procedure", row.procedure_id)] if row.procedure_id else [],
        status=_STATUS[row.state],
        statusReason={"text": "Erased on the patient's request"} if row.state == PhotoState.ERASED else None,
        type=concept(f"{V3}/media-type", "image"),
        view=scope.terms.concept("photo-view", row.view),
        subject=ref("Patient", row.patient_id),
        createdDateTime=when(row.taken_at),
        issued=when(row.stored_at),
        reasonCode=[scope.terms.concept("photo-kind", row.kind)],
        height=row.height_px,
        width=row.width_px,
        content=_content(scope, row),
    )


def _content(scope: Scope, row: Photo) -> Json:
    if row.state != PhotoState.STORED or row.stored_sha256 is None:
        return {"title": f"No picture: {row.state}"}
    return lean(
        {
            "extension": [extension(f"{EXTENSIONS}:sha256", "String", row.stored_sha256)],
            "contentType": "image/jpeg",
            "url": f"{scope.api}/photos/{row.id}/content",
            "size": row.stored_bytes,
            "creation": when(row.taken_at),
            "title": f"{row.view}, {row.kind}".replace("_", " "),
        }
    )
