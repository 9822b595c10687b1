"""Projects: who begins one, with what, and how its settings change."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from labelop.models import Project, ProjectState
from labelop.services.projects import SETTINGS, change_setting, create_project
from roles.matrix import Role
from roles.selectors import role_of
from roles.services import deactivate_account, service_account, stand_in_for
from tests.cast import Cast, what_is_left

from .test_services import NEW_SETTINGS, again


def test_a_superuser_begins_a_project_for_its_owner(cast: Cast) -> None:
    with what_is_left() as left:
        project = create_project("cats", "Cats", by=cast.root, owner=cast.uma, reason="A customer asked")
    assert role_of(cast.uma, project) == Role.OWNER
    assert role_of(cast.root, project) is None
    assert left.events == ["project.created", "role.granted"]
    assert {entry.project_id for entry in left.entries} == {project.pk}
    assert len(left.operations) == 1
    assert len(left.versions_of(Project)) == 1


def test_a_project_can_begin_with_settings(cast: Cast) -> None:
    project = create_project("cats", "Cats", by=cast.root, owner=cast.uma, description="Tame", **NEW_SETTINGS)
    assert {setting: getattr(again(project), setting) for setting in SETTINGS} == NEW_SETTINGS
    with what_is_left() as left, pytest.raises(ValidationError, match="begins as a draft or active"):
        create_project("dogs", "Dogs", by=cast.root, state=ProjectState.ARCHIVED)
    assert (left.events, left.versions) == ([], [])


@pytest.mark.parametrize("who", ["olga", "ravi", "ana", "uma"])
def test_only_a_superuser_begins_a_project(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        create_project("cats", "Cats", by=getattr(cast, who))
    assert (left.events, left.versions) == (["access.denied"], [])


def test_a_service_account_begins_projects_until_it_is_closed(cast: Cast) -> None:
    connector = service_account("connector")
    assert role_of(connector, create_project("cats", "Cats", by=connector)) == Role.OWNER
    other = service_account("other")
    deactivate_account(other, by=cast.root, reason="No longer used")
    with what_is_left() as left, pytest.raises(PermissionDenied):
        create_project("dogs", "Dogs", by=other, owner=cast.olga)
    assert (left.events, left.versions) == (["access.denied"], [])


def test_a_project_does_not_begin_without_somebody_who_can_own_it(cast: Cast) -> None:
    ghost = stand_in_for("Grace", slug="cats")
    with what_is_left() as left, pytest.raises(ValidationError, match="not in use"):
        create_project("cats", "Cats", by=cast.root, owner=ghost)
    assert (left.events, left.versions) == ([], [])


def test_slugs_are_taken_once(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="already exists"):
        create_project("birds", "Other birds", by=cast.root)
    assert (left.events, left.versions) == ([], [])


def test_a_changed_setting_tells_what_it_was(cast: Cast) -> None:
    with what_is_left() as left:
        change_setting(cast.project, "sample_percent", 20, by=cast.olga)
    assert (left.entry.before, left.entry.after) == ({"sample_percent": 100}, {"sample_percent": 20})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("risk_tier", "enormous"),
        ("review_policy", ""),
        ("sample_percent", 101),
        ("separation_of_duties", 4),
        ("customer_facing", "perhaps"),
        ("risk_tier", "standard"),
        ("sample_percent", "100"),
        ("state", "archived"),
        ("slug", "other"),
        ("schema_frozen", True),
    ],
)
def test_what_cannot_be_set_is_refused(cast: Cast, setting: str, value: Any) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        change_setting(cast.project, setting, value, by=cast.olga)
    assert (left.events, left.versions) == ([], [])


def test_a_setting_is_recorded_as_it_is_kept(cast: Cast) -> None:
    with what_is_left() as left:
        change_setting(cast.project, "sample_percent", "20", by=cast.olga)
    assert left.entry.after == {"sample_percent": 20}
