"""What keeping every version costs: ours against no history at all, and against simple-history's own recorder.

    DATABASE_URL=postgres://… python benchmarks/capture.py [--rows 10000] [--rounds 3] [--json]

Three models with the same columns are written in turn, round by round, so that what else the machine does meets
all three alike. Figures are medians of the CPU, of this process and of the database's backend, for one row in
microseconds, and how many times the bare model's that is. The recorder of simple-history sees no `update`: its
figure there is what recording nothing costs. Uses the tracked app of the tests, in a database of its own.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from django.db import connection, transaction
from django.db.models import F
from simple_history.utils import bulk_create_with_history

import benchmarks.measure as measure  # before any model: it sets Django up
from audit.acting import operation
from labelop.models import Project
from tests.trackedapp.models import BarePart, Part, StockPart, TrackedPart

BARE, OURS, STOCK = "bare", "ours", "stock"
MODELS: dict[str, type[Part]] = {BARE: BarePart, OURS: TrackedPart, STOCK: StockPart}
SAVES = 300
BATCH = 2000
# The backend's clock ticks in hundredths of a second: what takes a few of them cannot be compared.
SHORTEST = 0.03 if connection.vendor == "postgresql" else 0.0

_number = count(1)


@dataclass(frozen=True)
class Work:
    """A way of writing rows: `prepare` what it needs, then measure the `write`, of so many rows."""

    name: str
    rows: int
    prepare: Callable[[type[Part]], Any]
    write: Callable[[type[Part], Any], None]


@dataclass(frozen=True)
class Cost:
    """CPU for one row, in microseconds, and against the bare model where that took long enough to tell."""

    microseconds: float
    times: float | None

    def __str__(self) -> str:
        return f"{self.microseconds:8.1f} µs " + (f"×{self.times:5.2f}" if self.times else "×    ?")


def works(project: Project, rows: int) -> list[Work]:
    def new(model: type[Part]) -> Part:
        return model(project=project, key=f"part-{next(_number)}", facts={"box": [1, 2, 3, 4]})

    def one(model: type[Part]) -> Part:
        with operation():
            part = new(model)
            part.save()
        return part

    def some(model: type[Part]) -> list[Part]:
        return [new(model) for _ in range(rows)]

    def stored(model: type[Part]) -> None:
        with operation():
            model._base_manager.bulk_create(some(model), batch_size=BATCH)

    return [
        Work("save, many in one transaction", SAVES, one, _save_in_one_transaction),
        Work("save, each in a transaction", SAVES, one, _save_in_many_transactions),
        Work("create, many in one transaction", SAVES, lambda model: new, _create),
        Work("bulk_create", rows, some, _bulk_create),
        Work("update", rows, stored, _update),
        Work("one save after the bulk", SAVES, one, _save_in_one_transaction),
        Work("delete", rows, stored, _delete),
    ]


def _save_in_one_transaction(model: type[Part], part: Part) -> None:
    with operation():
        for part.count in range(1, SAVES + 1):
            part.save()


def _save_in_many_transactions(model: type[Part], part: Part) -> None:
    for part.count in range(1, SAVES + 1):
        with _transaction_of(model):
            part.save()


def _transaction_of(model: type[Part]) -> AbstractContextManager[Any]:
    """Ours is an operation, which tells the database who acts; the others need none."""
    return operation() if model is TrackedPart else transaction.atomic()


def _create(model: type[Part], new: Callable[[type[Part]], Part]) -> None:
    with operation():
        for _ in range(SAVES):
            new(model).save()


def _bulk_create(model: type[Part], parts: list[Part]) -> None:
    with operation():
        if model is StockPart:
            bulk_create_with_history(parts, model, batch_size=BATCH)
        else:
            model._base_manager.bulk_create(parts, batch_size=BATCH)


def _update(model: type[Part], nothing: None) -> None:
    with operation():
        model._base_manager.update(count=F("count") + 1)


def _delete(model: type[Part], nothing: None) -> None:
    with operation():
        model._base_manager.all()._raw_delete("default")


def measured(work: Work, rounds: int) -> dict[str, Cost]:
    """The median cost of a way of writing, for each model; the first round warms up and is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in MODELS}
    for _ in range(rounds + 1):
        for name, model in MODELS.items():
            _empty(model)
            prepared = work.prepare(model)
            gc.collect()
            with measure.Spent() as spent:
                work.write(model, prepared)
            seconds[name].append(spent.cpu)
    medians = {name: statistics.median(each[1:]) for name, each in seconds.items()}
    bare = medians[BARE] if medians[BARE] > SHORTEST else None
    return {
        name: Cost(round(median / work.rows * 1e6, 2), round(median / bare, 2) if bare else None)
        for name, median in medians.items()
    }


def _empty(model: type[Part]) -> None:
    """Start each round alike. Versions stay, as they do in life."""
    with operation():
        model._base_manager.all()._raw_delete("default")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the bulk writes")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with measure.scratch_database():
        with operation():
            project = Project.objects.create(slug="benchmark", name="Benchmark")
        figures: dict[str, Any] = {"rows": options.rows, "rounds": options.rounds}
        figures |= {work.name: measured(work, options.rounds) for work in works(project, options.rows)}
        measure.report("CPU of one row: bare, ours, stock recorder", figures, as_json=options.json)


if __name__ == "__main__":
    main()
