"""The `graftlog` command: databases and their backups, clinics and people, the journal, the demo."""

import os
import sys
import time
import uuid
from pathlib import Path

import click
import sqlalchemy as sa

from server import clock
from server.backup import service as backups
from server.backup.refusals import BackupError
from server.cli_clinics import clinic
from server.cli_fhir import fhir
from server.cli_outcomes import instrument
from server.cli_photos import photos
from server.clinics import demo as known
from server.clinics import second_factor
from server.clinics.models import Clinic
from server.clinics.service import by_address
from server.config import ConfigError, database_url, from_environment
from server.console import of_clinic, opened
from server.demo import case, seed
from server.followup.engine import guard
from server.followup.service.sending import status_text
from server.journal import checkpoints, keys, verifier
from server.journal.reading import export, verify
from server.migrations.roles import bring_up, setup
from server.problems import Problem
from server.walls import enter


@click.group()
def graftlog() -> None:
    """Graftlog's administration."""


@graftlog.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest migration."""
    with opened() as (config, database):
        bring_up(config)
        click.echo(f"Database {database.url.render_as_string(hide_password=True)} is up to date. Data folder: {config.data}")


@db.command("setup")
@click.option("--as", "admin", envvar="GRAFTLOG_ADMIN_URL", required=True, help="postgresql://… of who may make roles and databases.")
def db_setup(admin: str) -> None:
    """Make PostgreSQL's two roles and the database, from DATABASE_URL and GRAFTLOG_OWNER_URL; may be repeated."""
    try:
        for line in setup(from_environment(), database_url(admin, Path())):
            click.echo(line)
    except sa.exc.DBAPIError as error:
        raise click.ClickException(str(error.orig).strip().splitlines()[0]) from None


@graftlog.command("backup")
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--keys", "keys_to", type=click.Path(path_type=Path), help="Also save the folder of keys, as a file of its own.")
def backup(to: Path, keys_to: Path | None) -> None:
    """Write a backup of database and photos to the file TO, or into the folder TO under a name with the time. Others may go on working."""
    for line in backups.backup(from_environment(), to, keys_to):
        click.echo(line)


@graftlog.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where the database holds a record; that is backed up first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, replace: bool, yes: bool) -> None:
    """Put the backup in FILE in place of the database. Stop web, worker and beat first."""

    def agree(lines: list[str]) -> None:
        click.echo("\n".join(lines))
        if not yes:
            click.confirm("Restore it?", abort=True)

    for line in backups.restore(from_environment(), file, replace=replace, agree=agree):
        click.echo(line)


graftlog.add_command(clinic)


@graftlog.group()
def journal() -> None:
    """The journal of every change."""


@journal.command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--key", "trusted", multiple=True, help="With FILE: a public key (base64) that you had before.")
@click.option("--witness", multiple=True, type=click.Path(path_type=Path), help="With FILE: a checkpoint that somebody kept elsewhere.")
@click.option("--clinic", "clinic_id", type=click.UUID, help="Without FILE: one clinic only.")
def journal_verify(file: Path | None, trusted: tuple[str, ...], witness: tuple[Path, ...], clinic_id: uuid.UUID | None) -> None:
    """Recompute every hash, root and signature, of the database or of an exported FILE. Exit code 1 names the first bad row."""
    if file:
        options = [f"--key={key}" for key in trusted] + [f"--witness={path}" for path in witness]
        sys.exit(verifier.main([*options, "--", str(file)]))
    broken = False
    with opened() as (_, database), database.transaction(write=False, everywhere=True) as session:
        for one in session.scalars(sa.select(Clinic).order_by(Clinic.name)).all():
            if clinic_id and one.id != clinic_id:
                continue
            count, fault = verify(session, one.id)
            if fault:
                broken = True
                click.secho(f"✗ {one.name}: row {fault[0]}: {fault[1]}", fg="red")
            else:
                click.secho(f"✓ {one.name}: {count} rows, chain whole, checkpoints true", fg="green")
    if broken:
        sys.exit(1)


