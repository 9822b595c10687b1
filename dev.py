#!/usr/bin/env python3
"""Sets LabelOp up in this folder, then runs the demo, the tests or a management command.

    python3 dev.py demo [ARGS]        set up, build the demo team, serve the admin
    python3 dev.py test [ARGS]        set up, run every check and the tests; ARGS go to pytest
    python3 dev.py pytest [ARGS]      only the tests, only on SQLite, while one works on them
    python3 dev.py manage COMMAND     run a management command
    python3 dev.py format             let the formatters rewrite what they can
    python3 dev.py lock [ARGS]        recompile requirements/*.txt; ARGS go to `uv pip compile` (--upgrade)

Needs Python 3.11 and its pip, nothing else. All it installs goes into `.uv/` and `.venv/`. What it says
itself goes to standard error, so that standard output is the command's own.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036 — the one file that older Pythons may be asked to run
    sys.exit("LabelOp needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements"
UV = ROOT / ".uv"
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON_VERSION = "{}.{}".format(*sys.version_info)
# A change that no service explains raises, so that no test passes over it.
TEST_ENVIRONMENT = {
    "LABELOP_LOCAL": "1",
    "LABELOP_UNEXPLAINED": "refuse",
    "DATABASE_URL": f"sqlite:///{ROOT / 'var' / 'checks.sqlite3'}",
}
IN_CI = os.environ.get("CI") == "true"


class StepError(Exception):
    """What stopped a step, in a sentence for the person who started it."""


class MissingError(StepError):
    """A step needs something that this machine does not have."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    commands = {
        "demo": demo,
        "test": test,
        "pytest": only_tests,
        "manage": manage,
        "format": reformat,
        "lock": lock,
    }
    if not arguments or arguments[0] not in commands:
        say(__doc__)
        return 0 if arguments[:1] in (["--help"], ["-h"]) else 2
    # A polite end of this process is an end of its children too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    os.environ.setdefault("LABELOP_LOCAL", "1")
    try:
        return commands[arguments[0]](arguments[1:])
    except StepError as failure:
        say(f"dev.py: {failure}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped")
        return 130


# Commands ----------------------------------------------------------------------------------------


def demo(arguments: list[str]) -> int:
    set_up("app")
    return django("migrate", "--verbosity", "0") or django("demo", *arguments)


def manage(arguments: list[str]) -> int:
    set_up("app")
    return django(*arguments)


def reformat(arguments: list[str]) -> int:
    set_up("dev")
    djlint("--reformat")  # it answers 1 when it changed something
    return run(BIN / "ruff", "check", "--fix-only", ".") or run(BIN / "ruff", "format", ".")


def lock(arguments: list[str]) -> int:
    set_up_uv()
    sources = {
        "uv": ["--group", "setup"],
        "app": ["pyproject.toml"],
        "dev": ["pyproject.toml", "--group", "dev", "--constraint", "requirements/app.txt"],
    }
    for name, source in sources.items():
        target = f"requirements/{name}.txt"
        say(f"compiling {target}")
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
        if run(uv(), "pip", "compile", *source, *options, "--output-file", target, *arguments):
            raise StepError(f"{target} could not be compiled")
    return 0


def test(arguments: list[str]) -> int:
    """Run the checks, then the tests on both engines; go on after a failure and name them all at the end."""
    steps = Steps()
    if not steps.take("set-up", lambda: set_up("dev")):
        return steps.summary()
    os.environ.update(TEST_ENVIRONMENT)
    steps.take("ruff format", lambda: run(BIN / "ruff", "format", "--check", "."))
    steps.take("ruff check", lambda: run(BIN / "ruff", "check", "."))
    # Without its cache, which does not notice that a module came to be where an import already pointed.
    steps.take("import-linter", lambda: run(BIN / "lint-imports", "--no-cache"))
    steps.take("mypy", lambda: run(BIN / "mypy"))
    steps.take("djlint", lambda: djlint("--check", "--lint"))
    steps.take("migrations", lambda: django("makemigrations", "--check", "--dry-run"))
    steps.take("Django's checks", lambda: django("check", "--fail-level", "WARNING"))
    steps.take("pytest on SQLite", lambda: pytest(arguments))
    steps.take("pytest on PostgreSQL", lambda: pytest_on_postgresql(arguments))
    if not chromium():
        steps.miss("browser tests", NO_CHROMIUM)
    return steps.summary()


