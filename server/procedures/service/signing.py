"""Sign a procedure and add to it afterwards. What is signed is a manifest: the hashes of exactly these entries."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.limits import limits_version
from schemas.vocabulary import ProcedureState, SignatureMeaning
from server import clock
from server.canonical import instant
from server.clinics import second_factor
from server.clinics.models import User
from server.ids import uuid7
from server.journal import checkpoints, keys
from server.journal.service import say, seal
from server.journal.verifier import b64
from server.problems import Problem
from server.procedures import pictures, rules
from server.procedures.changes import announce
from server.procedures.facts import entry_document
from server.procedures.models import Addendum, Procedure, Signature
from server.procedures.service import record
from server.replay import replayed

FORMAT = "graftlog-manifest-1"
_PROOF = ("password", "code", "pin")


def entry_hash(document: dict[str, Any]) -> str:
    """SHA-256 of an entry's RFC 8785 JSON, in hex."""
    return sha256(rfc8785.dumps(document)).hexdigest()


def _signer(session: Session, proof: Mapping[str, str]) -> User:
    user = session.scalars(sa.select(User).where(User.id == session.info["actor"].user_id)).one()
    second_factor.prove(session, user, **proof)
    return user


def _manifest(whole: record.Record, signer: User, meaning: SignatureMeaning, signed_at: datetime) -> dict[str, Any]:
    """Everything that the signature covers, but the key."""
    procedure = whole.procedure
    return {
        "format": FORMAT,
        "clinic_id": str(procedure.clinic_id),
        "procedure_id": str(procedure.id),
        "plan_write_id": str(procedure.write_id),
        "plan": procedure.plan,
        "limits_version": limits_version(),
        "entries": sorted([str(fact["id"]), entry_hash(entry_document(fact))] for fact in whole.facts),
        "subject": whole.subject(),
        "photos": pictures.to_sign(whole.pictures),
        "warnings": [{"code": one["code"], "entry_id": one["entry_id"], "message": one["message"]} for one in whole.warnings()],
        "meaning": str(meaning),
        "signer_id": str(signer.id),
        "signer_name": signer.name,
        "signed_at": instant(signed_at),
    }


def sign(session: Session, procedure: Procedure, *, meaning: SignatureMeaning, keys_folder: Path, **proof: str) -> Signature:
    """Sign a locked, completed procedure as the person signed in, who gives `proof` (see `second_factor.prove`). Afterwards it is closed.

    Raises what `prove` raises, `closed`, `wrong_state`, or `cannot_sign` with `problems[]`.
    """
    if procedure.state == ProcedureState.SIGNED:
        raise Problem("closed", "The procedure is signed already. Add an addendum for what is still to say.")
    if procedure.state != ProcedureState.COMPLETED:
        raise Problem("wrong_state", f"The procedure is {procedure.state}; complete it first.")
    signer = _signer(session, proof)
    whole = record.load(session, procedure)
    refused = rules.cannot_sign(whole.facts, whole.context)
    if refused:
        raise Problem("cannot_sign", " ".join(one["message"] for one in refused), problems=refused)
    key_id, public_key, private = keys.current(session, keys_folder)
    signed_at = clock.now()
    manifest = _manifest(whole, signer, meaning, signed_at) | {"key_id": key_id}
    text = rfc8785.dumps(manifest)
    signature = Signature(
        id=uuid7(),
        procedure_id=procedure.id,
        signer_id=signer.id,
        signer_name=signer.name,
        meaning=meaning,
        signed_at=signed_at,
        manifest=text.decode(),
        signature=b64(private.sign(text)),
        key_id=key_id,
        public_key=public_key,
    )
    session.add(signature)
    before, procedure.state = procedure.state, ProcedureState.SIGNED
    say(session, procedure, "sign")
    session.flush()
    announce(session, procedure, before)
    _witnessed(session, keys_folder)
    return signature


def _witnessed(session: Session, keys_folder: Path) -> None:
    """Seal the signature into the journal and a checkpoint over it: from here on tablets and paper contradict whoever rewrites it."""
    seal(session)
    checkpoints.take(session, keys_folder)


def signature_of(session: Session, procedure_id: uuid.UUID) -> Signature | None:
    """The procedure's signature, or None."""
    return session.scalar(sa.select(Signature).where(Signature.procedure_id == procedure_id))


