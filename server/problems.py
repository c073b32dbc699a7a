"""The catalogue of problems: one class, stable codes, raised never returned. Rendered as RFC 9457 by the application."""

from typing import Any

CATALOGUE: dict[str, tuple[int, str]] = {
    # the request
    "bad_request": (400, "The request cannot be read"),
    "not_signed_in": (401, "Sign in first"),
    "wrong_credentials": (401, "E-mail address or password is wrong"),
    "wrong_code": (401, "This code does not work"),
    "wrong_pin": (401, "Person or PIN is wrong"),
    "pin_locked": (403, "The PIN is locked on this tablet"),
    "code_required": (401, "A second factor is asked for"),
    "wrong_second_factor": (401, "The second factor is wrong"),
    "code_used": (401, "This code was used already"),
    "wrong_link": (401, "This link does not work"),
    "not_allowed": (403, "Your role does not allow this"),
    "not_genuine": (403, "This call does not come from whom it claims"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "This address does not take that method"),
    "not_acceptable": (406, "None of the formats asked for can be given"),
    "conflict": (409, "This contradicts what is stored"),
    "id_taken": (409, "A record with this id exists and differs"),
    "duplicate": (409, "Another record already has this value"),
    "key_reused": (409, "This Idempotency-Key was used for another request"),
    "wrong_state": (409, "The procedure is not in a state that allows this"),
    "closed": (409, "The procedure is signed and closed"),
    "no_second_factor": (403, "There is no second factor yet"),
    "cannot_sign": (409, "Signing would make the document false"),
    "epoch_changed": (409, "The clinic's record was restored from a backup"),
    "not_whole": (409, "There is nothing to show yet"),
    "wrong_offset": (409, "The upload stands elsewhere"),
    "gone": (410, "The upload has ended"),
    "tus_version": (412, "Send Tus-Resumable: 1.0.0"),
    "stale": (412, "The record has changed since you read it"),
    "too_large": (413, "The request is too large"),
    "unsupported_media_type": (415, "Send application/json"),
    "invalid": (422, "Some fields need correction"),
    "upgrade_required": (426, "This application is too old to read the record"),
    "photo_refused": (422, "These bytes cannot become the photo that was announced"),
    "checksum_mismatch": (460, "The bytes are not those that Upload-Checksum names"),
    "if_match_required": (428, "Say which version you are changing"),
    "too_many_calls": (429, "Too many calls in a short time"),
    "too_many_tries": (429, "Too many tries"),
    "internal": (500, "Something went wrong on our side; nothing was stored"),
    "not_ready": (503, "Not everything works as it should"),
    "report_failed": (503, "The report could not be computed"),
    "too_many_streams": (503, "No live stream is free just now"),
    "unavailable": (503, "Something that this needs cannot be reached just now"),
    "damaged": (500, "What is stored is not what was stored once"),
    "busy": (503, "Too many photos are on their way at once; try again shortly"),
    "interrupted": (503, "The upload was interrupted; go on from its offset"),
    "store_unavailable": (503, "The place where photos are kept cannot be used just now; try again shortly"),
}


class Problem(Exception):
    """Something a client can be told. `code` is a key of CATALOGUE; `detail` says what to do next."""

    def __init__(self, code: str, detail: str = "", *, errors: list[dict[str, str]] | None = None, **extra: Any) -> None:
        """`errors` are `{"pointer", "message"}` rows; `extra` members are added to the answer."""
        self.status, self.title = CATALOGUE[code]
        self.code, self.detail, self.errors, self.extra = code, detail, errors or [], extra
        super().__init__(f"{code}: {detail}")

    def as_dict(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {
            "type": f"urn:graftlog:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


class Counted(Problem):
    """A refusal that leaves a trace: the transaction is committed all the same, because a wrong try has to be remembered."""


def invalid(pointer: str, message: str) -> Problem:
    """A 422 about one field."""
    return Problem("invalid", message, errors=[{"pointer": pointer, "message": message}])


def invalid_all(rows: list[dict[str, str]]) -> Problem:
    """A 422 about several fields, each row with its `pointer` and `message`."""
    return Problem("invalid", " ".join(one["message"] for one in rows), errors=rows)


def bad_cursor() -> Problem:
    """A 422 about a cursor that no page gave out."""
    return invalid("/cursor", "Not a cursor; use next_cursor of the page before as it came.")
