"""The rules of the house are kept by import-linter; here each is broken once, to see that it really is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["snapshots", "labelop", "roles", "audit"]
FLOOR_RULE = "Each floor knows only the floors below it"
ROOM_RULE = "Each room knows only the rooms below it"
TRAIL_RULE = "Only services write the trail"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the four floors that may be damaged."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("static", "__pycache__"))
    return tmp_path


def plant(house: Path, module: str, line: str) -> None:
    """Add a line to a module, which is made when the house does not have it yet."""
    path = house.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with file.open("a") as source:
        source.write(f"\n{line}\n")


def lint(house: Path) -> dict[str, str]:
    """What import-linter says of each rule: KEPT or BROKEN."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    answer = subprocess.run(
        [sys.executable, "-c", command],
        cwd=house,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", answer.stdout, re.MULTILINE))
    assert verdicts, answer.stdout + answer.stderr
    return verdicts


@pytest.mark.parametrize(
    ("rule", "module", "line"),
    [
        (FLOOR_RULE, "audit.models", "import roles"),
        (FLOOR_RULE, "roles.models", "import labelop"),
        (FLOOR_RULE, "labelop.quality", "import snapshots"),
        (ROOM_RULE, "audit.events", "import audit.models"),
        (ROOM_RULE, "audit.history", "import audit.models"),
        (ROOM_RULE, "roles.models", "import roles.selectors"),
        (ROOM_RULE, "labelop.quality", "import labelop.selectors"),
        (ROOM_RULE, "labelop.selectors", "import labelop.services"),
        (ROOM_RULE, "labelop.filters", "import labelop.services"),
        (ROOM_RULE, "snapshots.services", "import snapshots.api"),
        (ROOM_RULE, "snapshots.utils", "# a room that nobody gave a place"),
        (TRAIL_RULE, "labelop.admin", "import audit.services"),
        (TRAIL_RULE, "snapshots.chapters", "from audit.services import record"),
    ],
)
def test_a_broken_rule_is_found(house: Path, rule: str, module: str, line: str) -> None:
    for room in (
        "audit.services",
        "labelop.services",
        "roles.selectors",
        "labelop.selectors",
        "snapshots.api",
    ):
        plant(house, room, "")
    plant(house, module, line)
    broken = [name for name, verdict in lint(house).items() if verdict == "BROKEN"]
    assert broken == [rule]


def test_the_house_as_it_is_breaks_no_rule() -> None:
    assert lint(ROOT) == dict.fromkeys((FLOOR_RULE, ROOM_RULE, TRAIL_RULE), "KEPT")
