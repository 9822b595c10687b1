"""Each rule sees its story exactly once, with the entries that tell it, and nothing in the honest twin of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm

from audit.acting import operation
from audit.events import Event, Impact
from audit.models import Entry
from labelop.services.projects import change_setting
from roles.matrix import Role
from roles.models import Anomaly, Membership, Rule
from roles.services import change_role, grant_role, revoke_role
from tests.cast import Cast, assemble, person, what_is_left
from tests.snapshots.stage import by_hand
from tests.standing_out import ago, events_of, noted

pytestmark = pytest.mark.django_db


def attempt(cast: Cast, who: str) -> None:
    """Something that nobody but an owner may do."""
    with suppress(PermissionDenied):
        change_setting(cast.project, "sample_percent", 50, by=getattr(cast, who), reason="Trying")


def test_an_honest_team_does_not_stand_out(cast: Cast) -> None:
    for rule in Rule:
        assert noted(rule) == []


# Role granted to oneself


def test_a_role_granted_to_oneself_is_noted_in_the_very_act(cast: Cast) -> None:
    with what_is_left() as left:
        grant_role(cast.project, cast.root, Role.OWNER, by=cast.root, reason="In a hurry")
    assert left.events[:3] == ["access.overridden", "role.granted", "anomaly.noted"]
    assert len({entry.operation for entry in left.entries[:3]}) == 1
    (anomaly,) = noted(Rule.SELF_GRANT)
    assert events_of(anomaly) == ["access.overridden", "role.granted"]
    assert anomaly.people == [cast.root.pk]
    assert anomaly.explanation == "Somebody without a role became an owner by their own act."


def test_an_owner_who_changes_their_own_role_stands_out(cast: Cast) -> None:
    second = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Second owner")
    change_role(second, Role.REVIEWER, by=cast.uma, reason="Rather reviews")
    (anomaly,) = noted(Rule.SELF_GRANT)
    assert events_of(anomaly) == ["role.changed"]


def test_an_owner_who_changes_somebody_elses_role_does_not(cast: Cast) -> None:
    second = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Second owner")
    change_role(second, Role.REVIEWER, by=cast.olga, reason="Rather reviews")
    assert noted(Rule.SELF_GRANT) == []


# Role granted without a reason


def test_a_role_widened_past_the_services_stands_out(cast: Cast, unexplained_changes_are_recorded: None) -> None:
    by_hand(cast.membership_of(cast.ana), role="owner")
    (anomaly,) = noted(Rule.NO_REASON)
    assert events_of(anomaly) == ["change.unexplained"]
    assert anomaly.people == [cast.ana.pk]
    assert anomaly.explanation == "An annotator became an owner, and no entry says why."


def test_a_row_put_in_past_the_services_was_granted_to_oneself_without_a_reason(
    cast: Cast, unexplained_changes_are_recorded: None
) -> None:
    Membership.objects.create(
        project_id=cast.project.pk, user=cast.uma, role=Role.OWNER, granted_by=cast.uma, reason="Because"
    )
    (without_reason,), (self_granted,) = noted(Rule.NO_REASON), noted(Rule.SELF_GRANT)
    assert events_of(without_reason) == events_of(self_granted) == ["change.unexplained"]


def test_an_expiry_taken_away_past_the_services_stands_out(cast: Cast, unexplained_changes_are_recorded: None) -> None:
    until = timezone.now() + timedelta(days=1)
    guest = grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="A day", valid_until=until)
    by_hand(guest, valid_until=None)
    (anomaly,) = noted(Rule.NO_REASON)
    assert anomaly.explanation == "A reviewer became a reviewer for longer, and no entry says why."


def test_a_role_changed_with_a_reason_does_not(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ana), Role.OWNER, by=cast.olga, reason="Takes over")
    assert noted(Rule.NO_REASON) == []


# Role granted, used for a decision and ended within a day


def test_a_brief_power_that_was_used_stands_out(cast: Cast) -> None:
    brief = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="For an hour")
    change_setting(cast.project, "sample_percent", 10, by=cast.uma, reason="Less")
    revoke_role(brief, by=cast.olga, reason="Done")
    (anomaly,) = noted(Rule.BRIEF_POWER)
    assert events_of(anomaly) == ["role.granted", "setting.changed", "role.revoked"]
    assert anomaly.people == sorted([cast.olga.pk, cast.uma.pk])


def test_a_brief_power_that_was_not_used_does_not(cast: Cast) -> None:
    brief = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="For an hour")
    change_setting(cast.project, "sample_percent", 10, by=cast.olga, reason="Less")
    revoke_role(brief, by=cast.olga, reason="Done")
    assert noted(Rule.BRIEF_POWER) == []


def test_a_power_of_two_days_is_not_brief(cast: Cast) -> None:
    with ago(days=2):
        longer = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="For the holidays")
    change_setting(cast.project, "sample_percent", 10, by=cast.uma, reason="Less")
    revoke_role(longer, by=cast.olga, reason="Done")
    assert noted(Rule.BRIEF_POWER) == []


# Act without a membership


def test_an_act_without_a_membership_is_noted_right_after_it(cast: Cast) -> None:
    with what_is_left() as left:
        change_setting(cast.project, "sample_percent", 10, by=cast.root, reason="Nobody is there")
    assert left.events == ["access.overridden", "setting.changed", "anomaly.noted"]
    assert left.entries[0].operation == left.entries[1].operation != left.entries[2].operation
    (anomaly,) = noted(Rule.NO_MEMBERSHIP)
    assert events_of(anomaly) == ["access.overridden", "setting.changed"]
    assert anomaly.explanation == "Somebody without a role acted by superuser rights: setting changed."


def test_an_act_of_a_member_does_not_stand_out(cast: Cast) -> None:
    change_setting(cast.project, "sample_percent", 10, by=cast.olga, reason="Less")
    assert noted(Rule.NO_MEMBERSHIP) == []


# Growing share of owners


def test_a_team_that_became_mostly_owners_stands_out(db: None) -> None:
    with ago(days=100):
        cast = assemble()
    for newcomer in (cast.uma, person("nina")):
        grant_role(cast.project, newcomer, Role.OWNER, by=cast.olga, reason="More hands")
    (anomaly,) = noted(Rule.MORE_OWNERS)
    assert events_of(anomaly) == ["role.granted", "role.granted"]
    assert anomaly.explanation == "3 of 5 members are owners; 90 days earlier 1 of 3 were."


@pytest.mark.parametrize("roles", [[Role.OWNER], [Role.OWNER, Role.REVIEWER], [Role.OWNER, Role.OWNER, Role.REVIEWER]])
def test_a_team_that_grew_evenly_does_not(db: None, roles: list[Role]) -> None:
    with ago(days=100):
        cast = assemble()
    for number, role in enumerate(roles):
        grant_role(cast.project, person(f"new{number}"), role, by=cast.olga, reason="More hands")
    assert noted(Rule.MORE_OWNERS) == []


def test_a_young_project_has_no_past_to_be_held_against(cast: Cast) -> None:
    for newcomer in (cast.uma, person("nina")):
        grant_role(cast.project, newcomer, Role.OWNER, by=cast.olga, reason="More hands")
    assert noted(Rule.MORE_OWNERS) == []


# Long unused role used


def test_a_role_used_after_a_long_silence_stands_out(db: None) -> None:
    with ago(days=100):
        cast = assemble()
    change_setting(cast.project, "sample_percent", 10, by=cast.olga, reason="Back again")
    change_setting(cast.project, "sample_percent", 20, by=cast.olga, reason="And once more")
    (anomaly,) = noted(Rule.DORMANT)
    assert events_of(anomaly)[-1] == "setting.changed"
    assert Entry.objects.get(pk=anomaly.entries[-1]).reason == "Back again"
    assert anomaly.people == [cast.olga.pk]


def test_a_role_used_now_and_then_does_not(db: None) -> None:
    with ago(days=100):
        cast = assemble()
    with ago(days=50):
        change_setting(cast.project, "sample_percent", 10, by=cast.olga, reason="In between")
    change_setting(cast.project, "sample_percent", 20, by=cast.olga, reason="And now")
    assert noted(Rule.DORMANT) == []


def test_a_role_given_yesterday_has_not_slept(db: None) -> None:
    with ago(days=100):
        cast = assemble()
        change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    change_role(cast.membership_of(cast.ana), Role.OWNER, by=cast.ravi, reason="Takes over too")
    change_setting(cast.project, "sample_percent", 20, by=cast.ana, reason="First thing")
    (anomaly,) = noted(Rule.DORMANT)
    assert anomaly.people == [cast.ravi.pk], "Ravi's role was a hundred days old when he used it, Ana's new"


# Burst of refusals


def test_five_refusals_at_once_are_a_burst_and_weigh_high(cast: Cast) -> None:
    for _ in range(6):
        attempt(cast, "ana")
    (anomaly,) = noted(Rule.DENIALS)
    assert events_of(anomaly) == ["access.denied"] * 6
    entry = Entry.objects.get(subject_type="roles.anomaly", subject_id=anomaly.pk)
    assert (entry.event, entry.impact) == (Event.ACCESS_DENIED_REPEATEDLY, Impact.HIGH)


def test_four_refusals_are_none(cast: Cast) -> None:
    for who in ("ana", "ana", "ana", "ana", "ravi", "uma"):
        attempt(cast, who)
    assert noted(Rule.DENIALS) == []


def test_five_refusals_over_a_quarter_of_an_hour_are_none(cast: Cast) -> None:
    now = timezone.now()
    for minutes in (0, 3, 6, 9, 12):
        with patch("django.utils.timezone.now", return_value=now + timedelta(minutes=minutes)):
            attempt(cast, "ana")
    assert noted(Rule.DENIALS) == []


def test_two_bursts_are_two_cases(cast: Cast) -> None:
    now = timezone.now()
    for minutes in (-60, 0):
        with patch("django.utils.timezone.now", return_value=now + timedelta(minutes=minutes)):
            for _ in range(5):
                attempt(cast, "ana")
    first, second = noted(Rule.DENIALS)
    assert len(first.entries) == len(second.entries) == 5
    assert not set(first.entries) & set(second.entries)


# Expired role used


def test_an_attempt_with_a_role_that_had_ended_stands_out(cast: Cast) -> None:
    revoke_role(cast.membership_of(cast.ravi), by=cast.olga, reason="Left the team")
    attempt(cast, "ravi")
    attempt(cast, "ravi")
    (anomaly,) = noted(Rule.EXPIRED_USED)
    assert events_of(anomaly) == ["role.revoked", "access.denied", "access.denied"]
    assert anomaly.people == [cast.ravi.pk]


def test_an_attempt_after_the_time_of_a_role_stands_out(cast: Cast) -> None:
    later = timezone.now() + timedelta(hours=1)
    grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="An hour", valid_until=later)
    attempt(cast, "uma")
    assert noted(Rule.EXPIRED_USED) == [], "a reviewer who tries too much, but holds the role"
    with patch("django.utils.timezone.now", return_value=later + timedelta(minutes=1)):
        attempt(cast, "uma")
        (anomaly,) = noted(Rule.EXPIRED_USED)
    assert events_of(anomaly) == ["access.denied"]


def test_an_attempt_by_somebody_who_never_held_a_role_does_not(cast: Cast) -> None:
    attempt(cast, "uma")
    assert noted(Rule.EXPIRED_USED) == []


# Permission that no membership explains


def test_a_permission_row_that_no_membership_explains_stands_out(
    cast: Cast, unexplained_changes_are_recorded: None
) -> None:
    assign_perm("labelop.edit_schema", cast.ana, cast.project)
    (anomaly,) = noted(Rule.STRAY)
    assert (anomaly.project, events_of(anomaly)) == (cast.project, ["change.unexplained"])
    assert anomaly.explanation == "Somebody holds what no membership explains: edit_schema."
    assert anomaly.people == [cast.ana.pk]


def test_a_permission_on_no_project_stands_out_on_the_site(cast: Cast) -> None:
    with operation():
        UserObjectPermission.objects.assign_perm("change_user", cast.ana, cast.uma)
    (anomaly,) = noted(Rule.STRAY)
    assert anomaly.project is None


def test_the_mirror_of_a_membership_does_not(cast: Cast) -> None:
    revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    grant_role(cast.project, cast.ana, Role.REVIEWER, by=cast.olga, reason="Came back")
    assert noted(Rule.STRAY) == []


def test_a_case_of_one_project_is_not_noted_on_another(cast: Cast) -> None:
    change_setting(cast.project, "sample_percent", 10, by=cast.root, reason="Nobody is there")
    change_setting(cast.elsewhere, "sample_percent", 10, by=cast.root, reason="Nobody is there")
    assert {anomaly.project_id for anomaly in noted(Rule.NO_MEMBERSHIP)} == {cast.project.pk, cast.elsewhere.pk}
    assert Anomaly.objects.count() == 2
