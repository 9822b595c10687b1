"""What all commands of LabelOp share: their channel, `--json`, progress, and how they fail."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from ..acting import Channel, through

FOUND, BAD_INPUT = 1, 2


class ReportingCommand(BaseCommand):
    """A command that reports: `--json` prints one document on standard output, all else goes to standard error.

    Exit codes: 0 done, 1 something was found or left out, 2 bad input. Subclasses write `report`, which returns
    plain data, and `told`, which puts it into lines for people.
    """

    # What a subclass counts as bad input beside what every service raises.
    bad_input: ClassVar[tuple[type[Exception], ...]] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def report(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def told(self, report: dict[str, Any]) -> str:
        return "\n".join(f"{name}: {value}" for name, value in report.items())

    def exit_code(self, report: dict[str, Any]) -> int:
        return 0

    def handle(self, *args: Any, **options: Any) -> None:
        self.quiet = options["verbosity"] == 0
        try:
            with through(Channel.COMMAND):
                report = self.report(**options)
        except Exception as error:
            if not isinstance(error, (ValidationError, PermissionDenied, OSError, *self.bad_input)):
                raise
            raise CommandError(_sentence(error), returncode=BAD_INPUT) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. What was done is kept whole; run the command again to go on.", returncode=130
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, default=str))
        else:
            self.stdout.write(self.told(report))
        if code := self.exit_code(report):
            sys.exit(code)

    def progress(self, done: int, of: int | None, what: str) -> None:
        """Say how far a long work is, at most twice a second."""
        now = time.monotonic()
        finished = of is not None and done >= of
        if self.quiet or (now - getattr(self, "_said_at", 0.0) < 0.5 and not finished):
            return
        self._said_at = now
        self.stderr.write(f"{what}: {done:,}" + (f" of {of:,}" if of else ""))


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)
