"""What nobody may write here: ways to run what somebody sent, to wait for ever, or to log what a patient said."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.test_words import ROOT

OURS = sorted(path for folder in ("server", "schemas", "workers") for path in (ROOT / folder).rglob("*.py"))
MODULES = {"pickle", "marshal", "shelve", "dill", "lxml", "telnetlib", "requests", "urllib3", "httpx"}
"""Of which `requests` and its like wait for ever unless told not to; ours is `server/followup/channels/line.py`."""

CALLS = {"eval", "exec", "compile", "__import__", "yaml.load", "os.system", "os.popen", "tempfile.mktemp", "log.exception"}
WAITS = {"urlopen", "HTTPConnection", "HTTPSConnection", "SMTP", "SMTP_SSL", "create_connection"}
"""Calls that wait for a network and need `timeout`."""


def dotted(node: ast.expr) -> str:
    """`a.b.c` as written; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str) -> list[str]:
    """What a file does that it may not, by line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{node.lineno}: import {one}" for one in names if one.partition(".")[0] in MODULES]
        elif isinstance(node, ast.Call):
            name, given = dotted(node.func), {one.arg: one.value for one in node.keywords}
            last = name.rpartition(".")[2]
            if name in CALLS or last == "render_template_string":
                found.append(f"{node.lineno}: {name}")
            if isinstance(shell := given.get("shell"), ast.Constant) and shell.value:
                found.append(f"{node.lineno}: shell=True")
            if "exc_info" in given:
                found.append(f"{node.lineno}: exc_info, which prints what an error says")
            if last in WAITS and "timeout" not in given and not (last == "create_connection" and len(node.args) > 1):
                found.append(f"{node.lineno}: {name} without timeout")
    return found


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_does_what_nobody_may(path: Path) -> None:
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "slip",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml; yaml.load(x)",
        "eval(x)",
        "flask.render_template_string(x)",
        "import subprocess; subprocess.run(x, shell=True)",
        "import requests",
        "urllib.request.urlopen(x)",
        "smtplib.SMTP('mail')",
        "log.exception('x')",
        "log.error('x', exc_info=error)",
    ],
)
def test_the_rule_finds_each_of_them(slip: str) -> None:
    assert len(faults(slip)) == 1


def test_only_text_of_our_own_is_markup_without_being_escaped() -> None:
    """Attributes written in the template itself, and the QR code, which is a drawing that we make of a code."""
    found = set()
    for folder in ("server/web", "server/procedures"):
        for path in (ROOT / folder).rglob("*.html"):
            found |= {match[1] for match in re.finditer(r"(\w+|['\"])\s*\|\s*safe\b", path.read_text())}
            assert "autoescape" not in path.read_text()
    assert found <= {"'", '"', "qr"}
