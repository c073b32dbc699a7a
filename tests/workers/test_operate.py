"""What docs/operate.md hands out: unit files, compose file and example settings say what the Procfile and the configuration say.

The files are read by parsers only: neither systemd nor Docker runs here.
"""

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config import from_environment
from server.followup.service import metrics
from tests.drill.processes import ROOT, procfile

FOLDER = ROOT / "docs" / "operate"
GUIDE = ROOT / "docs" / "operate.md"
UNITS = {"web": "graftlog-web.service", "worker": "graftlog-worker@.service", "beat": "graftlog-beat.service"}
OTHERS = {"QUEUES"}
"""Read by the Procfile's shell, not by the configuration."""


def known() -> set[str]:
    """Settings that the program reads."""
    return set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "server" / "config.py").read_text())) | OTHERS


def compose() -> dict[str, Any]:
    """The compose file, merged."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return read


def unit(name: str) -> ConfigParser:
    """A unit file; keys as written, of repeated ones the last."""
    parser = ConfigParser(strict=False, interpolation=None, comment_prefixes="#", delimiters="=")
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # reason: the documented way
    parser.read(FOLDER / name)
    return parser


@pytest.mark.parametrize("kind", UNITS)
def test_units_run_what_the_procfile_runs(kind: str) -> None:
    service = unit(UNITS[kind])["Service"]
    found = re.fullmatch(r"/bin/sh -c '(.*)'", service["ExecStart"])
    assert found is not None
    assert found[1].replace("$$", "$").replace("%%", "%") == procfile()[kind]
    assert service["Restart"] == "always"


def test_compose_runs_what_the_procfile_runs() -> None:
    services = compose()["services"]
    for kind, line in procfile().items():
        assert [part.replace("$$", "$") for part in services[kind]["command"]] == ["sh", "-c", line]
    assert {name: services[name]["deploy"]["replicas"] for name in ("web", "worker")} == {"web": 2, "worker": 2}
    assert set(services) == {*procfile(), "postgres", "redis", "migrate"}
    assert set(compose()["volumes"]) == {"postgres", "data", "keys"}


def test_only_settings_that_exist_are_set() -> None:
    example = dict(line.split("=", 1) for line in (FOLDER / "graftlog.env.example").read_text().splitlines() if not line.startswith("#"))
    assert example.keys() <= known()
    assert compose()["x-graftlog"]["environment"].keys() <= known()
    from_environment({name: value.strip('"') for name, value in example.items()})


def test_no_address_of_a_registry_stands_in_the_files() -> None:
    images = [one["image"] for one in compose()["services"].values()]
    assert all("/" not in image for image in images)


def test_the_guide_names_metrics_and_commands_that_exist() -> None:
    guide, source = GUIDE.read_text(), Path(metrics.__file__).read_text()
    for name in re.findall(r"`graftlog_([a-z0-9_]+)", guide):
        assert f'"{name}"' in source, name
    commands = (ROOT / "server" / "cli.py").read_text()
    for name in re.findall(r"graftlog sending ([a-z-]+)", guide):
        assert f'@sending.command("{name}")' in commands
    assert set(re.findall(r"`([A-Z][A-Z]+_[A-Z_]+)`", guide)) <= known()
    for path in re.findall(r"\]\((operate/[^)]+)\)", guide):
        assert (GUIDE.parent / path).exists(), path
