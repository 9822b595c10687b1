"""What the daily command does for roles."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from audit.acting import operation
from roles.matrix import Role
from roles.models import Membership
from roles.services import grant_role
from tests.cast import Cast, what_is_left


def reminded() -> dict[str, list[str]]:
    out = StringIO()
    call_command("remind", json=True, stdout=out)
    report: dict[str, list[str]] = json.loads(out.getvalue())
    return report


def test_a_role_whose_time_is_over_is_ended_once(cast: Cast) -> None:
    later = timezone.now() + timedelta(hours=1)
    guest = grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="An hour", valid_until=later)
    assert reminded() == {"expired": []}
    with operation():
        Membership.objects.filter(pk=guest.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    with what_is_left() as left:
        assert reminded() == {"expired": [str(guest)]}
        assert reminded() == {"expired": []}
    assert left.events == ["role.expired"]
    assert left.entry.channel == "command"
