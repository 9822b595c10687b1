"""What LabelOp exports it takes in again as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit.canonical import canonical_json
from labelop.models import Annotation, Item
from labelop.services.imports import import_file
from roles.models import User
from roles.services import operator_account
from snapshots.formats import Format
from snapshots.models import Purpose, Snapshot
from snapshots.services.exports import export_dataset
from snapshots.services.snapshots import seal_snapshot, take_snapshot

from .small import SMALL

pytestmark = pytest.mark.django_db

Content = tuple[dict[str, Any], list[tuple[str, ...]]]


@pytest.fixture
def operator() -> User:
    return operator_account()


def content_of(slug: str, *, with_keys: bool) -> Content:
    """The items and marks of a project as a snapshot holds them; boxes of COCO and YOLO have no keys."""
    items = Item.objects.filter(project__slug=slug, excluded=False)
    marks = Annotation.objects.in_the_dataset().filter(project__slug=slug)
    rows = marks.values_list("item__key", "key", "label_class__key", "value")
    return (
        {item.key: (item.data, item.metadata, item.split) for item in items},
        sorted((item, key if with_keys else "", label, canonical_json(value)) for item, key, label, value in rows),
    )


def exported(slug: str, form: Format, folder: Path, operator: User) -> Path:
    project = Item.objects.filter(project__slug=slug).select_related("project")[0].project
    take_snapshot(project, "whole", by=operator, purpose=Purpose.ROUTINE)
    export_dataset(seal_snapshot(Snapshot.objects.get(project=project)), form, folder, by=operator)
    return folder


@pytest.mark.parametrize(
    ("came_as", "form"),
    [
        ("coco", Format.COCO),
        ("yolo", Format.YOLO),
        *((name, Format.JSONL) for name in ("label_studio", "cvat", "conllu", "doccano")),
    ],
)
def test_an_export_is_taken_in_again_without_loss(came_as: str, form: Format, operator: User, tmp_path: Path) -> None:
    import_file(SMALL[came_as].write(tmp_path, True), "first", by=operator)
    folder = exported("first", form, tmp_path / "export", operator)
    again = import_file(folder, "second", by=operator)
    assert (again.format, again.items, again.left_out) == (form.value, 3, [])
    keyed = form == Format.JSONL
    assert content_of("second", with_keys=keyed) == content_of("first", with_keys=keyed)
    # And into the project it came from it brings nothing new.
    assert import_file(folder, "first", by=operator).changes == {}
