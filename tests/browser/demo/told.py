"""The demo, told once for all tests, and the site that serves a copy of it with the settings of production."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent.parent
MANAGE = [sys.executable, "-W", "ignore", "manage.py"]
# What production needs to be told, and what a set-up for tests tells otherwise.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "labelop.settings",
    "LABELOP_LOCAL": "0",
    "LABELOP_UNEXPLAINED": "record",
    "SECRET_KEY": "".join(chr(33 + 7 * number % 94) for number in range(60)),
    "ALLOWED_HOSTS": "127.0.0.1",
    "BEHIND_PROXIES": "1",
}


def told_once(folder: Path) -> Path:
    """The folder with demo.sqlite3 and the static files; of several test processes the first one fills it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "told").exists():
            # Its well-known passwords are for one's own machine, so it is told with the settings of one.
            environment = _environment(folder / "demo.sqlite3", folder)
            at_home = environment | {"LABELOP_LOCAL": "1"}
            for command in (["migrate"], ["demo", "--no-serve"], ["collectstatic", "--no-input"]):
                here = environment if command[0] == "collectstatic" else at_home
                ran = subprocess.run(
                    [*MANAGE, *command], cwd=ROOT, env=here, capture_output=True, text=True, check=False
                )
                assert ran.returncode == 0, ran.stderr
            (folder / "told").touch()
    return folder


@dataclass(frozen=True)
class Site:
    """A running site; `database` is its own copy of the demo."""

    url: str
    told: Path
    database: Path

    def begin_anew(self) -> None:
        """Take back whatever was done."""
        with (
            closing(sqlite3.connect(self.told / "demo.sqlite3")) as told,
            closing(sqlite3.connect(self.database)) as own,
        ):
            told.backup(own)

    def ask_row(self, query: str, *values: Any) -> Any:
        """The first row that the database answers."""
        with closing(sqlite3.connect(self.database)) as own:
            return own.execute(query, values).fetchone()

    @contextmanager
    def database_away(self) -> Iterator[None]:
        with self._moved():
            yield

    @contextmanager
    def database_empty(self) -> Iterator[None]:
        """There is a database, and nothing in it: a failure that no page foresees."""
        with self._moved():
            self.database.parent.mkdir()
            yield
            for file in self.database.parent.iterdir():
                file.unlink()
            self.database.parent.rmdir()

    @contextmanager
    def _moved(self) -> Iterator[None]:
        aside = self.database.parent.with_name("aside")
        self.database.parent.rename(aside)
        yield
        aside.rename(self.database.parent)


@contextmanager
def served(told: Path, folder: Path) -> Iterator[Site]:
    database = folder / "current" / "labelop.sqlite3"
    database.parent.mkdir()
    command = [sys.executable, "-W", "ignore", "-m", "tests.browser.demo.served"]
    log = (folder / "log").open("w")
    with (
        log,
        subprocess.Popen(
            command, cwd=ROOT, env=_environment(database, told), stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, (folder / "log").read_text()
        try:
            yield Site(f"http://127.0.0.1:{port}", told, database)
        finally:
            process.terminate()


def _environment(database: Path, told: Path) -> dict[str, str]:
    files = {"DATABASE_URL": f"sqlite:///{database}", "STATIC_ROOT": str(told / "static")}
    return {**os.environ, **PRODUCTION, **files}
