"""A task of Label Studio as an item with its marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.canonical import NotCanonical, canonical_json, sha256_hex

from ..errors import BadField
from ..fields import mapping, moment, name, sequence, text, without_private
from ..records import REVIEW, WORK, Incoming, ItemRecord, Mark, Saved, Step
from .people import person_in
from .regions import marks_of, size_told_by

# Told relative to the moment of the export, so it says nothing of the task.
_PASSING = frozenset({"created_ago"})


def incoming_of(task: object, split: str = "", place: str = "") -> Incoming:
    """One task, an object of its JSON, as an item; whatever is not understood raises `BadField`.

    The item's key is the task's id, or a hash of its data where it has none. All that is neither data nor a
    region stays in the metadata under `label_studio`, but for e-mail addresses, names and tokens.
    """
    task = mapping(task, None)
    data = mapping(task.get("data"), "data")
    field = "completions" if "annotations" not in task and "completions" in task else "annotations"
    annotations = [
        (f"{field}[{index}]", mapping(annotation, f"{field}[{index}]"))
        for index, annotation in enumerate(sequence(task.get(field, []), field))
    ]
    marks = [mark for where, annotation in annotations for mark in marks_of_annotation(annotation, where)]
    # What its uploader noted beside a task is data like the data itself.
    kept = {key: value if key == "meta" else _kept(value) for key, value in task.items() if key not in ("data", field)}
    kept["annotations"] = [
        _kept({key: value for key, value in annotation.items() if key != "result"}) for _, annotation in annotations
    ]
    size = size_told_by(annotation.get("result") for _, annotation in annotations)
    shown = {**data, "size": size} if size and not {"size", "width"} & data.keys() else data
    steps = tuple(
        step for where, annotation in annotations for read in (_reviews, _history) for step in read(annotation, where)
    )
    return Incoming(_key(task, data), ItemRecord(split, shown, {"label_studio": kept}, marks), steps, place)


def marks_of_annotation(annotation: dict[str, Any], where: str = "annotation") -> list[Mark]:
    """The marks of one annotator's annotation; those of a cancelled one are cancelled."""
    number = annotation.get("id", annotation.get("unique_id"))
    key = name(number, f"{where}.id") if number is not None else where
    return marks_of(
        annotation.get("result") or [],
        f"{where}.result",
        prefix=key,
        saved=saved_in(annotation, where),
        cancelled=annotation.get("was_cancelled") is True,
    )


def _key(task: dict[str, Any], data: dict[str, Any]) -> str:
    if task.get("id") is not None:
        return name(task["id"], "id")
    try:
        return sha256_hex(canonical_json(data))[:16]
    except NotCanonical as error:
        raise BadField(error.path.replace("value", "data", 1), error.reason) from error


def saved_in(annotation: dict[str, Any], where: str = "annotation") -> Saved:
    """Who saved an annotation last, and when."""
    author = person_in(annotation.get("completed_by"), f"{where}.completed_by")
    by = person_in(annotation.get("updated_by"), f"{where}.updated_by") or author
    field = "updated_at" if annotation.get("updated_at") else "created_at"
    at = moment(annotation[field], f"{where}.{field}") if annotation.get(field) else None
    return Saved(by, at, "" if author == by else author)


def _reviews(annotation: dict[str, Any], where: str) -> Iterator[Step]:
    for index, review in enumerate(sequence(annotation.get("reviews") or [], f"{where}.reviews")):
        place = f"{where}.reviews[{index}]"
        review = mapping(review, place)
        accepted = review.get("accepted")
        if not isinstance(accepted, bool):
            raise BadField(f"{place}.accepted", "neither true nor false")
        fixed = accepted and review.get("fixed_annotation_history") is not None
        what = "accepted with fixes" if fixed else "accepted" if accepted else "rejected"
        yield _step(REVIEW, what, review, annotation, place)


def _history(annotation: dict[str, Any], where: str) -> Iterator[Step]:
    """What was done with an annotation since it was begun; reviews are told as such already."""
    for index, one in enumerate(sequence(annotation.get("history") or [], f"{where}.history")):
        place = f"{where}.history[{index}]"
        past = mapping(one, place)
        if past.get("review_id") is None:
            yield _step(WORK, text(past.get("action"), f"{place}.action"), past, annotation, place)


def _step(kind: str, what: str, told: dict[str, Any], annotation: dict[str, Any], place: str) -> Step:
    return Step(
        kind=kind,
        id=name(told.get("id"), f"{place}.id"),
        what=what,
        by=person_in(told.get("created_by"), f"{place}.created_by"),
        at=moment(told["created_at"], f"{place}.created_at") if told.get("created_at") else None,
        about=name(annotation.get("id"), f"{place.rpartition('.')[0]}.id"),
    )


def _kept(value: Any) -> Any:
    return _without_passing(without_private(value))


def _without_passing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_passing(part) for key, part in value.items() if key not in _PASSING}
    return [_without_passing(part) for part in value] if isinstance(value, list) else value
