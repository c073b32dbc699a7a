"""`graftlog clinic`: clinics and their people."""

import os
import uuid
from pathlib import Path

import click
import sqlalchemy as sa

from schemas.vocabulary import Role
from server.clinics import accounts, passwords
from server.clinics import service as clinics
from server.clinics.models import Clinic
from server.console import of_clinic, opened
from server.migrations.roles import bring_up
from server.patients.models import Patient
from server.rights import erasure
from server.rights.export import export
from server.walls import enter


@click.group()
def clinic() -> None:
    """Clinics and their people."""


def _password(given: str | None, *about: str) -> str:
    """A password that nobody guesses; `about` are the person's name and address, and the clinic's."""
    chosen = (
        given
        or os.environ.get("GRAFTLOG_PASSWORD")
        or click.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt=True)
    )
    why = passwords.weakness(chosen, about)
    if why:
        raise click.ClickException(why)
    return str(chosen)


@clinic.command("create")
@click.option("--name", required=True, help="Name of the clinic.")
@click.option("--time-zone", required=True, help="IANA zone, for example Europe/Budapest.")
@click.option("--phone", help="The number that patients may call.")
@click.option("--admin-email", required=True)
@click.option("--admin-name", required=True)
@click.option("--password", help="Better asked for, or taken from GRAFTLOG_PASSWORD.")
def clinic_create(name: str, time_zone: str, phone: str | None, admin_email: str, admin_name: str, password: str | None) -> None:
    """Set up a real clinic with its first administrator."""
    with opened() as (config, database):
        bring_up(config)
        with database.transaction() as session:
            made = clinics.create_clinic(session, name=name, time_zone=time_zone, phone=phone)
            clinics.create_user(
                session, email=admin_email, name=admin_name, roles=[Role.ADMIN], password=_password(password, admin_name, admin_email, name)
            )
            click.echo(f"Clinic {made.name} ({made.id}). Add people: graftlog clinic add-person --clinic {made.id} …")


@clinic.command("list")
def clinic_list() -> None:
    """All clinics."""
    with opened() as (_, database), database.transaction(write=False, everywhere=True) as session:
        for one in session.scalars(sa.select(Clinic).order_by(Clinic.name)):
            click.echo(f"{one.id}  {one.name}  {one.time_zone}{'  (demo)' if one.demo else ''}")


@clinic.command("add-person")
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--password", help="Better asked for, or taken from GRAFTLOG_PASSWORD.")
def clinic_add_person(clinic_id: uuid.UUID, email: str, name: str, roles: tuple[str, ...], password: str | None) -> None:
    """Add a person to a clinic."""
    with opened() as (_, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        user = clinics.create_user(
            session, email=email, name=name, roles=[Role(role) for role in roles], password=_password(password, name, email)
        )
        click.echo(f"{user.name} signs in as {user.email}.")


@clinic.command("export-patient")
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--mrn", required=True, help="The patient's number.")
@click.argument("file", type=click.Path(path_type=Path))
def clinic_export_patient(clinic_id: uuid.UUID, mrn: str, file: Path) -> None:
    """Write everything about one patient to FILE, a zip archive: record, history, readings, notes, photographs."""
    with opened() as (config, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        patient = session.scalar(sa.select(Patient).where(Patient.mrn == mrn))
        if patient is None:
            raise click.ClickException("No patient of this clinic has this number.")
        try:
            missing = export(session, patient, config, file)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already. Name another file.") from None
        click.echo(f"Written to {file}. It is in the patient's list of disclosures.")
        for one in missing:
            click.echo(f"Not in it: {one}")


@clinic.command("erase-patient")
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--mrn", required=True, help="The patient's number.")
@click.option("--reason", required=True, help="The request and why it is granted; it is kept.")
@click.option("--by", required=True, help="Address of the person of the clinic who has decided it.")
@click.option("--again", help="The patient's number once more, instead of being asked for it.")
def clinic_erase_patient(clinic_id: uuid.UUID, mrn: str, reason: str, by: str, again: str | None) -> None:
    """Erase what need not be kept about a patient: contact data, photographs, earlier versions of both. It cannot be undone.

    The clinical record and its signatures stay, and so does this decision.
    """
    with opened() as (config, database):
        with database.transaction() as session:
            of_clinic(session, clinic_id)
            patient = session.scalar(sa.select(Patient).where(Patient.mrn == mrn))
            if patient is None:
                raise click.ClickException("No patient of this clinic has this number.")
            person = clinics.by_address(session, by)
            if person is None or person.clinic_id != clinic_id or not reason.strip():
                raise click.ClickException("--by must be the address of a person of this clinic, and --reason must say why.")
            if (again or click.prompt("It cannot be undone. Type the patient's number again")) != mrn:
                raise click.ClickException("That is another number. Nothing was erased.")
            enter(session, clinic_id)
            done = erasure.erase(session, patient.id, reason=reason.strip(), decided_by=person)
            said = [
                f"Emptied: {', '.join(done.decision.contact) or 'no contact data was left'}. Reminders are stopped.",
                f"Photographs erased: {done.decision.photos}. Bodies erased from the journal: {done.decision.bodies}.",
                "Kept: the clinical record, its signatures, the list of who has read it, and this decision.",
                "Backups made before still hold what was erased: erase again after restoring one.",
            ]
        left = erasure.drop(config, done.objects)
        for line in said:
            click.echo(line)
        if left:
            raise click.ClickException(
                f"{left} objects of photographs could not be reached in the store. Their key is gone, so nothing opens them; "
                "run the command again to delete them as well."
            )


@clinic.command("reset-link")
@click.option("--email", required=True, help="Of the person.")
@click.option("--second-factor", "drops", is_flag=True, help="Also end her authenticator app, lost with its recovery codes.")
def clinic_reset_link(email: str, drops: bool) -> None:
    """Make a one-time link for a new password, for an administrator who cannot sign in any more."""
    with opened() as (config, database), database.transaction() as session:
        user = clinics.by_address(session, email)
        if user is None:
            raise click.ClickException("Nobody signs in with this address.")
        enter(session, user.clinic_id)
        link, token = accounts.issue_link(session, user, drops_second_factor=drops)
        click.echo(f"For {user.name}, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC: {config.public_url}/new-password#{token}")
