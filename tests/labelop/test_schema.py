"""The services of the schema and of a project's states: each does it, refuses, leaves one entry, and explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

from audit.acting import operation
from labelop.models import LabelClass, Project
from labelop.services.projects import activate_project, archive_project, freeze_project, unfreeze_project
from labelop.services.schema import (
    add_class,
    change_class_risk,
    deprecate_class,
    freeze_schema,
    recolour_class,
    redefine_class,
    reinstate_class,
    rename_class,
    unfreeze_schema,
)
from roles.models import User
from tests.cast import Cast, what_is_left

WHY = "Agreed on Monday"


@dataclass(frozen=True)
class Story:
    """One act of an owner: how the project stands before, the event, and what the entry tells of before and after."""

    act: Callable[[Cast, User, str], Any]
    event: str
    before: Any
    after: Any
    changes: type[models.Model] = LabelClass
    stands: str = "active"
    schema_frozen: bool = False
    deprecated: bool = False
    says_why: bool = False


def of_a_class(act: Callable[..., Any], *wanted: Any, **named: Any) -> Callable[[Cast, User, str], Any]:
    return lambda cast, by, reason: act(cast.label_class, *wanted, by=by, reason=reason, **named)


def of_a_project(act: Callable[..., Any]) -> Callable[[Cast, User, str], Any]:
    return lambda cast, by, reason: act(cast.project, by=by, reason=reason)


def state(name: str) -> dict[str, str]:
    return {"state": name}


# fmt: off
STORIES: dict[str, Story] = {
    "rename": Story(of_a_class(rename_class, "Seagull"), "class.renamed", "Gull", "Seagull"),
    "redefine": Story(of_a_class(redefine_class, definition="Any gull"), "class.redefined",
        {"definition": ""}, {"definition": "Any gull"}, says_why=True),
    "risk": Story(of_a_class(change_class_risk, True), "class.risk_changed", {"high_risk": False}, {"high_risk": True}),
    "recolour": Story(of_a_class(recolour_class, "#2f6f4f"), "class.recoloured", "", "#2f6f4f"),
    "deprecate": Story(of_a_class(deprecate_class), "class.deprecated", None, None, says_why=True),
    "reinstate": Story(of_a_class(reinstate_class), "class.reinstated", None, None, deprecated=True, says_why=True),
    "freeze schema": Story(of_a_project(freeze_schema), "schema.frozen", None, None, changes=Project),
    "unfreeze schema": Story(of_a_project(unfreeze_schema), "schema.unfrozen", None, None, changes=Project,
        schema_frozen=True, says_why=True),
    "activate": Story(of_a_project(activate_project), "setting.changed", state("draft"), state("active"),
        changes=Project, stands="draft"),
    "freeze": Story(of_a_project(freeze_project), "setting.changed", state("active"), state("frozen"),
        changes=Project),
    "unfreeze": Story(of_a_project(unfreeze_project), "setting.changed", state("frozen"), state("active"),
        changes=Project, stands="frozen"),
    "archive": Story(of_a_project(archive_project), "project.archived", state("frozen"), state("archived"),
        changes=Project, stands="frozen", says_why=True),
}
# fmt: on


@pytest.fixture(params=list(STORIES.values()), ids=list(STORIES))
def story(request: pytest.FixtureRequest, cast: Cast) -> Story:
    told: Story = request.param
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(state=told.stands, schema_frozen=told.schema_frozen)
        LabelClass.objects.filter(pk=cast.label_class.pk).update(deprecated=told.deprecated)
    return told


def again(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row)._base_manager.get(pk=row.pk)


def test_it_does_it_and_tells_it_in_one_entry(cast: Cast, story: Story) -> None:
    with what_is_left() as left:
        story.act(cast, cast.olga, WHY)
    entry = left.entry
    assert (entry.event, entry.reason, entry.actor, entry.role) == (story.event, WHY, cast.olga, "owner")
    assert (entry.before, entry.after) == (story.before, story.after)
    assert entry.project_id == cast.project.pk


def test_what_it_changed_is_explained(cast: Cast, story: Story) -> None:
    with what_is_left() as left:
        story.act(cast, cast.olga, WHY)
    (version,) = left.versions
    assert version.instance_type is story.changes
    assert (version.operation, version.history_user_id) == (left.entry.operation, cast.olga.pk)
    assert (left.entry.subject_type, left.entry.subject_id) == (story.changes._meta.label_lower, version.id)


def test_it_refuses_who_may_not_and_leaves_nothing(cast: Cast, story: Story) -> None:
    for somebody in (cast.ravi, cast.ana, cast.uma):
        with what_is_left() as left, pytest.raises(PermissionDenied):
            story.act(cast, somebody, WHY)
        assert (left.events, left.entry.actor, left.versions) == (["access.denied"], somebody, [])


def test_it_says_why_where_it_must(cast: Cast, story: Story) -> None:
    if story.says_why:
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            story.act(cast, cast.olga, " ")
        assert (left.events, left.versions) == ([], [])
    else:
        story.act(cast, cast.olga, "")


def test_a_superuser_does_it_from_outside_and_that_is_said(cast: Cast, story: Story) -> None:
    with what_is_left() as left:
        story.act(cast, cast.root, WHY)
    assert left.events == ["access.overridden", story.event, "anomaly.noted"]


def test_once_done_it_cannot_be_done_again(cast: Cast, story: Story) -> None:
    story.act(cast, cast.olga, WHY)
    with what_is_left() as left, pytest.raises(ValidationError):
        story.act(cast, cast.olga, WHY)
    assert (left.events, left.versions) == ([], [])


# What each does to a class


def test_a_renamed_class_keeps_its_key_and_its_edition(cast: Cast) -> None:
    gull = rename_class(cast.label_class, "Seagull", by=cast.olga)
    assert (gull.key, gull.name, gull.edition) == ("gull", "Seagull", 1)
    assert not again(cast.annotation).outdated


def test_two_classes_of_a_project_never_share_a_name(cast: Cast) -> None:
    tern = add_class(cast.project, "tern", "Tern", by=cast.olga)
    add_class(cast.elsewhere, "tern", "Gull", by=cast.uma)
    acts: list[Callable[[], Any]] = [
        lambda: rename_class(tern, "Gull", by=cast.olga),
        lambda: add_class(cast.project, "other", "Gull", by=cast.olga),
    ]
    for act in acts:
        with what_is_left() as left, pytest.raises(ValidationError, match="Another class"):
            act()
        assert (left.events, left.versions) == ([], [])
    rename_class(cast.label_class, "Seagull", by=cast.olga)
    assert rename_class(tern, "Gull", by=cast.olga).name == "Gull"


def test_a_redefinition_tells_only_what_it_changed(cast: Cast) -> None:
    redefine_class(cast.label_class, definition="White birds", geometry="box", by=cast.olga, reason=WHY)
    with what_is_left() as left:
        gull = redefine_class(
            cast.label_class, definition="White birds", geometry="polygon", attributes={}, by=cast.olga, reason=WHY
        )
    assert (left.entry.before, left.entry.after) == ({"geometry": "box"}, {"geometry": "polygon"})
    assert gull.edition == 3


@pytest.mark.parametrize(
    ("meaning", "at_fault"),
    [
        ({"geometry": "sphere"}, "geometry"),
        ({"attributes": ["pose"]}, "attributes"),
        ({"attributes": {"pose": float("nan")}}, "attributes"),
        ({"definition": None}, "definition"),
    ],
)
def test_a_class_is_not_redefined_to_what_cannot_be(cast: Cast, meaning: dict[str, Any], at_fault: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        redefine_class(cast.label_class, by=cast.olga, reason=WHY, **meaning)
    assert refused.value.message_dict.keys() == {at_fault}
    assert (left.events, left.versions) == ([], [])


@pytest.mark.parametrize("meaning", [{}, {"definition": ""}, {"name": "Tern"}, {"colour": "#000000"}])
def test_what_redefines_nothing_is_refused(cast: Cast, meaning: dict[str, Any]) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        redefine_class(cast.label_class, by=cast.olga, reason=WHY, **meaning)
    assert (left.events, left.versions) == ([], [])


def test_neither_risk_nor_colour_changes_what_a_mark_means(cast: Cast) -> None:
    change_class_risk(cast.label_class, True, by=cast.olga)
    gull = recolour_class(cast.label_class, "#2F6F4F", by=cast.olga)
    assert (gull.high_risk, gull.colour, gull.edition) == (True, "#2F6F4F", 1)
    assert not again(cast.annotation).outdated


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "#1234567"])
def test_a_colour_is_one(cast: Cast, colour: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        recolour_class(cast.label_class, colour, by=cast.olga)
    assert refused.value.message_dict.keys() == {"colour"}
    assert (left.events, left.versions) == ([], [])


def test_a_deprecated_class_keeps_its_marks_and_comes_back(cast: Cast) -> None:
    gull = deprecate_class(cast.label_class, by=cast.olga, reason=WHY)
    assert (gull.deprecated, again(cast.annotation).withdrawn) == (True, False)
    assert not reinstate_class(gull, by=cast.olga, reason="Missed").deprecated


# A frozen schema


CHANGES_OF_CLASSES: dict[str, Callable[[Cast], Any]] = {
    "add": lambda cast: add_class(cast.project, "tern", "Tern", by=cast.olga),
    "rename": lambda cast: rename_class(cast.label_class, "Seagull", by=cast.olga),
    "redefine": lambda cast: redefine_class(cast.label_class, definition="Any", by=cast.olga, reason=WHY),
    "risk": lambda cast: change_class_risk(cast.label_class, True, by=cast.olga),
    "recolour": lambda cast: recolour_class(cast.label_class, "#2f6f4f", by=cast.olga),
    "deprecate": lambda cast: deprecate_class(cast.label_class, by=cast.olga, reason=WHY),
    "reinstate": lambda cast: reinstate_class(cast.label_class, by=cast.olga, reason=WHY),
    "as a superuser": lambda cast: rename_class(cast.label_class, "Seagull", by=cast.root, reason=WHY),
}


@pytest.mark.parametrize("change", CHANGES_OF_CLASSES.values(), ids=list(CHANGES_OF_CLASSES))
def test_a_frozen_schema_refuses_every_change_until_it_is_unfrozen(cast: Cast, change: Callable[[Cast], Any]) -> None:
    if change is CHANGES_OF_CLASSES["reinstate"]:
        deprecate_class(cast.label_class, by=cast.olga, reason="Unused")
    # `cast` holds rows from before the freeze: what counts is how they are now.
    freeze_schema(cast.project, by=cast.olga)
    with what_is_left() as left, pytest.raises(ValidationError, match="schema is frozen"):
        change(cast)
    assert (left.events, left.versions) == ([], [])
    unfreeze_schema(cast.project, by=cast.olga, reason="One more class")
    change(cast)
