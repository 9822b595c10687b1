"""How often quality signals are raised on demo projects in which nothing is planted.

    DATABASE_URL=… python benchmarks/quiet_demos.py [--projects 50] [--first-seed 100] [--json]

Each project is eight weeks of the demo's street, told through the services with a seed of its own and without any of
its incidents. At most one project in a hundred may have a signal.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up
from labelop.services.quality import signal_quality
from snapshots.management.story.people import hire
from snapshots.management.story.street import ordinary_street


def signals_of_quiet_projects(projects: int, first_seed: int) -> dict[int, list[str]]:
    """The signals of each project by its seed."""
    people = hire()
    raised = {}
    for seed in range(first_seed, first_seed + projects):
        street = ordinary_street(people, seed, f"street-{seed}")
        street.calendar.run()
        raised[seed] = [str(signal) for signal in signal_quality(street.project)]
        print(f"{len(raised)} of {projects} projects", end="\r", file=sys.stderr)
    return raised


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell quiet demos and count their signals.")
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with measure.scratch_database():
        raised = signals_of_quiet_projects(options.projects, options.first_seed)
    signalled = {seed: signals for seed, signals in raised.items() if signals}
    report = {"projects": len(raised), "with a signal": len(signalled), "signals": signalled}
    print(json.dumps(report) if options.json else "\n".join(f"{name}: {value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
