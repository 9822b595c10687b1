"""How often quality signals are raised where nothing is wrong, and how soon where something is.

    python benchmarks/false_signals.py [--projects 2000] [--weeks 104] [--planted 500] [--spread 0] [--seed 1] [--json]

Each simulated project has five classes. Items carry one to four marks of some of them; each item is decided upon, sent
back and decided upon again until it is approved; now and then a decision is changed. Without anything planted the rate
of rejections stays as it is: the share of projects with any signal in their whole life is the false signal rate. With
`--planted` one class jumps from 8 % to 35 % at 40 decisions a week, and the share that is found in the first week, and
within two, is told. `--spread` lets the rate of each week differ by this standard deviation (in log odds), which the
tests do not assume: how much that costs is told, too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django


def main() -> None:
    django.setup()
    # The models that it reads wait for Django.
    from tests.labelop.simulated import false_signals, found_signals

    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--projects", type=int, default=2000)
    arguments.add_argument("--weeks", type=int, default=104)
    arguments.add_argument("--planted", type=int, default=500)
    arguments.add_argument("--spread", type=float, default=0.0)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    report = {
        "false": false_signals(options.projects, options.weeks, options.spread, options.seed),
        "found": found_signals(options.planted, options.seed) if options.planted else None,
    }
    print(json.dumps(report) if options.json else "\n".join(f"{name}: {value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
