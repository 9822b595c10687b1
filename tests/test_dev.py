"""dev.py's pure parts, and what it relies on in the requirement files."""

import re
import signal
import sys
import tomllib
from pathlib import Path

import pytest

import dev

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


def test_a_failed_step_is_named_and_the_next_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    def stops() -> int:
        raise dev.StepError("the disk is full")

    steps = dev.Steps()
    assert not steps.take("first", stops)
    assert not steps.take("second", lambda: 3)
    assert steps.take("third", lambda: 0)
    assert steps.summary() == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "the disk is full" in said.err
    assert said.err.endswith("failed: first, second\n")


@pytest.mark.parametrize(("in_ci", "code"), [(False, 0), (True, 1)])
def test_what_a_machine_lacks_fails_only_in_ci(
    in_ci: bool, code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def lacks() -> int:
        raise dev.MissingError("no PostgreSQL found")

    monkeypatch.setattr(dev, "IN_CI", in_ci)
    steps = dev.Steps()
    steps.take("on PostgreSQL", lacks)
    assert steps.summary() == code
    assert "NOT RUN. no PostgreSQL found" in capfd.readouterr().err


def test_an_end_by_a_signal_is_told_as_a_shell_tells_it() -> None:
    assert dev.run(sys.executable, "-c", "import os; os.abort()") == 128 + signal.SIGABRT


def test_an_unknown_command_is_answered_with_the_commands(capfd: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["tset"]) == 2
    assert "dev.py test" in capfd.readouterr().err
