"""A pull: who is named for what differs, what is marked as done by nobody who is told, and what changes nothing."""

from __future__ import annotations

import pytest

from audit.models import Entry
from labelop.label_studio.client import NotTold
from labelop.models import Annotation, Hint, Item, LabelClass, Pull
from roles.models import User
from tests.cast import Left, what_is_left

from .stage import Connected, connected, told_of
from .studio import Studio, annotation, project, region, task

T1, T2, T3 = (f"2026-03-0{day}T10:00:00.123456Z" for day in (1, 2, 3))


@pytest.fixture
def pets(olga: User, studio: Studio) -> Connected:
    """Two tasks, of which Ana (2) has annotated the first; pulled once."""
    studio.projects[7] = project(7, "cat", "dog")
    studio.tasks = {1: task(1, annotation(11, 1, [region("cat"), region("dog", 50)], 2, T1)), 2: task(2)}
    pets = connected(olga, studio, "pets", 7)
    pets.pull()
    return pets


def told(left: Left) -> list[tuple[str, str, str]]:
    return sorted(told_of(entry) for entry in left.entries if entry.source)


def test_the_first_pull_brings_all_and_names_whoever_is_told(pets: Connected) -> None:
    assert dict(Item.objects.values_list("key", "excluded")) == {"1": False, "2": False}
    assert sorted(Annotation.objects.values_list("key", "label_class__key", "author__username")) == [
        ("11/r10", "cat", "pets/user-2"),
        ("11/r50", "dog", "pets/user-2"),
    ]
    assert dict(LabelClass.objects.values_list("key", "colour")) == {"cat": "#ff0000", "dog": "#ff0000"}
    entries = [told_of(entry) for entry in Entry.objects.filter(project=pets.project).exclude(source="").order_by("id")]
    assert entries == [("items.added", "", "pull, unattributed"), ("annotation.saved", "user-2", "pull")]
    pull = Pull.objects.get()
    assert (pull.added, pull.changed, pull.removed, pull.explained, pull.labels) == (5, 0, 0, 0, ["cat", "dog"])


def test_the_same_again_changes_nothing(pets: Connected) -> None:
    with what_is_left() as left:
        again = pets.pull()
    assert (left.entries, left.versions) == ([], [])
    assert (again.tasks, again.annotations, again.counts.unexplained, again.told) == (2, 1, 0, 0)


def test_what_a_reviewer_changed_and_took_away_is_theirs_at_their_time(pets: Connected, studio: Studio) -> None:
    changed = annotation(11, 1, [region("dog")], 2, T1, updated_by=4, updated_at=T2)
    studio.tasks[1] = task(1, changed)
    assert pets.told("ANNOTATION_UPDATED", annotation=changed) == 202
    with what_is_left() as left:
        pulled = pets.pull()
    assert told(left) == [
        ("annotation.saved", "user-4", "hook"),
        ("annotation.withdrawn", "user-4", "hook"),
        ("items.changed", "user-4", "hook"),
    ]
    assert {f"{entry.at:%m-%d}" for entry in left.entries} == {"03-02"}
    assert len({entry.operation for entry in left.entries}) == 1
    assert (pulled.counts.changed, pulled.counts.explained, pulled.counts.unexplained) == (1, 1, 0)
    # Whoever marked it first is its author still.
    assert set(Annotation.objects.values_list("author__username", flat=True)) == {"pets/user-2"}


def test_without_a_webhook_the_same_is_known_and_marked_as_pulled(pets: Connected, studio: Studio) -> None:
    studio.tasks[1] = task(1, annotation(11, 1, [region("dog")], 2, T1, updated_by=4, updated_at=T2))
    with what_is_left() as left:
        pulled = pets.pull()
    assert {(who, how) for _, who, how in told(left)} == {("user-4", "pull")}
    assert (pulled.counts.explained, pulled.counts.unexplained) == (0, 1)


def test_what_changed_without_being_saved_anew_names_nobody(pets: Connected, studio: Studio) -> None:
    studio.tasks[1] = task(1, annotation(11, 1, [region("dog"), region("dog", 50)], 2, T1))
    with what_is_left() as left:
        pets.pull()
    assert told(left) == [("annotation.saved", "", "pull, unattributed")]


def test_a_saving_that_another_replaced_before_the_pull_is_told_of_whoever_made_it(
    pets: Connected, studio: Studio
) -> None:
    first = annotation(11, 1, [region("dog")], 2, T1, updated_at=T2)
    last = annotation(11, 1, [region("cat")], 2, T1, updated_by=4, updated_at=T3)
    for saved in (first, last, first):
        pets.told("ANNOTATION_UPDATED", annotation=saved)
    studio.tasks[1] = task(1, last)
    with what_is_left() as left:
        pulled = pets.pull()
    steps = [entry for entry in left.entries if entry.event == "work.imported"]
    assert [(told_of(step)[1:], f"{step.at:%m-%d}", step.subject_name, step.after) for step in steps] == [
        (("user-2", "hook"), "03-02", "1", {"what": "saved", "annotation": "11", "task": "1"})
    ]
    assert (pulled.told, pulled.counts.explained) == (1, 1)
    # The same webhook once more, late, tells of it no second time.
    pets.told("ANNOTATION_UPDATED", annotation=first)
    assert pets.pull().told == 0


