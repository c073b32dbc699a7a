"""`graftlog instrument`: a clinic's own instruments loaded from files, its licences, and what may be used."""

import uuid
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from server.clinics import service as clinics
from server.console import of_clinic, opened
from server.outcomes.rules.definition import is_fhir
from server.outcomes.service import catalogue, loading
from server.outcomes.service.files import FileFault, plain
from server.problems import Problem

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_CLINIC = click.option("--clinic", "clinic_id", required=True, type=click.UUID)


@click.group()
def instrument() -> None:
    """Questionnaires and grades as data."""


def _file(path: Path) -> Any:
    try:
        return plain(path.read_bytes())
    except (FileFault, OSError) as fault:
        raise click.ClickException(f"{path}: {fault}") from None


@instrument.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--beside", type=_FILE, help="Of a FHIR Questionnaire: our form, with its scales.")
@_CLINIC
def instrument_load(file: Path, beside: Path | None, clinic_id: uuid.UUID) -> None:
    """Load FILE: our YAML or JSON, or a FHIR R4 Questionnaire with --beside."""
    given, other = _file(file), _file(beside) if beside else None
    if beside is None and is_fhir(given):
        raise click.ClickException(
            f"{file}: a FHIR resource says neither scales nor licence. Write them in our form and name that file as well: "
            f"graftlog instrument load {file} --beside OURS.yaml --clinic {clinic_id} (docs/instruments.md shows one)."
        )
    with opened() as (_, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        try:
            made, new = loading.load(session, other, given) if beside else loading.load(session, given)
        except Problem as problem:
            rows = problem.errors or []
            raise click.ClickException("\n".join([str(problem), *(f"  {one['pointer']}: {one['message']}" for one in rows)])) from None
        click.echo(f"{made.key} {made.version}: {'loaded' if new else 'was there already'} ({made.title}).")


@instrument.command("licence")
@click.argument("key")
@click.option("--holder", required=True, help="Who licenses it.")
@click.option("--reference", required=True, help="Number or place of the agreement.")
@click.option("--from", "begins", type=click.DateTime(["%Y-%m-%d"]), help="First day of use; today where none is named.")
@click.option("--until", "ends", type=click.DateTime(["%Y-%m-%d"]), help="Last day of use; none: without end.")
@_CLINIC
def instrument_licence(key: str, holder: str, reference: str, begins: datetime | None, ends: datetime | None, clinic_id: uuid.UUID) -> None:
    """Record that the clinic may use the instrument KEY."""
    with opened() as (_, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        starts: date = begins.date() if begins else clinics.today(session)
        if ends and ends.date() < starts:
            raise click.ClickException("--until lies before the first day of use; check both days.")
        terms = {"holder": holder, "reference": reference, "valid_from": starts, **({"valid_until": ends.date()} if ends else {})}
        try:
            loading.license_it(session, key, terms)
        except Problem as problem:
            raise click.ClickException(str(problem)) from None
        click.echo(f"{key}: licence of {holder} recorded, {starts} to {ends.date() if ends else 'without end'}.")


@instrument.command("list")
@_CLINIC
def instrument_list(clinic_id: uuid.UUID) -> None:
    """Which there are, and whether they may be used today."""
    with opened() as (_, database), database.transaction(write=False) as session:
        of_clinic(session, clinic_id)
        for one in catalogue.instruments(session, clinics.today(session)):
            about = one.instrument
            click.echo(f"{about.key} {about.version}: {about.title}. {one.obstacle or 'May be used.'}")
