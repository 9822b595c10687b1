"""How fast a history is replayed.

    DATABASE_URL=… python benchmarks/replay.py FILE [--runs 3] [--json]

Replays a `labelhist/1` file into a new project in each run. A second run that would take the whole beyond ten
minutes is left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up
from snapshots.services.replay import Replayed, replay_history

_SECONDS_AT_MOST = 600


def replay(path: Path, runs: int) -> tuple[Replayed, list[measure.Spent]]:
    spent: list[measure.Spent] = []
    for number in range(runs):
        with measure.Spent() as this_run:
            replayed = replay_history(path, f"run-{number}")
        spent.append(this_run)
        if sum(each.wall for each in spent) + this_run.wall > _SECONDS_AT_MOST:
            break
    return replayed, spent


def main() -> int:
    parser = argparse.ArgumentParser(description="Replay a history into new projects.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with measure.scratch_database():
        replayed, spent = replay(options.file, options.runs)
        figures = {
            "changes": replayed.changes,
            "acts": replayed.operations,
            "snapshots": replayed.snapshots,
            "runs": len(spent),
            "wall, s a run": [run.wall for run in spent],
            "CPU of Python, s a run": [run.client for run in spent],
            "CPU of the database, s a run": [run.server for run in spent],
            "changes a second of wall": replayed.changes / statistics.median(run.wall for run in spent),
            "changes a second of CPU": replayed.changes / statistics.median(run.cpu for run in spent),
        }
        measure.report(f"Replay of {options.file.name}", figures, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
