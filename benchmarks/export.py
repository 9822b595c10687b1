"""What exporting a snapshot costs in each format: annotations per second, and how far memory grows meanwhile.

    DATABASE_URL=… python benchmarks/export.py [--annotations 100000] [--json]

Builds a project of images with twenty boxes each, as an import of COCO keeps them, and exports its one snapshot in each
format and as what can be verified; then takes each export in again, into a project of its own, and exports that: the
bytes must be the same. Memory is what Linux calls the peak of the resident set, reset before each export;
`grew` is that peak less what was resident when the export began. Run it where /proc is.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.db import connection

import benchmarks.measure as measure  # before any model: it sets Django up
from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Item, LabelClass, Project
from labelop.services.imports import import_file
from labelop.services.projects import create_project
from roles.models import User
from roles.services import operator_account, service_account
from snapshots.formats import Format
from snapshots.services.exports import export_dataset, export_snapshot
from snapshots.services.snapshots import take_snapshot

_BOXES = 20
_ITEMS_AT_ONCE = 200


def build(annotations: int, by: User) -> Project:
    project = create_project("bench", "Bench", by=by)
    with operation(by=by):
        classes = LabelClass.objects.bulk_create(
            LabelClass(project=project, key=f"class {number}", name=f"Class {number}") for number in range(10)
        )
        for start in range(0, annotations // _BOXES, _ITEMS_AT_ONCE):
            made = Item.objects.bulk_create(
                Item(
                    project=project,
                    key=f"{number:06}.jpg",
                    data={"image": f"{number:06}.jpg", "size": [1920, 1080]},
                    split="val" if number % 10 == 0 else "train",
                )
                for number in range(start, min(start + _ITEMS_AT_ONCE, annotations // _BOXES))
            )
            Annotation.objects.bulk_create(
                Annotation(
                    project=project,
                    item=item,
                    key=str(mark),
                    label_class=classes[mark % len(classes)],
                    value={"bbox": [mark * 7.25, item.pk % 900, 60, 40 + mark], "area": 60 * (40 + mark), "iscrowd": 0},
                    author=by,
                )
                for item in made
                for mark in range(_BOXES)
            )
        record(Event.ANNOTATIONS_BULK_CHANGED, project, Actor(by), reason="Built", records=annotations)
    return project


def round_trip(exported: Path, form: Format, annotations: int, why: dict[str, Any]) -> dict[str, Any]:
    """What taking an export in again costs; exits when a second export differs from the first."""
    slug = f"again-{form.value}"
    figures = measure.of_rows("annotations", annotations, lambda: import_file(exported, slug, by=why["by"]))
    again = take_snapshot(Project.objects.get(slug=slug), "all", **why).snapshot
    export_dataset(again, form, exported.with_name(slug), **why)
    if (first := _digests(exported)) != (second := _digests(exported.with_name(slug))):
        sys.exit(f"{form.value}: taken in and exported again, {len(first.items() ^ second.items())} files differ")
    return figures


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file by its name; the manifest, which names the project, is left out."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def main() -> None:
    parser = argparse.ArgumentParser(description="Export one snapshot in every format.")
    parser.add_argument("--annotations", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with measure.scratch_database(), tempfile.TemporaryDirectory() as folder:
        operator = operator_account()
        project = build(options.annotations, service_account("bench"))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # as autovacuum would have, given a minute
        snapshot = take_snapshot(project, "all", by=operator, reason="To measure").snapshot
        why: dict[str, Any] = {"by": operator, "reason": "To measure"}
        figures: dict[str, Any] = {"annotations": options.annotations}
        for form in Format:
            export = partial(export_dataset, snapshot, form, Path(folder) / form.value, **why)
            figures[form.value] = measure.of_rows("annotations", options.annotations, export)
            figures[f"{form.value} taken in again"] = round_trip(
                Path(folder) / form.value, form, options.annotations, why
            )
        verifiable = partial(export_snapshot, snapshot, Path(folder) / "verifiable", **why)
        figures["verifiable"] = measure.of_rows("annotations", options.annotations, verifiable)
        measure.report("Exports", figures, as_json=options.json)


if __name__ == "__main__":
    main()
