"""Django's `changepassword`, as an act: whose password changed is on the trail, the password is not."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from audit.acting import Channel, act_across_transactions, through

from ...services import record_password_of_the_command_line


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        # No transaction around it: whoever is asked for a password must not keep others from writing.
        with through(Channel.COMMAND), act_across_transactions():
            # Raises unless the password was changed.
            said = super().handle(*args, **options)
            record_password_of_the_command_line(options["username"] or getpass.getuser())
        return said
