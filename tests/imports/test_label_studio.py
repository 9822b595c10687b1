"""Label Studio's people, times, reviews and given-up work, and what of a task is kept beside its regions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.models import Entry
from labelop.connectors.errors import BadField
from labelop.connectors.label_studio import incoming_of, marks_of
from labelop.models import Annotation, Item, Review
from labelop.services.imports import Imported, import_file
from roles.models import Kind, User
from roles.services import operator_account
from tests.cast import what_is_left

from .small import annotation, region, task

CAT = region("cat", (10, 20, 30, 40))
DOG = region("dog", (50, 60, 20, 10))


def imported(folder: Path, *tasks: dict[str, Any]) -> Imported:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return import_file(path, "pets", by=operator_account())


@pytest.mark.django_db
def test_each_saving_is_an_act_of_its_time_told_of_whoever_saved_it(tmp_path: Path) -> None:
    by_ana = annotation(1, [CAT], updated_by=9, updated_at="2026-03-02T08:30:00Z")
    by_ben = annotation(2, [DOG], completed_by=8)
    with what_is_left() as left:
        imported(tmp_path, task(5, "a.jpg", [by_ana, by_ben]))
    saved = [entry for entry in left.entries if entry.event == "annotation.saved"]
    assert [(str(entry.attributed_to), f"{entry.at:%m-%d %H:%M}", str(entry.actor)) for entry in saved] == [
        ("pets/user-8", "03-01 10:00", "operator"),
        ("pets/user-9", "03-02 08:30", "operator"),
    ]
    assert len({entry.operation for entry in saved}) == 2
    # Whoever marked it first is its author, also where somebody else saved it since.
    marks = {mark.key: str(mark.author) for mark in Annotation.objects.all()}
    assert marks == {"1/r10-20": "pets/user-7", "2/r50-60": "pets/user-8"}
    assert set(User.objects.filter(username__startswith="pets/").values_list("kind", flat=True)) == {Kind.ATTRIBUTED}


@pytest.mark.django_db
def test_what_somebody_cancelled_is_kept_and_is_no_part_of_the_dataset(tmp_path: Path) -> None:
    found = imported(tmp_path, task(5, "a.jpg", [annotation(1, [CAT], was_cancelled=True), annotation(2, [DOG])]))
    assert (found.annotations, found.cancelled) == (1, 1)
    assert dict(Annotation.objects.values_list("key", "withdrawn")) == {"1/r10-20": True, "2/r50-60": False}
    # Taken up again it comes back as the same mark.
    assert imported(tmp_path, task(5, "a.jpg", [annotation(1, [CAT]), annotation(2, [DOG])])).changes == {
        "annotation.saved": 1,
        "items.changed": 1,
    }
    assert Annotation.objects.in_the_dataset().count() == 2


@pytest.mark.django_db
def test_a_review_made_there_is_told_once_and_decides_nothing_here(tmp_path: Path) -> None:
    review = {"id": 28, "created_by": {"id": 2, "email": "r@example.test"}, "created_at": "2026-03-03T09:00:00Z"}
    one = task(5, "a.jpg", [annotation(1, [CAT], reviews=[review | {"accepted": True}])])
    assert imported(tmp_path, one).changes["review.imported"] == 1
    told = Entry.objects.get(event="review.imported")
    assert (str(told.attributed_to), told.after) == ("pets/user-2", {"what": "accepted", "annotation": "1"})
    assert (f"{told.at:%m-%d}", told.subject_name, Review.objects.count()) == ("03-03", "5", 0)
    assert "review.imported" not in imported(tmp_path, one).changes


@pytest.mark.django_db
def test_the_steps_of_its_work_are_told_once_and_move_nothing(tmp_path: Path) -> None:
    steps = [
        {"id": 71, "action": "submitted", "created_by": 7, "created_at": "2026-03-01T10:00:00Z", "review_id": None},
        {"id": 70, "action": "prediction", "created_by": None, "created_at": "2026-03-01T09:00:00Z"},
        {"id": 72, "action": "rejected", "created_by": 2, "created_at": "2026-03-02T10:00:00Z", "review_id": 28},
    ]
    one = task(5, "a.jpg", [annotation(1, [CAT], history=steps)])
    assert imported(tmp_path, one).changes["work.imported"] == 2
    told = Entry.objects.filter(event="work.imported").order_by("id")
    assert [(entry.after["what"], str(entry.attributed_to)) for entry in told if entry.after] == [
        ("prediction", "None"),
        ("submitted", "pets/user-7"),
    ]
    assert imported(tmp_path, one).changes == {}


@pytest.mark.django_db
def test_nothing_that_logs_anybody_in_is_stored(tmp_path: Path) -> None:
    hidden = {"token": "s3cret-token", "nested": [{"api_key": "s3cret-key", "id": 4}]}
    imported(tmp_path, task(5, "a.jpg", [annotation(1, [CAT])], project=hidden, comment_authors=[{"email": "s3@x.y"}]))
    item = Item.objects.get()
    kept = json.dumps(item.metadata) + json.dumps(list(Entry.objects.values()), default=str)
    assert "s3" not in kept
    assert "example.test" not in kept
    assert item.metadata["label_studio"]["project"] == {"nested": [{"id": 4}]}
    assert item.metadata["label_studio"]["annotations"][0]["completed_by"] == {"id": 7}
    assert item.metadata["label_studio"]["annotations"][0]["lead_time"] == 4.5


def test_a_task_without_an_id_is_known_by_its_data() -> None:
    first, again = ({"data": {"text": "Smad", "n": 1}, "annotations": []} for _ in range(2))
    assert incoming_of(first).item == incoming_of(again).item
    assert incoming_of(first).item != incoming_of({"data": {"text": "Smad", "n": 2}}).item


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("rectanglelabels", {"x": 10, "y": 50, "width": 20, "height": 10}, {"bbox": [20, 50, 40, 10]}),
        (
            "rectanglelabels",
            {"x": 50, "y": 50, "width": 10, "height": 20, "rotation": 90},
            {
                "bbox": [100, 50, 20, 20],
                "rotation": 90,
                "polygon": [[100, 50], [100, 70], [80, 70], [80, 50]],
            },
        ),
        (
            "polygonlabels",
            {"points": [[0, 0], [50, 0], [50, 100]], "closed": True},
            {"polygon": [[0, 0], [100, 0], [100, 100]], "bbox": [0, 0, 100, 100]},
        ),
        (
            "ellipselabels",
            {"x": 50, "y": 50, "radiusX": 10, "radiusY": 20},
            {"ellipse": [100, 50, 20, 20], "bbox": [80, 30, 40, 40]},
        ),
        ("keypointlabels", {"x": 50, "y": 50, "width": 1}, {"point": [100, 50], "bbox": [99, 49, 2, 2]}),
        ("brushlabels", {"format": "rle", "rle": [0, 1, 255]}, {"rle": [0, 1, 255], "format": "rle"}),
        ("labels", {"start": 3, "end": 7, "text": "Smad"}, {"start": 3, "end": 7}),
        ("labels", {"start": 0.5, "end": 1.25, "channel": 0}, {"start": 0.5, "end": 1.25}),
        (
            "hypertextlabels",
            {"start": "/p[1]", "end": "/p[1]", "globalOffsets": {"start": 4, "end": 9}},
            {"start": 4, "end": 9},
        ),
        ("choices", {"choices": ["cat"]}, {}),
        (
            "videorectangle",
            {"sequence": [{"frame": 3, "x": 0, "y": 0, "width": 50, "height": 50, "enabled": True}]},
            {"track": [{"frame": 3, "enabled": True, "bbox": [0, 0, 100, 50]}], "bbox": [0, 0, 100, 50]},
        ),
    ],
)
def test_a_region_is_a_mark_whose_place_is_in_pixels(kind: str, value: dict[str, Any], said: dict[str, Any]) -> None:
    labelled = value if kind == "choices" else value | {"labels" if kind == "videorectangle" else kind: ["cat"]}
    told = {"id": "r", "type": kind, "from_name": "l", "original_width": 200, "original_height": 100}
    (mark,) = marks_of([told | {"value": labelled}], "result", prefix="1")
    assert (mark.key, mark.label) == ("1/r", "cat")
    assert {key: part for key, part in mark.value.items() if key != "label_studio"} == said
    assert mark.value["label_studio"]["from_name"] == "l"


def test_what_a_region_says_beside_its_place_is_kept() -> None:
    value = {"points": [[0, 0], [1, 0], [1, 1]], "closed": True, "polygonlabels": ["cat"]}
    told = {"id": "r", "type": "polygonlabels", "from_name": "l", "to_name": "i", "value": value, "score": 0.5}
    (mark,) = marks_of([told], "result", prefix="1")
    kept = {"id": "r", "type": "polygonlabels", "from_name": "l", "to_name": "i", "score": 0.5}
    assert mark.value["label_studio"] == kept | {"value": {"closed": True}}
    # Without the image's size its places are what they are there.
    assert mark.value["unit"] == "percent"


def test_two_labels_of_a_region_are_two_marks_and_no_label_is_its_control() -> None:
    two = CAT | {"value": CAT["value"] | {"rectanglelabels": ["cat", "red"]}}
    none = {"id": "t", "type": "textarea", "from_name": "caption", "value": {"text": ["a cat"]}}
    taxonomy = {"id": "x", "type": "taxonomy", "from_name": "kind", "value": {"taxonomy": [["pet", "cat"]]}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    marks = marks_of([two, none, taxonomy, relation], "result", prefix="1")
    assert [(mark.key, mark.label) for mark in marks] == [
        ("1/r10-20", "cat"),
        ("1/r10-20#2", "red"),
        ("1/t", "caption"),
        ("1/x", "pet/cat"),
        ("1/a>b", "relation"),
    ]
    assert marks[2].value["label_studio"]["value"] == {"text": ["a cat"]}
    assert (marks[4].value["from"], marks[4].value["label_studio"]["direction"]) == ("a", "right")


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ({"data": None}, "data"),
        ({"annotations": {}}, "annotations"),
        ({"annotations": [annotation(1, [CAT | {"type": "hologram"}])]}, "annotations[0].result[0].type"),
        ({"annotations": [annotation(1, [CAT | {"value": {"x": "left"}}])]}, "annotations[0].result[0].value.x"),
        ({"annotations": [annotation(1, [CAT], updated_at="noon")]}, "annotations[0].updated_at"),
        ({"annotations": [annotation(1, [CAT], completed_by=[1])]}, "annotations[0].completed_by"),
        ({"annotations": [annotation(1, [CAT], reviews=[{"id": 1}])]}, "annotations[0].reviews[0].accepted"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_path(spoil: dict[str, Any], field: str) -> None:
    with pytest.raises(BadField) as refused:
        incoming_of(task(5, "a.jpg", []) | spoil)
    assert refused.value.field == field
