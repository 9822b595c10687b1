"""What the daily command does."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from audit.acting import operation
from roles.matrix import Role
from roles.models import Membership
from roles.services import grant_role
from tests.cast import Cast, what_is_left
from tests.snapshots.stage import by_hand
from tests.standing_out import reminded


def test_a_role_whose_time_is_over_is_ended_once(cast: Cast) -> None:
    later = timezone.now() + timedelta(hours=1)
    guest = grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="An hour", valid_until=later)
    assert reminded() == {"expired": [], "anomalies": []}
    with operation():
        Membership.objects.filter(pk=guest.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    with what_is_left() as left:
        assert reminded() == {"expired": [f"membership {guest.pk}"], "anomalies": []}
        assert reminded() == {"expired": [], "anomalies": []}
    assert left.events == ["role.expired"]
    assert left.entry.channel == "command"


def test_what_stands_out_is_told_once(cast: Cast, unexplained_changes_are_recorded: None) -> None:
    by_hand(cast.membership_of(cast.ana), role="owner")
    with what_is_left() as left:
        told = reminded()["anomalies"]
        assert reminded()["anomalies"] == []
    assert [line.split(", ")[1] for line in told] == [
        "Role granted without a reason",
        "Permission that no membership explains",
    ]
    assert set(left.events) == {"anomaly.noted"}
    assert {entry.channel for entry in left.entries} == {"command"}
