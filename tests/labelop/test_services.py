"""The services of the work: each does it, refuses, leaves one entry, and explains what it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, models, transaction

from audit.acting import operation
from labelop.models import Annotation, Item, LabelClass, Project, Review, Verdict
from labelop.services.projects import SETTINGS, change_setting, describe_project
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import (
    add_item,
    exclude_item,
    reinstate_item,
    save_annotation,
    withdraw_annotation,
)
from roles.models import User
from roles.selectors import role_of
from tests.cast import Cast, what_is_left
from tests.marks import at_work


@dataclass(frozen=True)
class Story:
    """One act: who does it, what it does, the entry and the versions it leaves, and who may not."""

    act: Callable[[Cast, User], Any]
    by: str
    event: str
    changed: type[models.Model]
    happened: Callable[[Cast], bool]
    refused: tuple[str, ...]
    first: Callable[[Cast], Any] = lambda cast: None


def again(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row)._base_manager.get(pk=row.pk)


def describe(cast: Cast, by: User) -> Any:
    return describe_project(cast.project, "Sea birds", "Gulls and terns", by=by, reason="Narrower")


def set_to(setting: str, value: Any) -> Callable[[Cast, User], Any]:
    return lambda cast, by: change_setting(cast.project, setting, value, by=by, reason="Agreed on Monday")


def is_set_to(setting: str, value: Any) -> Callable[[Cast], bool]:
    return lambda cast: bool(getattr(again(cast.project), setting) == value)


def a_setting(setting: str, value: Any) -> Story:
    return Story(
        set_to(setting, value),
        "olga",
        "setting.changed",
        Project,
        is_set_to(setting, value),
        ("ravi", "ana", "uma"),
    )


NEW_SETTINGS: dict[str, Any] = {
    "risk_tier": "high",
    "customer_facing": True,
    "review_policy": "sample",
    "sample_percent": 20,
    "separation_of_duties": 2,
}

STORIES: dict[str, Story] = {
    "describe_project": Story(
        describe,
        "olga",
        "project.described",
        Project,
        lambda cast: again(cast.project).name == "Sea birds",
        ("ravi", "ana", "uma"),
    ),
    **{f"change_setting {setting}": a_setting(setting, value) for setting, value in NEW_SETTINGS.items()},
    "add_class": Story(
        lambda cast, by: add_class(cast.project, "tern", "Tern", by=by, reason="Seen at last"),
        "olga",
        "class.added",
        LabelClass,
        lambda cast: LabelClass.objects.filter(project=cast.project, key="tern").exists(),
        ("ravi", "ana", "uma"),
    ),
    "add_item": Story(
        lambda cast, by: add_item(cast.project, "photo-2", {"uri": "2.jpg"}, by=by, reason="From the beach"),
        "olga",
        "items.added",
        Item,
        lambda cast: Item.objects.filter(project=cast.project, key="photo-2").exists(),
        ("ravi", "ana", "uma"),
    ),
    "exclude_item": Story(
        lambda cast, by: exclude_item(cast.item, by=by, reason="Blurred"),
        "olga",
        "items.excluded",
        Item,
        lambda cast: again(cast.item).excluded,
        ("ravi", "ana", "uma"),
    ),
    "reinstate_item": Story(
        lambda cast, by: reinstate_item(cast.item, by=by, reason="Sharp enough"),
        "olga",
        "items.reinstated",
        Item,
        lambda cast: not again(cast.item).excluded,
        ("ravi", "ana", "uma"),
        first=lambda cast: exclude_item(cast.item, by=cast.olga, reason="Blurred"),
    ),
    "save_annotation": Story(
        lambda cast, by: save_annotation(cast.item, cast.label_class, {"box": [0, 0, 1, 1]}, by=by),
        "ana",
        "annotation.saved",
        Annotation,
        lambda cast: cast.item.annotations.filter(key="2").exists(),
        ("olga", "ravi", "uma"),
        first=lambda cast: at_work(cast.item, cast.ana, owner=cast.olga),
    ),
    "change_annotation": Story(
        lambda cast, by: save_annotation(cast.item, cast.label_class, {"box": [9, 9, 9, 9]}, by=by, key="1"),
        "ana",
        "annotation.saved",
        Annotation,
        lambda cast: again(cast.annotation).value == {"box": [9, 9, 9, 9]},
        ("olga", "ravi", "uma"),
        first=lambda cast: at_work(cast.item, cast.ana, owner=cast.olga),
    ),
    "withdraw_annotation": Story(
        lambda cast, by: withdraw_annotation(cast.annotation, by=by, reason="No bird at all"),
        "ana",
        "annotation.withdrawn",
        Annotation,
        lambda cast: again(cast.annotation).withdrawn,
        ("olga", "ravi", "uma"),
        first=lambda cast: at_work(cast.item, cast.ana, owner=cast.olga),
    ),
    "decide_review of an annotation": Story(
        lambda cast, by: decide_review(cast.annotation, Verdict.APPROVED, by=by),
        "ravi",
        "review.decided",
        Review,
        lambda cast: cast.annotation.reviews.filter(verdict="approved").exists(),
        ("ana", "uma"),
    ),
    "decide_review of an item": Story(
        lambda cast, by: decide_review(
            cast.item, Verdict.REJECTED, by=by, reason="Two birds missing", reason_code="missed"
        ),
        "ravi",
        "review.decided",
        Review,
        lambda cast: cast.item.reviews.filter(annotation=None, note="Two birds missing").exists(),
        ("ana", "uma"),
    ),
    "decide_review by an owner": Story(
        lambda cast, by: decide_review(cast.annotation, Verdict.APPROVED, by=by, reason="Ravi is away"),
        "olga",
        "review.by_owner",
        Review,
        lambda cast: cast.annotation.reviews.filter(reviewer=cast.olga).exists(),
        ("ana", "uma"),
    ),
}


@pytest.fixture(params=list(STORIES.values()), ids=list(STORIES))
def story(request: pytest.FixtureRequest) -> Story:
    told: Story = request.param
    return told


def test_it_does_it(cast: Cast, story: Story) -> None:
    story.first(cast)
    story.act(cast, getattr(cast, story.by))
    assert story.happened(cast)


def test_it_refuses_who_may_not_and_leaves_nothing(cast: Cast, story: Story) -> None:
    story.first(cast)
    for name in story.refused:
        with what_is_left() as left, pytest.raises(PermissionDenied):
            story.act(cast, getattr(cast, name))
        assert (left.events, left.entry.actor) == (["access.denied"], getattr(cast, name))
        assert left.versions == []
    assert not story.happened(cast)


def test_it_leaves_one_entry(cast: Cast, story: Story) -> None:
    story.first(cast)
    by = getattr(cast, story.by)
    with what_is_left() as left:
        story.act(cast, by)
    assert left.events == [story.event]
    entry = left.entry
    assert (entry.actor, entry.role, entry.project_id) == (by, role_of(by, cast.project), cast.project.pk)
    assert (entry.records, entry.channel) == (1, "shell")


def test_what_it_changed_is_explained(cast: Cast, story: Story) -> None:
    story.first(cast)
    with what_is_left() as left:
        story.act(cast, getattr(cast, story.by))
    (version,) = left.versions
    assert version.instance_type is story.changed
    assert (version.operation, version.history_user_id) == (left.entry.operation, left.entry.actor_id)
    assert (left.entry.subject_type, left.entry.subject_id) == (story.changed._meta.label_lower, version.id)
    project_id = version.id if story.changed is Project else version.project_id
    assert project_id == cast.project.pk


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("change_setting sample_percent", 7),
        ("add_item", 9),
        ("save_annotation", 12),
        ("change_annotation", 16),
        ("decide_review of an item", 12),
    ],
)
def test_it_asks_the_database_little(cast: Cast, name: str, queries: int, django_assert_max_num_queries: Any) -> None:
    story = STORIES[name]
    story.first(cast)
    # PostgreSQL is told of the act, and made to forget it.
    told = 2 if connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(queries + told):
        story.act(cast, getattr(cast, story.by))


def test_every_setting_has_its_story() -> None:
    assert NEW_SETTINGS.keys() == SETTINGS


# Schema


def test_a_frozen_schema_takes_no_class(cast: Cast) -> None:
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(schema_frozen=True)
    with what_is_left() as left, pytest.raises(ValidationError, match="frozen"):
        add_class(cast.project, "tern", "Tern", by=cast.olga)
    assert (left.events, left.versions) == ([], [])


def test_a_class_key_is_taken_once(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        add_class(cast.project, "gull", "Another gull", by=cast.olga)
    assert (left.events, left.versions) == ([], [])
    add_class(cast.elsewhere, "gull", "Gull", by=cast.uma)


# Work


def test_an_item_key_is_taken_once(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        add_item(cast.project, "photo-1", {}, by=cast.olga)
    assert (left.events, left.versions) == ([], [])


def test_an_exclusion_says_why(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        exclude_item(cast.item, by=cast.olga, reason=" ")
    assert (left.events, left.versions) == ([], [])


def test_nothing_is_excluded_reinstated_or_withdrawn_twice(cast: Cast) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    withdraw_annotation(cast.annotation, by=cast.ana)
    exclude_item(cast.item, by=cast.olga, reason="Blurred")
    with what_is_left() as left:
        with pytest.raises(ValidationError, match="excluded already"):
            exclude_item(cast.item, by=cast.olga, reason="Blurred")
        with pytest.raises(ValidationError, match="withdrawn already"):
            withdraw_annotation(cast.annotation, by=cast.ana)
    assert (left.events, left.versions) == ([], [])
    reinstate_item(cast.item, by=cast.olga)
    with pytest.raises(ValidationError, match="not excluded"):
        reinstate_item(cast.item, by=cast.olga)


@pytest.mark.parametrize("state", ["frozen", "archived"])
def test_the_work_of_a_frozen_project_does_not_change(cast: Cast, state: str) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    second = add_item(cast.project, "photo-3", {}, by=cast.olga)
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(state=state)
    project, item = again(cast.project), again(cast.item)
    acts: list[Callable[[], object]] = [
        lambda: add_item(project, "photo-2", {}, by=cast.olga),
        # A row read before the freeze counts as it is now.
        lambda: add_item(cast.project, "photo-2", {}, by=cast.olga),
        lambda: save_annotation(item, cast.label_class, {}, by=cast.ana),
        lambda: withdraw_annotation(cast.annotation, by=cast.ana),
        lambda: exclude_item(item, by=cast.olga, reason="Blurred"),
        lambda: reinstate_item(item, by=cast.olga),
        lambda: decide_review(second, Verdict.APPROVED, by=cast.ravi),
    ]
    for act in acts:
        with what_is_left() as left, pytest.raises(ValidationError, match=state):
            act()
        assert (left.events, left.versions) == ([], [])


def test_annotations_are_numbered_on_their_item(cast: Cast) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    second = save_annotation(cast.item, cast.label_class, {}, by=cast.ana)
    named = save_annotation(cast.item, cast.label_class, {}, by=cast.ana, key="4-5")
    third = save_annotation(cast.item, cast.label_class, {}, by=cast.ana)
    assert [cast.annotation.key, second.key, named.key, third.key] == ["1", "2", "4-5", "3"]


def test_the_same_key_coming_back_revives_the_same_annotation(cast: Cast) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    withdraw_annotation(cast.annotation, by=cast.ana)
    with what_is_left() as left:
        revived = save_annotation(cast.item, cast.label_class, {"box": [5, 5, 5, 5]}, by=cast.ana, key="1")
    assert (revived.pk, revived.withdrawn) == (cast.annotation.pk, False)
    assert cast.item.annotations.count() == 1
    assert left.entry.before is None
    assert left.entry.after == {"label": "gull", "value": {"box": [5, 5, 5, 5]}}


def test_a_number_once_given_never_names_another_annotation(cast: Cast) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    withdraw_annotation(cast.annotation, by=cast.ana)
    assert save_annotation(cast.item, cast.label_class, {}, by=cast.ana).key == "2"


def test_an_annotation_bears_a_class_of_its_own_project(cast: Cast) -> None:
    at_work(cast.item, cast.ana, owner=cast.olga)
    ship = add_class(cast.elsewhere, "tug", "Tug", by=cast.uma)
    with what_is_left() as left, pytest.raises(ValidationError, match="of this project"):
        save_annotation(cast.item, ship, {}, by=cast.ana)
    assert (left.events, left.versions) == ([], [])


def test_the_database_refuses_an_annotation_of_another_project_than_its_item(cast: Cast) -> None:
    for change in (
        lambda: Annotation.objects.filter(pk=cast.annotation.pk).update(project=cast.elsewhere),
        lambda: Item.objects.filter(pk=cast.item.pk).update(project=cast.elsewhere),
        lambda: Annotation.objects.create(
            project=cast.elsewhere, item=cast.item, key="9", label_class=cast.label_class
        ),
    ):
        refused = pytest.raises(IntegrityError, match="project")
        with what_is_left() as left, operation(), refused, transaction.atomic():
            change()
        assert left.versions == []
