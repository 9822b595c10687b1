"""Send what waits for webhooks."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from dataclasses import asdict
from threading import Event
from typing import Any

from audit.management.command import FOUND, ReportingCommand
from roles.services.delivering import Delivered, deliver_due, forget_delivered

# How long a follower waits for more, in seconds.
PAUSE = 1.0


class Command(ReportingCommand):
    help = "Send what waits for webhooks, and end; several may run at once on PostgreSQL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--follow", action="store_true", help="go on, until SIGTERM or Ctrl-C")

    def report(self, **options: Any) -> dict[str, Any]:
        ended = Event()
        if options["follow"]:
            signal.signal(signal.SIGTERM, lambda *_: ended.set())
        done = follow(ended) if options["follow"] else deliver_all()
        return {**asdict(done), "forgotten": forget_delivered()}

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["dead"] else 0


def deliver_all() -> Delivered:
    """Deliver until nothing is due."""
    done = Delivered()
    while (round_done := deliver_due()) != Delivered():
        done += round_done
    return done


def follow(ended: Event) -> Delivered:
    """Deliver what is due, wait for more, and so on until told to end; a round is finished."""
    done = Delivered()
    while not ended.is_set():
        round_done = deliver_due()
        done += round_done
        if round_done == Delivered():
            forget_delivered()
            ended.wait(PAUSE)
    return done
