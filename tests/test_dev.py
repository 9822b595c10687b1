"""dev.py's pure parts, and what it relies on in the requirement files."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETS = ["uv", "app", "dev"]


def pinned(name: str) -> dict[str, list[str]]:
    """The packages of one requirements file, each with its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return {line.split("==")[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line) for line in lines}


def names(dependencies: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9-]", dependency)[0] for dependency in dependencies}


@pytest.mark.parametrize("name", SETS)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    assert pinned(name)
    assert not [package for package, hashes in pinned(name).items() if not hashes]


@pytest.mark.parametrize("name", SETS)
def test_no_requirements_file_names_a_host_or_an_option(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")]


def test_the_requirements_hold_what_pyproject_asks_for() -> None:
    groups = PROJECT["dependency-groups"]
    assert names(PROJECT["project"]["dependencies"]) <= pinned("app").keys()
    assert names(groups["dev"]) <= pinned("dev").keys()
    assert names(groups["setup"]) == pinned("uv").keys()


def test_the_set_for_development_holds_the_set_for_running() -> None:
    assert pinned("app").items() <= pinned("dev").items()
