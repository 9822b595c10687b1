"""Who is in the demo, and what each of them is on each project."""

from __future__ import annotations

from roles.matrix import Role
from roles.models import User
from roles.services import create_account, operator_account

PASSWORD = "keep the past legible"  # noqa: S105 - the demo prints it, and runs on one's own machine only

# The roles on the first project, as they are in the end; the demo prints them.
TEAM = {
    "olga": Role.OWNER,
    "petra": Role.OWNER,
    "otto": Role.REVIEWER,
    "ravi": Role.REVIEWER,
    "ana": Role.REVIEWER,
    "ben": Role.ANNOTATOR,
    "chiara": Role.ANNOTATOR,
    "dan": Role.ANNOTATOR,
}
# Holds a role for an afternoon only.
GUEST = "dora"


def hire() -> dict[str, User]:
    """The accounts of everybody, made where they are missing."""
    operator = operator_account()
    return {
        name: User.objects.filter(username=name).first() or create_account(name, PASSWORD, by=operator)
        for name in (*TEAM, GUEST)
    }