def only_tests(arguments: list[str]) -> int:
    set_up("dev")
    os.environ.update(TEST_ENVIRONMENT)
    return pytest(arguments)


# Setting up --------------------------------------------------------------------------------------


def set_up(wanted: str) -> int:
    """Make `.venv` hold requirements/WANTED.txt; return 0.

    The set for development holds the one for running, so that once it is here a demo leaves it alone.
    """
    stamp = VENV / "labelop.stamp"
    python, name, installed = [*read(stamp).split(), "", "", ""][:3]
    if python != PYTHON_VERSION or not (BIN / "python").exists():
        name = installed = ""
    name = "dev" if "dev" in (wanted, name) else "app"
    requirements = REQUIREMENTS / f"{name}.txt"
    if installed != digest(requirements):
        set_up_uv()
        say(f"installing requirements/{name}.txt into .venv")
        if not installed and run(uv(), "venv", "--quiet", "--clear", "--python", sys.executable, VENV):
            raise StepError("the virtual environment .venv could not be made")
        stamp.unlink(missing_ok=True)
        target = ["--quiet", "--python", BIN / "python"]
        if run(uv(), "pip", "sync", *target, "--require-hashes", requirements):
            raise StepError("the packages could not be installed; what stopped it is said above")
        stamp.write_text(f"{PYTHON_VERSION} {name} {digest(requirements)}\n")
    # The database and the collected static files of a first run go here.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    os.environ.update(VIRTUAL_ENV=str(VENV), PATH=f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    # Dozens of processes import the same modules. Each is compiled once, even for who wants no bytecode beside sources.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "bytecode")
    return 0


def set_up_uv() -> None:
    """Put the pinned uv into `.uv/`, by the one way of pip that also works where Debian manages Python."""
    os.environ.update(
        UV_PYTHON_DOWNLOADS="never",
        UV_PYTHON_PREFERENCE="only-system",
        UV_SYSTEM_CERTS="1",
        UV_NO_PROGRESS="1",
    )
    if not os.access(Path("~").expanduser(), os.W_OK):
        os.environ["UV_CACHE_DIR"] = str(UV / "cache")
    requirements = REQUIREMENTS / "uv.txt"
    stamp = UV / "labelop.stamp"
    if read(stamp) == digest(requirements):
        return
    say("installing uv into .uv")
    shutil.rmtree(UV, ignore_errors=True)
    if run(sys.executable, "-c", "import pip"):
        raise StepError(f"{sys.executable} has no pip; on Debian, `apt-get install python3-pip` brings it")
    # --user, which some machines make the default, contradicts --target.
    os.environ.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_ROOT_USER_ACTION="ignore")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if run(*pip, "--target", UV, "--only-binary", ":all:", "--require-hashes", "--requirement", requirements):
        raise StepError("uv could not be installed; what stopped it is said above")
    stamp.write_text(digest(requirements))


def uv() -> Path:
    return UV / "bin" / "uv"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


# Running -----------------------------------------------------------------------------------------


def run(*command: object, **options: Any) -> int:
    """Run a command in the project's folder and return its exit code, as a shell would say it."""
    sys.stderr.flush()
    with subprocess.Popen([str(word) for word in command], **{"cwd": ROOT, **options}) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal has interrupted the child as well: let it end in its own way.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            raise
        finally:
            if process.poll() is None:
                process.terminate()
    return 128 - code if code < 0 else code


def django(*arguments: str) -> int:
    return run(BIN / "python", "manage.py", *arguments)


def djlint(*options: str) -> int:
    if not any((ROOT / "templates").rglob("*.html")):
        return 0  # djlint calls it a failure to find nothing
    return run(BIN / "djlint", "templates", "--quiet", *options)


def pytest(arguments: list[str], share: float = 1) -> int:
    """Run pytest with a worker for each core; `share` is how much of a core one keeps busy."""
    workers = min(round((os.cpu_count() or 1) / share), 8)  # each worker has a database and its connections
    return run(BIN / "pytest", "--numprocesses", workers, *arguments)


