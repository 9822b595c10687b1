"""What the login itself leaves on the trail."""

from __future__ import annotations

from audit.acting import Actor, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record

from ..models import User


@operation()
def record_lockout(username: str, which: str) -> Entry:
    """Put on the trail that logins were locked for a while.

    What was typed is kept only where it names an account; else it may be anything, a password too. An entry is
    written in either case, so that the answer takes its time in either case.
    """
    account = User.objects.filter(username=username).first()
    return record(Event.LOGIN_LOCKED_OUT, account or User(), Actor(None), after=f"Failures {which}")
