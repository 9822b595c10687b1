"""JSON lines: one item with its annotations a line, whole. What there is to know of the classes is in the manifest."""

from __future__ import annotations

from pathlib import Path

from ..content import State
from .written import Progress, Written, line


def write(state: State, folder: Path, progress: Progress) -> Written:
    written = Written(folder)
    with (folder / "items.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for item, marks in state.items_with_marks():
            annotations = [{"key": mark.key, "class": mark.label, "value": mark.value} for mark in marks]
            told = {"item": item.item, **item.content, "annotations": annotations}
            file.write(line(told))
            written.items += 1
            written.annotations += len(marks)
            progress(written.annotations)
    return written