def say(words: object) -> None:
    print(words, file=sys.stderr, flush=True)


class Steps:
    """What a test run did: each step's name, outcome and seconds."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str]] = []

    def take(self, name: str, step: Callable[[], int]) -> bool:
        say(f"\n── {name}")
        began = time.monotonic()
        try:
            passed = step() == 0
        except MissingError as missing:
            self.miss(name, missing)
            return False
        except StepError as failure:
            say(failure)
            passed = False
        seconds = time.monotonic() - began
        outcome = "ok" if passed else "failed"
        say(f"── {name}: {outcome}, {seconds:.1f} s")
        self.taken.append((name, outcome, f"{seconds:7.1f} s"))
        return passed

    def miss(self, name: str, reason: object) -> None:
        """Note a step that this machine cannot take; in CI that is a failure."""
        say(f"── {name}: NOT RUN. {reason}")
        self.taken.append((name, "failed" if IN_CI else "not run", f"  {reason}"))

    def summary(self) -> int:
        say("\n── summary")
        for name, outcome, remark in self.taken:
            say(f"{name:22}{outcome:8}{remark}")
        failed = [name for name, outcome, remark in self.taken if outcome == "failed"]
        say(f"failed: {', '.join(failed)}" if failed else "all that was run passed")
        return 1 if failed else 0


# Chromium and PostgreSQL -------------------------------------------------------------------------


NO_CHROMIUM = "no Chromium found: install chromium-headless-shell or chromium, or set LABELOP_CHROMIUM to its path"


def chromium() -> str | None:
    """Find the one without a window first, which takes a fifth less of the processor."""
    return os.environ.get("LABELOP_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")


def pytest_on_postgresql(arguments: list[str]) -> int:
    url = os.environ.get("LABELOP_TEST_POSTGRES")
    with contextlib.nullcontext(url) if url else private_postgresql() as url:
        os.environ["DATABASE_URL"] = url
        # What needs no database, and what a browser makes of a page, has been seen on SQLite.
        again = ["-m", "not engineless and not browser"]
        # A worker and its server take turns, so that two thirds of a core is what a worker keeps busy.
        return pytest([*again, *arguments], share=2 / 3)


@contextlib.contextmanager
def private_postgresql() -> Iterator[str]:
    """Run a PostgreSQL server of our own on a socket in a temporary folder; give its URL.

    Its data is worth nothing, so it need not wait for the disk.
    """
    binaries = postgresql_binaries()
    folder = Path(tempfile.mkdtemp(prefix="labelop-pg-"))
    options = {"cwd": folder, "stdout": subprocess.DEVNULL, **unprivileged(folder)}
    data = ["--pgdata", folder / "data"]
    settings = f"-k {folder} -c listen_addresses= -c max_connections=100 -c fsync=off -c full_page_writes=off"
    start = ["start", "--wait", "--log", folder / "log", "--options", settings]
    try:
        initdb = [
            "--auth",
            "trust",
            "--username",
            "labelop",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]
        if run(binaries / "initdb", *data, *initdb, **options):
            raise StepError("initdb could not make a cluster")
        try:
            if run(binaries / "pg_ctl", *data, *start, **options):
                raise StepError("PostgreSQL did not start:\n" + read(folder / "log"))
            yield f"postgres://labelop@/{folder}/postgres"  # django-environ's way to name a socket
        finally:
            run(binaries / "pg_ctl", *data, "stop", "--mode", "immediate", **options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgresql_binaries() -> Path:
    """Find the newest server binaries; Debian keeps them off the PATH."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda path: int(path.parts[-3]), default=None)
    initdb = newest or shutil.which("initdb")
    if initdb is None:
        raise MissingError("no PostgreSQL found: install its server, or set LABELOP_TEST_POSTGRES to a URL")
    return Path(initdb).resolve().parent


def unprivileged(folder: Path) -> dict[str, Any]:
    """Give the options that run a process as somebody else than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    import pwd  # not on every system, and only root comes here

    accounts = {account.pw_name: account for account in pwd.getpwall()}
    account = accounts.get("postgres") or accounts["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
