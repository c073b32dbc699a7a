"""`graftlog fhir`: a procedure as a FHIR R4 bundle in a file."""

import os
import uuid
from functools import partial
from pathlib import Path

import click

from schemas.reading_words import Reading
from server.console import of_clinic, opened
from server.db import find
from server.fhir import codes
from server.fhir.scope import Scope
from server.fhir.service import everything
from server.journal.access import write
from server.procedures.models import Procedure


@click.group()
def fhir() -> None:
    """The record as FHIR R4."""


@fhir.command("export")
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--procedure", "procedure_id", required=True, type=click.UUID)
def fhir_export(to: Path, clinic_id: uuid.UUID, procedure_id: uuid.UUID) -> None:
    """Write everything about a procedure to the new file TO, as one bundle. It is logged as a disclosure."""
    with opened() as (config, database):
        scope = Scope(config.public_url, clinic_id, codes.terms(config.snomed_map))
        with database.transaction() as session:
            of_clinic(session, clinic_id)
            row = find(session, Procedure, procedure_id)
            if row is None:
                raise click.ClickException("No such procedure in this clinic.")
            write(session, None, Reading.EXPORT, [row.patient_id], row.id)
        resources = everything.of_procedure(partial(database.transaction, clinic_id, write=False), scope, procedure_id)
        try:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(everything.bundle(scope, "collection", resources))
        except OSError as error:
            raise click.ClickException(f"{to}: {error.strerror}. Name a file that does not exist, in a folder that does.") from None
    click.echo(f"Written to {to}. It holds a patient's data.")