def addenda_counts(session: Session, procedure_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many addenda each of these procedures has; those without any are left out."""
    query = sa.select(Addendum.procedure_id, sa.func.count()).where(Addendum.procedure_id.in_(procedure_ids))
    return {procedure_id: count for procedure_id, count in session.execute(query.group_by(Addendum.procedure_id))}  # noqa: C416  reason: rows are no pairs to mypy


def faults(session: Session, whole: record.Record) -> list[str]:
    """What does not agree between a signed procedure and its signature; empty when all is well or it is not signed."""
    signature = whole.signature
    if signature is None:
        return []
    published = {key["key_id"]: key["public_key"] for key in keys.published(session, signature.clinic_id)}
    manifest = signature.document()["manifest"]
    found = _seal_faults("The signature", signature, published)
    if signature.public_key != published.get(signature.key_id):
        found.append("The signature's key is not the clinic's.")
    if whole.procedure.plan != manifest["plan"]:
        found.append("The plan differs from what was signed.")
    signed = dict(manifest["entries"])
    present = {str(fact["id"]): entry_hash(entry_document(fact)) for fact in whole.facts if not fact["late"]}
    found += [f"Entry {entry_id} was signed and is missing." for entry_id in signed if entry_id not in present]
    found += [
        f"Entry {entry_id} differs from what was signed." for entry_id, hashed in present.items() if signed.get(entry_id, hashed) != hashed
    ]
    found += [f"Entry {entry_id} was added after signing." for entry_id in present if entry_id not in signed]
    found += pictures.faults(manifest.get("photos", []), whole.pictures)
    return found + [fault for one in whole.addenda for fault in _seal_faults(f"Addendum {one.id}", one, published)]


def _seal_faults(name: str, row: Signature | Addendum, published: Mapping[str, str]) -> list[str]:
    """Whether the seal is the clinic's over exactly this manifest, and the manifest says what the row's columns say."""
    document = row.document()
    found = []
    if not keys.is_valid(published.get(row.key_id, ""), row.signature, row.manifest):
        found.append(f"{name} does not fit its manifest and the clinic's key.")
    if any(document.get(field, value) != value for field, value in document["manifest"].items()):
        found.append(f"{name} differs from its manifest.")
    return found


def add_addendum(session: Session, procedure: Procedure, fields: dict[str, Any], keys_folder: Path) -> tuple[Addendum, bool]:
    """(addendum, whether it is new) to a signed procedure. Raises `wrong_state` before signing, and what `prove` raises."""
    values = {name: value for name, value in fields.items() if name not in _PROOF}
    stored, content = replayed(session, Addendum, values | {"procedure_id": procedure.id})
    if stored:  # the answer was lost; a code works once, so it cannot be proved again
        return stored, False
    if procedure.state != ProcedureState.SIGNED:
        raise Problem("wrong_state", f"The procedure is {procedure.state}; record an entry instead of an addendum.")
    signer = _signer(session, {name: fields[name] for name in _PROOF if name in fields})
    signed_at, addendum_id = clock.now(), values.get("id") or uuid7()
    key_id, _, private = keys.current(session, keys_folder)
    signature = signature_of(session, procedure.id)
    manifest = rfc8785.dumps(
        {
            "format": FORMAT,
            "clinic_id": str(procedure.clinic_id),
            "procedure_id": str(procedure.id),
            "addendum_id": str(addendum_id),
            "signature_id": str(signature.id) if signature else None,
            "text": values["text"],
            "signer_id": str(signer.id),
            "signer_name": signer.name,
            "signed_at": instant(signed_at),
            "key_id": key_id,
        }
    )
    addendum = Addendum(
        id=addendum_id,
        procedure_id=procedure.id,
        text=values["text"],
        signer_id=signer.id,
        signer_name=signer.name,
        signed_at=signed_at,
        manifest=manifest.decode(),
        signature=b64(private.sign(manifest)),
        key_id=key_id,
        content_hash=content,
    )
    session.add(addendum)
    session.flush()
    _witnessed(session, keys_folder)
    return addendum, True


def addenda_of(session: Session, procedure_id: uuid.UUID) -> list[Addendum]:
    """Addenda in order."""
    query = sa.select(Addendum).where(Addendum.procedure_id == procedure_id).order_by(Addendum.signed_at, Addendum.id)
    return list(session.scalars(query))