def test_a_webhook_that_comes_while_its_task_was_read_already_waits_for_the_next_pull(
    pets: Connected, studio: Studio
) -> None:
    saved = annotation(11, 1, [region("dog")], 2, T1, updated_by=4, updated_at=T2)

    def meanwhile(done: int, of: int | None) -> None:
        studio.tasks[1] = task(1, saved)
        pets.told("ANNOTATION_UPDATED", annotation=saved)

    first = pets.pull(progress=meanwhile)
    assert (first.told, first.counts.changed, Hint.objects.filter(settled_at=None).count()) == (0, 0, 1)
    with what_is_left() as left:
        pets.pull()
    assert {(who, how) for _, who, how in told(left)} == {("user-4", "hook")}
    assert "work.imported" not in left.events
    assert not Hint.objects.filter(settled_at=None).exists()


def test_a_saving_without_a_difference_is_told_as_well(pets: Connected, studio: Studio) -> None:
    skipped = annotation(12, 2, [], 3, T2, was_cancelled=True)
    truth = annotation(11, 1, [region("cat"), region("dog", 50)], 2, T1, ground_truth=True, updated_by=4, updated_at=T3)
    studio.tasks = {1: task(1, truth), 2: task(2, skipped)}
    with what_is_left() as left:
        pets.pull()
    assert told(left) == [("items.changed", "user-3", "pull"), ("items.changed", "user-4", "pull")]
    assert Item.objects.get(key="1").metadata["label_studio"]["annotations"][0]["ground_truth"] is True


def test_what_was_deleted_names_nobody_and_stands_at_the_time_of_its_webhook(pets: Connected, studio: Studio) -> None:
    studio.tasks = {1: task(1)}
    assert pets.told("ANNOTATIONS_DELETED", annotations=[{"id": 11}]) == 202
    assert pets.post({"action": "TASKS_DELETED", "tasks": [{"id": 2}]}) == 202
    with what_is_left() as left:
        pulled = pets.pull()
    assert told(left) == [
        ("annotation.withdrawn", "", "hook, unattributed"),
        ("items.changed", "", "hook, unattributed"),
        ("items.excluded", "", "hook, unattributed"),
    ]
    assert (pulled.counts.removed, pulled.counts.explained) == (2, 2)
    assert not Annotation.objects.in_the_dataset().exists()
    assert Item.objects.get(key="2").excluded
    # Back again, it is the same item.
    studio.tasks[2] = task(2)
    with what_is_left() as left:
        pets.pull()
    assert told(left) == [("items.reinstated", "", "pull, unattributed")]


def test_a_new_label_is_a_class_and_one_that_is_gone_is_deprecated(pets: Connected, studio: Studio) -> None:
    studio.projects[7] = project(7, "cat", "bird")
    assert pets.told("PROJECT_UPDATED") == 202
    with what_is_left() as left:
        pulled = pets.pull()
    assert left.events == ["class.added", "class.deprecated"]
    assert {entry.reason for entry in left.entries} == {
        "Label config of Label Studio, which does not tell who changed it"
    }
    assert (pulled.counts.added, pulled.counts.removed, pulled.counts.explained) == (1, 1, 2)
    assert dict(LabelClass.objects.values_list("key", "deprecated")) == {"cat": False, "dog": True, "bird": False}
    studio.projects[7] = project(7, "cat", "dog", "bird")
    with what_is_left() as left:
        pets.pull()
    assert left.events == ["class.reinstated"]


def test_a_pull_that_breaks_off_excludes_nothing_and_the_next_goes_on(pets: Connected, studio: Studio) -> None:
    studio.tasks = {
        number: task(number, annotation(number + 10, number, [region("cat")], 3, T2)) for number in range(2, 60)
    }
    studio.breaks_at = len(studio.asked) + 2
    with pytest.raises(NotTold):
        pets.pull()
    assert (Item.objects.count(), Item.objects.filter(excluded=True).count()) == (51, 0)
    assert Pull.objects.filter(ended_at=None).count() == 1
    studio.breaks_at = None
    pulled = pets.pull()
    assert (Item.objects.filter(excluded=False).count(), pulled.counts.added, pulled.counts.removed) == (58, 16, 1)


def test_another_token_and_another_project_are_told_apart_from_deletions(pets: Connected, studio: Studio) -> None:
    del studio.projects[7]
    with pytest.raises(NotTold, match="knows nothing of it"):
        pets.pull()
    assert not Item.objects.filter(excluded=True).exists()