@journal.command("export")
@click.argument("to", type=click.Path(path_type=Path))
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
@click.option("--without-bodies", is_flag=True, help="Leave out what the records say; the chain can be checked all the same.")
def journal_export(to: Path, clinic_id: uuid.UUID, without_bodies: bool) -> None:
    """Write a clinic's journal to the new file TO, for `graftlog journal verify TO` here or verifier.py anywhere."""
    with opened() as (_, database), database.transaction(write=False) as session:
        of_clinic(session, clinic_id)
        try:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(export(session, clinic_id, bodies=not without_bodies))
        except OSError as error:
            raise click.ClickException(f"{to}: {error.strerror}. Name a file that does not exist, in a folder that does.") from None
    click.echo(f"Written to {to}. Checked anywhere with: python verifier.py {to.name} --key PUBLIC_KEY (from server/journal/verifier.py)")
    if not without_bodies:
        click.echo("It holds patients' data.")


@journal.command("rotate-key")
@click.option("--clinic", "clinic_id", required=True, type=click.UUID)
def journal_rotate_key(clinic_id: uuid.UUID) -> None:
    """Sign with a new key from now on. Keep the old one's file: it proves nothing new, but it is small."""
    with opened() as (config, database), database.transaction() as session:
        of_clinic(session, clinic_id)
        old, new = keys.rotate(session, config.keys)
        checkpoints.take(session, config.keys)
        click.echo(f"Key {old} is retired; {new} signs from now on. Back up the folder of keys: {config.keys}")


@graftlog.group()
def sending() -> None:
    """The sending of messages, of all clinics."""


@sending.command("status")
def sending_status() -> None:
    """What waits, what rests, whether the clock is believed."""
    with opened() as (_, database), database.transaction(write=False, everywhere=True) as session:
        for line in status_text(session):
            click.echo(line)


@sending.command("pause")
@click.option("--reason", required=True, help="For whoever reads the status.")
def sending_pause(reason: str) -> None:
    """Send nothing more, on any channel, for any clinic."""
    with opened() as (_, database), database.transaction() as session:
        guard.pause_all(session, reason)
        click.echo("Nothing is sent any more, and what grows too late meanwhile is not sent afterwards. Go on: graftlog sending resume")


@sending.command("resume")
def sending_resume() -> None:
    """Go on after a pause of all clinics."""
    with opened() as (_, database), database.transaction() as session:
        guard.pause_all(session, None)
        click.echo("Sending goes on.")


@sending.command("believe-clock")
def sending_believe() -> None:
    """Say that this machine's clock is right, after it jumped or after a long silence."""
    with opened() as (_, database), database.transaction() as session:
        guard.believe(session)
        click.echo(f"The time is {clock.now():%Y-%m-%d %H:%M} UTC; messages go out by it.")


graftlog.add_command(photos)
graftlog.add_command(fhir)
graftlog.add_command(instrument)


@graftlog.group()
def demo() -> None:
    """The demo clinic."""


@demo.command("seed")
def demo_seed() -> None:
    """Make the demo clinic and its past, if there is no clinic at all."""
    with opened() as (config, database):
        seed.run(config, database, say=click.echo)


@demo.command("code")
@click.option("--email", default="surgeon@demo.example", show_default=True)
def demo_code(email: str) -> None:
    """A code that the demo's server takes now; each is taken once, so after two in one minute this waits for the next."""
    with opened() as (_, database), database.transaction(write=False, everywhere=True) as session:
        user = by_address(session, email)
        if user is None:
            raise click.ClickException("There is no demo clinic here yet, or nobody in it has this address.")
        enter(session, user.clinic_id)
        step = second_factor.next_step(session, user.id)
    wait = (step - second_factor.WINDOW) * second_factor.STEP_S - clock.now().timestamp()
    if wait > 0:
        click.echo(f"The code of now is used; waiting {wait:.0f} seconds for the next.", err=True)
        time.sleep(wait)
    click.echo(known.code_of(step))


@demo.command("play")
@click.argument("address")
def demo_play(address: str) -> None:
    """Play the case of the documentation against a running server, over HTTP, once; say who can sign in."""
    case.run_over_http(address, say=click.echo)


def main() -> None:
    """Entry point."""
    try:
        graftlog(standalone_mode=True)
    except (BackupError, ConfigError, ValueError) as error:
        sys.exit(str(error))
    except Problem as problem:
        sys.exit(f"{problem.title}: {problem.detail}")
