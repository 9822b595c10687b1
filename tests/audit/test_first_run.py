"""A first run on somebody's own machine leaves nothing unexplained."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.cast import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = "from django.core.management import execute_from_command_line as run; "


def in_another_process(database: Path, *commands: list[str]) -> None:
    """Run commands one after the other, with the settings of production."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "labelop.settings",
        "LABELOP_LOCAL": "1",
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    script = COMMANDS + "; ".join(f"run({['manage.py', *arguments]})" for arguments in commands)
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True)


def test_a_first_run_from_an_empty_file_leaves_nothing_unexplained(tmp_path: Path) -> None:
    """What the first process has made, the second finds."""
    database = tmp_path / "first.sqlite3"
    in_another_process(database, ["migrate", "--verbosity=0"])
    in_another_process(
        database,
        ["createsuperuser", "--noinput", "--username=root", "--email=", "--verbosity=0"],
        ["migrate", "--verbosity=0"],
        ["check", "--database=default", "--fail-level=WARNING"],
    )
    rows = sqlite3.connect(database)
    events = [event for (event,) in rows.execute("SELECT event FROM audit_entry ORDER BY id")]
    rows.close()
    assert events == ["account.created", "account.superuser_granted"]
