"""Who may do what, every role by every permission, as `authorize` answers it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone

from audit.acting import operation
from audit.events import Event
from labelop.models import Project
from labelop.services.projects import change_setting, describe_project
from roles.matrix import MATRIX, Can, Role
from roles.models import Membership, User
from roles.services import (
    authorize,
    authorize_on_site,
    create_account,
    deactivate_account,
    grant_role,
    grant_superuser,
    revoke_role,
)
from tests.cast import Cast, person, what_is_left

ROOT = Path(__file__).resolve().parent.parent.parent

# Written out once more, by hand: who changes the matrix must say so twice.
# fmt: off
ALLOWED = {
    #                        owner  reviewer annotator
    "see_project":          (True,  True,  True),
    "see_all_work":         (True,  True,  False),
    "annotate":             (False, False, True),
    "fix_in_review":        (False, True,  False),
    "assign_work":          (True,  False, False),
    "decide_reviews":       (True,  True,  False),
    "contest_reviews":      (False, False, True),
    "adjudicate":           (True,  True,  False),
    "edit_schema":          (True,  False, False),
    "edit_settings":        (True,  False, False),
    "inspect_trail":        (True,  True,  False),
    "take_snapshots":       (True,  False, False),
    "compare_snapshots":    (True,  True,  False),
    "export_snapshots":     (True,  True,  False),
    "import_history":       (True,  False, False),
    "exclude_items":        (True,  False, False),
    "restore_data":         (True,  False, False),
    "propose_releases":     (True,  True,  False),
    "approve_releases":     (True,  True,  False),
    "manage_releases":      (True,  False, False),
    "propose_adjustments":  (True,  False, False),
    "accept_adjustments":   (True,  True,  False),
    "run_log_reviews":      (True,  True,  False),
    "resolve_findings":     (True,  True,  False),
    "reveal_identities":    (True,  False, False),
    "manage_roles":         (True,  False, False),
    "connect_tools":        (True,  False, False),
}
# fmt: on

# What nothing but a page shows is asked by the selectors that narrow it, and never by a service.
ASKED_BY_SELECTORS = {Can.SEE_PROJECT, Can.SEE_ALL_WORK, Can.INSPECT_TRAIL, Can.COMPARE_SNAPSHOTS}

EVERY_CAN = pytest.mark.parametrize("can", list(Can))


@operation()
def ask(can: Can, project: models.Model, *, by: User) -> str:
    """A service that only asks."""
    return authorize(by, can, project).role


def answer(user: User, can: Can, project: Project) -> bool:
    try:
        ask(can, project, by=user)
    except PermissionDenied:
        return False
    return True


def test_the_table_has_every_permission_and_every_role() -> None:
    assert list(ALLOWED) == [can.value for can in Can] == [can.value for can in MATRIX]
    assert [role.value for role in Role] == ["owner", "reviewer", "annotator"]


@EVERY_CAN
def test_every_role_may_do_what_the_table_says(cast: Cast, can: Can) -> None:
    answers = tuple(answer(user, can, cast.project) for user in (cast.olga, cast.ravi, cast.ana))
    assert answers == ALLOWED[can.value]


@EVERY_CAN
def test_an_actor_carries_the_role_that_allowed_it(cast: Cast, can: Can) -> None:
    for user, role in ((cast.olga, "owner"), (cast.ravi, "reviewer"), (cast.ana, "annotator")):
        if answer(user, can, cast.project):
            actor = authorize(user, can, cast.project)
            assert (actor.user, actor.role, actor.overriding) == (user, role, False)


@EVERY_CAN
def test_somebody_from_elsewhere_may_do_nothing(cast: Cast, can: Can) -> None:
    assert not answer(cast.uma, can, cast.project)
    assert not answer(person("nobody"), can, cast.project)


@EVERY_CAN
def test_a_role_that_ended_gives_nothing(cast: Cast, can: Can) -> None:
    another = person("another")
    for user in (cast.ravi, cast.ana):
        revoke_role(cast.membership_of(user), by=cast.olga, reason="Left the team")
    grant_role(cast.project, another, Role.OWNER, by=cast.olga, reason="Takes over")
    revoke_role(cast.membership_of(cast.olga), by=another, reason="Left the team")
    assert not any(answer(user, can, cast.project) for user in (cast.olga, cast.ravi, cast.ana))


@EVERY_CAN
@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_expired_gives_nothing(cast: Cast, can: Can, role: Role) -> None:
    guest = person("guest")
    with operation():
        Membership.objects.create(
            project=cast.project,
            user=guest,
            role=role,
            reason="For a week",
            valid_until=timezone.now() - timedelta(seconds=1),
        )
    assert not answer(guest, can, cast.project)


@EVERY_CAN
def test_a_deactivated_member_may_do_nothing_even_in_an_old_session(cast: Cast, can: Can) -> None:
    grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Takes over")
    for user in (cast.olga, cast.ravi, cast.ana):
        # What the session holds still says active.
        deactivate_account(user, by=cast.root, reason="Left the company")
    assert not any(answer(user, can, cast.project) for user in (cast.olga, cast.ravi, cast.ana))


@EVERY_CAN
def test_a_superuser_may_do_everything_and_overrides(cast: Cast, can: Can) -> None:
    actor = authorize(cast.root, can, cast.project)
    assert (actor.user, actor.role, actor.overriding) == (cast.root, "", True)


@EVERY_CAN
def test_a_superuser_who_is_a_member_overrides_only_beyond_their_role(cast: Cast, can: Can) -> None:
    grant_role(cast.project, cast.root, Role.ANNOTATOR, by=cast.olga, reason="Lends a hand")
    actor = authorize(cast.root, can, cast.project)
    assert (actor.role, actor.overriding) == ("annotator", not ALLOWED[can.value][2])


@EVERY_CAN
def test_a_deactivated_superuser_may_do_nothing(cast: Cast, can: Can) -> None:
    other = person("other")
    grant_superuser(other, by=cast.root, reason="Stands in")
    deactivate_account(cast.root, by=other, reason="Left the company")
    assert not answer(cast.root, can, cast.project)


@EVERY_CAN
def test_a_refusal_leaves_one_entry_that_says_who_in_which_role_asked_what(cast: Cast, can: Can) -> None:
    for user, role, allowed in zip(
        (cast.olga, cast.ravi, cast.ana, cast.uma),
        ("owner", "reviewer", "annotator", ""),
        (*ALLOWED[can.value], False),
        strict=True,
    ):
        if allowed:
            continue
        with what_is_left() as left, pytest.raises(PermissionDenied, match=can.label):
            ask(can, cast.project, by=user)
        assert left.events == [Event.ACCESS_DENIED]
        entry = left.entry
        assert (entry.actor, entry.actor_name, entry.role) == (user, user.username, role)
        assert (entry.subject_name, entry.project_id) == (can.value, cast.project.pk)
        assert left.versions == []


def test_a_refused_service_changes_nothing(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        describe_project(cast.project, "Mine", "", by=cast.ana)
    assert (left.events, left.versions) == (["access.denied"], [])
    assert Project.objects.get(pk=cast.project.pk).name == "Birds"


def test_an_override_is_recorded_beside_what_was_done(cast: Cast) -> None:
    with what_is_left() as left:
        change_setting(cast.project, "risk_tier", "high", by=cast.root, reason="Audit finding 7")
    assert left.events == ["access.overridden", "setting.changed", "anomaly.noted"]
    override, changed, _ = left.entries
    assert (override.actor, override.role, override.reason) == (cast.root, "", "Audit finding 7")
    assert override.project_id == cast.project.pk
    assert override.operation == changed.operation


def test_one_act_overrides_a_project_once(cast: Cast) -> None:
    with what_is_left() as left, operation(by=cast.root):
        change_setting(cast.project, "risk_tier", "high", by=cast.root, reason="Audit finding 7")
        change_setting(cast.project, "customer_facing", True, by=cast.root, reason="Audit finding 7")
        change_setting(cast.elsewhere, "risk_tier", "high", by=cast.root, reason="Audit finding 7")
    assert left.events.count("access.overridden") == 2
    assert {entry.project_id for entry in left.entries if entry.event == "access.overridden"} == {
        cast.project.pk,
        cast.elsewhere.pk,
    }


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_override_needs_a_reason(cast: Cast, reason: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        change_setting(cast.project, "risk_tier", "high", by=cast.root, reason=reason)
    assert (left.events, left.versions) == ([], [])


def test_only_a_superuser_acts_on_the_site(cast: Cast) -> None:
    for user in (cast.olga, cast.ravi, cast.ana, cast.uma):
        with what_is_left() as left, pytest.raises(PermissionDenied):
            create_account("friend", "a long sentence nobody guesses", by=user)
        assert (left.events, left.entry.project_id, left.versions) == (["access.denied"], None, [])
        assert left.entry.subject_name == "create accounts"
    assert authorize_on_site(cast.root, "create accounts").user == cast.root
    assert authorize_on_site(None, "create accounts").user is None


def test_every_permission_is_asked() -> None:
    """By a service; what only shows something, by the selector that narrows it."""
    asked = {"services": asked_in("services"), "selectors": asked_in("selectors")}
    unasked = [
        can.name
        for can in Can
        if can.name not in asked["services"] and not (can in ASKED_BY_SELECTORS and can.name in asked["selectors"])
    ]
    assert unasked == []


def asked_in(room: str) -> set[str]:
    """The permissions named in calls of `authorize` or `projects_where` in this room of each floor."""
    names = set()
    for floor in ("audit", "roles", "labelop", "snapshots"):
        for path in [*ROOT.glob(f"{floor}/{room}.py"), *ROOT.glob(f"{floor}/{room}/**/*.py")]:
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and _name_of(call.func) in {"authorize", "projects_where"}:
                    names |= {
                        argument.attr
                        for argument in call.args
                        if isinstance(argument, ast.Attribute) and _name_of(argument.value) == "Can"
                    }
    return names


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
