"""What a first snapshot costs, and a second one after a little change.

    DATABASE_URL=… python benchmarks/snapshots.py [--annotations 100000] [--changed 0.01] [--whole-again] [--json]

Builds a project with two annotations an item, takes a snapshot, changes, withdraws and adds one annotation in a
hundred, and takes another. Exits 1 if what the second carried on from the first differs from all records read
anew, which is done only with `--whole-again` beyond 200,000 annotations.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.db import connection

import benchmarks.measure as measure  # before any model: it sets Django up
import snapshots.services.snapshots as taking
from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Item, LabelClass, Project
from labelop.services.projects import create_project
from roles.models import User
from roles.services import service_account
from snapshots.content import State
from snapshots.counts import whole_tally
from snapshots.models import Snapshot

_MARKS_OF_ITEM = 2
_ROWS_AT_ONCE = 2000
_WHOLE_UP_TO = 200_000


def build(annotations: int, by: User) -> Project:
    """A project with so many annotations, as one bulk act each for items and annotations."""
    project = create_project("bench", "Bench", by=by)
    items = annotations // _MARKS_OF_ITEM
    with operation(by=by):
        classes = LabelClass.objects.bulk_create(
            LabelClass(project=project, key=f"class {number}", name=f"Class {number}") for number in range(10)
        )
        for start in range(0, items, _ROWS_AT_ONCE):
            made = Item.objects.bulk_create(
                Item(project=project, key=f"item {number}", data={"text": f"The text of item {number}."}, split="train")
                for number in range(start, min(start + _ROWS_AT_ONCE, items))
            )
            Annotation.objects.bulk_create(
                Annotation(
                    project=project,
                    item=item,
                    key=str(mark),
                    label_class=classes[(item.pk + mark) % len(classes)],
                    value={"start": mark, "end": item.pk % 50 + 10},
                    author=by,
                )
                for item in made
                for mark in range(_MARKS_OF_ITEM)
            )
        record(Event.ANNOTATIONS_BULK_CHANGED, project, Actor(by), reason="Built", records=annotations)
    return project


def change(project: Project, share: float, by: User) -> int:
    """Give every so-manieth annotation another value, withdraw some of these and add some; return how many."""
    every = round(1 / share)
    with operation(by=by):
        chosen = list(Annotation.objects.filter(project=project).order_by("id")[::every])
        for place, annotation in enumerate(chosen):
            annotation.value = {**annotation.value, "place": place}
            annotation.withdrawn = place % 10 == 0
        Annotation.objects.bulk_update(chosen, ["value", "withdrawn"], batch_size=500)
        added = [
            Annotation(project=project, item_id=like.item_id, key="more", label_class_id=like.label_class_id)
            for like in chosen[::10]
        ]
        Annotation.objects.bulk_create(added, batch_size=_ROWS_AT_ONCE)
        reason = "Changed for the second snapshot"
        changed = len(chosen) + len(added)
        record(Event.ANNOTATIONS_BULK_CHANGED, project, Actor(by), reason=reason, records=changed)
    return changed


def snapshot_of(project: Project, name: str, by: User) -> tuple[Snapshot, measure.Spent, float]:
    with measure.Spent() as spent:
        taken = taking.take_snapshot(project, name, by=by)
    return taken.snapshot, spent, taken.seconds_gate_held


def row_bytes(snapshot: Snapshot) -> int:
    """The size of a snapshot's columns, as stored."""
    fields = Snapshot._meta.concrete_fields
    length = "octet_length" if connection.vendor == "postgresql" else "length"
    sizes = " + ".join(f'coalesce({length}(CAST("{field.column}" AS {_kind(field)})), 0)' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {sizes} FROM "{Snapshot._meta.db_table}" WHERE id = %s', [snapshot.pk])  # noqa: S608
        found: int = cursor.fetchone()[0]
    return found


def _kind(field: Any) -> str:
    if field.get_internal_type() == "BinaryField":
        return "bytea" if connection.vendor == "postgresql" else "blob"
    return "text"


def main() -> int:
    parser = argparse.ArgumentParser(description="Take a first snapshot, change a little, take a second.")
    parser.add_argument("--annotations", type=int, default=100_000)
    parser.add_argument("--changed", type=float, default=0.01, metavar="SHARE")
    parser.add_argument("--whole-again", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with measure.scratch_database():
        by = service_account("bench")
        with measure.Spent() as building:
            project = build(options.annotations, by)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # as autovacuum would have, given a minute
        _, first_spent, first_held = snapshot_of(project, "first", by)
        changed = change(project, options.changed, by)
        second, second_spent, second_held = snapshot_of(project, "second", by)
        figures: dict[str, Any] = {
            "annotations": options.annotations,
            "changed": changed,
            "building, wall s": building.wall,
            "first: gate held ms": first_held * 1000,
            "first: wall s": first_spent.wall,
            "first: CPU s": {"python": first_spent.client, "database": first_spent.server},
            "second: gate held ms": second_held * 1000,
            "second: wall s": second_spent.wall,
            "second: CPU s": {"python": second_spent.client, "database": second_spent.server},
            "second / first, CPU": second_spent.cpu / first_spent.cpu,
            "bytes of the second's row": row_bytes(second),
        }
        differs = False
        if options.whole_again or options.annotations <= _WHOLE_UP_TO:
            whole = whole_tally(State(project.pk, second.cut)).sealed()
            differs = any(whole[column] != getattr(second, column) for column in ("sections", "counts", "content_hash"))
            figures["carried on == read whole"] = "no" if differs else "yes"
        measure.report("Two snapshots", figures, as_json=options.json)
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
