"""Django's `createsuperuser`, as an act: somebody who may do anything appears on the trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from audit.acting import Channel, act_across_transactions, through

from ...services import record_superusers_of_the_command_line


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # No transaction around it: whoever is asked for a password must not keep others from writing.
        with through(Channel.COMMAND), act_across_transactions() as act:
            super().handle(*args, **options)
            record_superusers_of_the_command_line(act)
