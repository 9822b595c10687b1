"""Django's `loaddata`, as an act that says what it has loaded."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.commands import loaddata

from ...acting import Channel, operation, through
from ...events import Event
from ...services import record_command


class Command(loaddata.Command):
    def loaddata(self, fixture_labels: Sequence[str]) -> None:
        with through(Channel.COMMAND), operation() as act:
            super().loaddata(fixture_labels)
            record_command(Event.DATA_LOADED, f"loaddata {' '.join(fixture_labels)}", act)
