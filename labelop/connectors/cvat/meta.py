"""What a CVAT file says of its project, tasks and labels before it comes to the frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import BadField, BadFile
from ..fields import spelled_whole
from ..records import ClassRecord
from ..xmltext import tree_of

_STEP = re.compile(r"step=(\d+)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# Who owned a task or was given it marked nothing by that: people are told where they marked.
_PEOPLE = ("owner", "assignee")


@dataclass(frozen=True)
class Meta:
    """The tasks by their ids, the classes, and all of it as it is kept: without people and addresses."""

    tasks: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: list[ClassRecord] = field(default_factory=list)
    sizes: dict[str, list[int]] = field(default_factory=dict)
    source: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def task(self, task_id: str) -> dict[str, str]:
        """The task of that id; the only one, where the file holds a single task and does not repeat its id."""
        return self.tasks.get(task_id) or (next(iter(self.tasks.values())) if len(self.tasks) == 1 else {})

    def subset(self, task_id: str) -> str:
        return self.task(task_id).get("subset", "")

    def size(self, task_id: str) -> list[int] | None:
        return self.sizes.get(self.task(task_id).get("id", ""))

    def deleted(self, there: set[int]) -> Iterator[str]:
        """Which frames of the tasks are not in the file, where it is a file of images: they were deleted."""
        if not there:
            return
        first = 0
        for task in self.tasks.values():
            size = _whole(task.get("size"))
            # A project's frames are numbered through, task after task; a task's own begin where it does.
            start = first if len(self.tasks) > 1 else _whole(task.get("start_frame"))
            step = (
                _whole(found[1])
                if len(self.tasks) == 1 and (found := _STEP.search(task.get("frame_filter", "")))
                else 1
            )
            missing = sorted({start + place * step for place in range(size)} - there) if size <= 10**6 else []
            first += size
            if missing and len(missing) < size:
                told = ", ".join(map(str, missing[:20])) + (" …" if len(missing) > 20 else "")
                yield f"deleted frames of task {task.get('name') or task.get('id')}: {told}"


def meta_of(element: Element, name: str) -> Meta:
    for parent in element.iter():
        for tag in _PEOPLE:
            for person in parent.findall(tag):
                parent.remove(person)
    holders = [one for tag in ("task", "job") for one in element.iter(tag)]
    tasks: dict[str, dict[str, str]] = {}
    sizes: dict[str, list[int]] = {}
    for index, holder in enumerate(holders):
        task = {child.tag: (child.text or "").strip() for child in holder if not len(child)}
        key = task.get("id") or str(index)
        tasks[key] = {**task, "id": key}
        if (size := _size(holder)) is not None:
            sizes[key] = size
    classes = [_class_of(label, name) for label in element.iter("label")]
    return Meta(tasks, classes, sizes, (element.findtext("source") or "").strip(), _told(element))


def _told(meta: Element) -> dict[str, Any]:
    """All that is said of a project and its tasks but their labels, which are classes, and people."""
    for parent in meta.iter():
        for labels in parent.findall("labels"):
            parent.remove(labels)
    told = tree_of(meta)
    parts = told if isinstance(told, dict) else {}
    if isinstance(project := parts.get("project"), dict) and "tasks" in project:
        parts = {**parts, "tasks": project.pop("tasks")}
    return parts


def _size(holder: Element) -> list[int] | None:
    sides = [holder.findtext(f"original_size/{side}", "").strip() for side in ("width", "height")]
    size = [_whole(side) for side in sides]
    return size if all(size) else None


def _whole(text: str | None) -> int:
    """A number that only helps to tell what is missing: 0 where it is none."""
    try:
        return spelled_whole(text, None)
    except BadField:
        return 0


def _class_of(label: Element, name: str) -> ClassRecord:
    key = (label.findtext("name") or "").strip()
    if not key:
        raise BadFile(name, "meta.label.name", "missing")
    colour = (label.findtext("color") or "").strip()
    rest = {child.tag: value for child in label if child.tag not in ("name", "color") and (value := tree_of(child))}
    return ClassRecord(key, colour if _COLOUR.fullmatch(colour) else "", {"cvat": rest} if rest else {})
