"""`graftlog photos`: thumbnails tried again, photos checked, their keys changed."""

import sys
import uuid

import click

from server.backup import words
from server.console import of_clinic, opened
from server.photos.service import checking, encrypting, keys, rotating, thumbnails


@click.group()
def photos() -> None:
    """The photographs of all clinics."""


@photos.command("retry")
def photos_retry() -> None:
    """Have the thumbnails made after all that workers gave up."""
    with opened() as (_, database):
        click.echo(f"Thumbnails that workers will try again (photos: {thumbnails.retry_all(database):,}).")


@photos.command("verify")
def photos_verify() -> None:
    """Open and hash every photo. Exit code 1 names those that are lost, damaged, or cannot be opened."""
    with opened() as (config, database):
        found = checking.check(database, config)
    click.echo("\n".join(words.found(found)))
    if found.lost or found.closed:
        sys.exit(1)


@photos.command("rotate-key")
@click.argument("clinic_id", metavar="CLINIC", type=click.UUID)
def photos_rotate_key(clinic_id: uuid.UUID) -> None:
    """Encrypt the keys of the clinic's photos with a new one. Workers do it; `graftlog photos rotation` says how far they are."""
    with opened() as (config, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        new = keys.rotate(session, config.keys)
        click.echo(f"Photo key {new.key_id} takes over; patients' keys that workers wrap with it now: {new.total:,}.")
        click.echo(f"Keep the old one's file: earlier backups need it. Back up the folder of keys: {config.keys}")


@photos.command("rotation")
def photos_rotation() -> None:
    """How far the change of keys is, in every clinic, and how many photos are not encrypted yet."""
    with opened() as (_, database), database.transaction(write=False, everywhere=True) as session:
        for one in rotating.standings(session):
            click.echo(_line(one))
        plain, failed = encrypting.left(session)
    if plain:
        click.echo(f"From before encryption, to be encrypted by workers (photos: {plain:,}; tried and failed: {failed:,}).")
    else:
        click.echo("No photo lies unencrypted.")


def _line(one: rotating.Standing) -> str:
    progress = f"{one.done:,} of {one.total:,} keys wrapped anew" + ("" if one.finished else ", going on")
    retired = f"; needed for earlier backups only: {', '.join(one.retired)}" if one.retired else ""
    return f"{one.clinic}: photo key {one.key_id}: {progress if one.total else 'in use'}{retired}"
