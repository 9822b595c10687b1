"""What the benchmarks share: Django set up, a scratch database, and figures that hold on a busy machine.

Importing it sets Django up with the settings of the environment, so import it before any model.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import django
from django.core.management import call_command
from django.db import connection, connections

os.environ.setdefault("LABELOP_LOCAL", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelop.settings")
django.setup()

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def scratch_database() -> Iterator[None]:
    """Point Django at a new, migrated database beside the one of the environment, and remove it afterwards."""
    if connection.vendor == "postgresql":
        name = f"labelop_bench_{os.getpid()}"
        _on_server(f'CREATE DATABASE "{name}"')
        folder = None
    else:
        folder = tempfile.mkdtemp(prefix="labelop-bench-")
        name = f"{folder}/bench.sqlite3"
    given, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = given
        if folder:
            shutil.rmtree(folder)
        else:
            _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def make_database(name: str) -> None:
    """Make a new, migrated database beside the one of the environment, and point Django at it."""
    if connection.vendor == "postgresql":
        _on_server(f'CREATE DATABASE "{name}"')
    elif Path(name).exists():
        raise SystemExit(f"{name} is there already.")
    use_database(name)
    call_command("migrate", verbosity=0)


def use_database(name: str) -> None:
    """Point Django at another database of the same server, on SQLite at another file."""
    connections.close_all()
    connection.settings_dict["NAME"] = name


def _on_server(statement: str) -> None:
    """Run a statement in the database of the environment, outside any transaction."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connections.close_all()


class Spent:
    """Seconds of a `with` block: by the wall, and of CPU in this process and in the database's backend.

    The backend's are found in /proc, so they are 0 on SQLite, which works in this process.
    """

    def __enter__(self) -> Self:
        self._at_start = time.perf_counter(), time.process_time(), backend_seconds(connection)
        return self

    def __exit__(self, *error: object) -> None:
        wall, client, server = self._at_start
        self.wall = time.perf_counter() - wall
        self.client = time.process_time() - client
        self.server = backend_seconds(connection) - server

    @property
    def cpu(self) -> float:
        return self.client + self.server


def backend_seconds(of: Any) -> float:
    """The CPU seconds of the PostgreSQL backend that serves a connection."""
    if of.vendor != "postgresql":
        return 0.0
    of.ensure_connection()
    times = Path(f"/proc/{of.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / _TICKS


def of_rows(called: str, rows: int, handle: Callable[[], object]) -> dict[str, Any]:
    """How many rows a second something handles, and how far memory grows meanwhile: the peak of the resident set
    since it began, less what was resident then. Told by Linux, so run it where /proc is."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _megabytes("VmRSS")
    with Spent() as spent:
        handle()
    peak = _megabytes("VmHWM")
    return {
        f"{called} / s": rows / spent.wall,
        f"{called} / CPU s": rows / spent.cpu,
        "peak MB": peak,
        "grew MB": peak - before,
    }


def _megabytes(line: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    (found,) = (each.split()[1] for each in status if each.startswith(f"{line}:"))
    return int(found) / 1024


@dataclass(frozen=True)
class Spread:
    """How measured values lie."""

    median: float
    p99: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        if not values:
            return cls(0.0, 0.0, 0.0)
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1])

    def in_milliseconds(self) -> str:
        return f"median {self.median * 1e3:.1f} · p99 {self.p99 * 1e3:.1f} · highest {self.highest * 1e3:.1f} ms"


def surroundings() -> dict[str, Any]:
    """What a figure must be read beside: the machine's load, its cores and the versions."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        version = connection.pg_version  # type: ignore[attr-defined]
        engine = f"PostgreSQL {version // 10000}.{version % 10000}"
    else:
        engine = "SQLite " + ".".join(map(str, connection.Database.sqlite_version_info))  # type: ignore[attr-defined]
    return {
        "engine": engine,
        "python": platform.python_version(),
        "django": django.get_version(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def report(title: str, figures: dict[str, Any], *, as_json: bool) -> None:
    """Print figures as one JSON object, or as a table with the surroundings below."""
    around = surroundings()
    if as_json:
        json.dump({"benchmark": title, **figures, "surroundings": around}, sys.stdout, default=vars, indent=1)
        print()
        return
    print(title)
    width = max(map(len, figures)) + 2
    for name, figure in figures.items():
        print(f"  {name.replace('_', ' '):{width}}{_told(figure)}")
    load = " ".join(map(str, around["load"]))
    versions = f"{around['engine']}, Python {around['python']}, Django {around['django']}"
    print(f"  {versions}; load {load} on {around['cores']} cores")


def _told(figure: object) -> str:
    match figure:
        case Spread():
            return figure.in_milliseconds()
        case float():
            return f"{figure:,.3f}"
        case int():
            return f"{figure:,}"
        case dict():
            return ", ".join(f"{name} {_told(value)}" for name, value in figure.items()) or "none"
        case list():
            return ", ".join(map(_told, figure)) or "none"
        case _:
            return str(figure)
