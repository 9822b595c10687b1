"""What holds of every format: a file comes in whole or not at all, once, and a newer one makes the differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.models import Entry
from labelop.connectors.errors import BadFile
from labelop.connectors.formats import READERS
from labelop.models import Annotation, Item, LabelClass, Origin, Project
from labelop.services.imports import Imported, import_file
from roles.models import User
from roles.services import operator_account
from tests.cast import what_is_left

from .small import SMALL, Small

pytestmark = pytest.mark.django_db


@pytest.fixture(params=list(READERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def small(name: str) -> Small:
    return SMALL[name]


@pytest.fixture
def operator() -> User:
    return operator_account()


def marks() -> dict[str, list[str]]:
    """The classes of the marks that stand on each item."""
    found: dict[str, list[str]] = {item.key: [] for item in Item.objects.filter(excluded=False)}
    for mark in Annotation.objects.in_the_dataset().select_related("item", "label_class").order_by("id"):
        found[mark.item.key].append(mark.label_class.key)
    return found


def test_a_file_is_known_by_its_content_and_comes_in(name: str, small: Small, operator: User, tmp_path: Path) -> None:
    imported = import_file(small.write(tmp_path, False), "pets", by=operator)
    assert (imported.format, imported.items, imported.annotations) == (name, 2, 3)
    assert [len(labels) for labels in marks().values()] == [2, 1]
    assert {item.split for item in Item.objects.all()} == ({"val"} if name != "label_studio" else {""})
    assert set(Annotation.objects.values_list("origin", flat=True)) == {Origin.IMPORT}
    told = Entry.objects.get(event="items.imported")
    assert (told.records, told.channel) == (2, "shell")
    assert told.source.startswith(f"{name} ")


def test_the_same_file_again_changes_nothing_and_leaves_nothing(small: Small, operator: User, tmp_path: Path) -> None:
    path = small.write(tmp_path, False)
    import_file(path, "pets", by=operator)
    with what_is_left() as left:
        again = import_file(path, "pets", by=operator)
    assert (left.entries, left.versions) == ([], [])
    assert (again.changes, again.taken.acts, again.items, again.annotations) == ({}, 0, 2, 3)


def test_the_newer_version_of_a_file_makes_the_differences(
    name: str, small: Small, operator: User, tmp_path: Path
) -> None:
    import_file(small.write(tmp_path / "first", False), "pets", by=operator)
    then = marks()
    with what_is_left() as left:
        imported = import_file(small.write(tmp_path / "later", True), "pets", by=operator)
    now = marks()
    relabelled, new = ("VERB", "X") if name == "conllu" else ("dog", "bird")
    assert next(iter(now.values())) == [relabelled, new]
    assert {key: now[key] for key in list(then)[1:]} == {key: then[key] for key in list(then)[1:]}
    # One is of another class, one is new, one came with its item, one is gone; the second item is not touched.
    assert imported.changes["annotation.saved"] == 3
    assert imported.changes["annotation.withdrawn"] == 1
    assert imported.changes["items.imported"] == 1
    assert len(left.versions_of(Annotation)) == 4
    assert Annotation.objects.filter(withdrawn=True).count() == 1


def test_a_bad_record_is_named_and_nothing_is_kept(small: Small, operator: User, tmp_path: Path) -> None:
    path = small.spoiled(tmp_path)
    with what_is_left() as left, pytest.raises(BadFile) as refused:
        import_file(path, "pets", by=operator)
    assert (left.entries, left.versions, Project.objects.count()) == ([], [], 0)
    assert refused.value.place
    assert refused.value.field


def test_the_good_records_come_in_when_going_on(small: Small, operator: User, tmp_path: Path) -> None:
    imported = import_file(small.spoiled(tmp_path), "pets", by=operator, keep_going=True)
    assert (imported.items, imported.annotations, len(imported.left_out)) == (1, 2, 1)
    assert [len(labels) for labels in marks().values()] == [2]


def test_what_a_whole_file_does_not_hold_is_excluded(small: Small, operator: User, tmp_path: Path) -> None:
    import_file(small.write(tmp_path / "later", True), "pets", by=operator)
    first = small.write(tmp_path / "first", False)
    assert import_file(first, "pets", by=operator).not_in_file == 1
    assert len(marks()) == 3
    imported = import_file(first, "pets", by=operator, whole=True)
    assert (imported.changes["items.excluded"], len(marks())) == (1, 2)
    assert import_file(small.write(tmp_path / "later", True), "pets", by=operator).changes["items.reinstated"] == 1


def test_of_a_file_that_left_something_out_nothing_is_excluded(small: Small, operator: User, tmp_path: Path) -> None:
    import_file(small.write(tmp_path / "first", False), "pets", by=operator)
    imported: Imported = import_file(small.spoiled(tmp_path / "bad"), "pets", by=operator, keep_going=True, whole=True)
    assert len(marks()) == 2
    assert "nothing was excluded" in " ".join(imported.notes)


def test_each_class_is_one_of_the_schema(name: str, small: Small, operator: User, tmp_path: Path) -> None:
    import_file(small.write(tmp_path, False), "pets", by=operator)
    classes = {row.key: row for row in LabelClass.objects.all()}
    assert set(classes) == ({"NOUN", "VERB"} if name == "conllu" else {"cat", "dog"})
    if name == "cvat":
        assert classes["cat"].colour == "#ff0000"
    if name == "coco":
        assert classes["cat"].attributes == {"coco": {"supercategory": "animal"}}
