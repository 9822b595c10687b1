"""Bird calls: low risk, two weeks of intervals, then frozen until the season begins."""

from __future__ import annotations

import random
from typing import Any

from audit.acting import operation
from labelop.models import Geometry, Project, RiskTier
from labelop.services.projects import freeze_project
from roles.matrix import Role
from roles.models import User

from ...models import Purpose
from ...services.snapshots import take_snapshot
from .beginning import begin_project, bring_team, open_schema
from .calendar import Calendar
from .labelling import Labelling, Work

SLUG = "bird-calls"
WEEKS = 2
DEFINITIONS = {"song": "A male’s song, from its first tone to its last.", "alarm": "A short call of alarm."}


def draw_recording(dice: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    return f"meadow/{number:03}", {"uri": f"meadow/{number:03}.flac", "seconds": 60}


def draw_interval(dice: random.Random) -> dict[str, Any]:
    start = dice.randrange(0, 5000) / 100
    return {"start": start, "end": round(start + dice.randrange(50, 600) / 100, 2)}


WORK = Work(draw_recording, draw_interval, {"song": 3, "alarm": 1}, (1, 2), 6)


def tell_birds(people: dict[str, User], seed: int) -> Project:
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    calendar = Calendar(WEEKS, dice)
    ravi = people["ravi"]
    begin = calendar.moment(0, 0, 7.5)
    project = begin_project(
        SLUG, "Bird calls", ravi, begin, description="Who sings on the meadow, and when.", risk_tier=RiskTier.LOW
    )
    team = {Role.REVIEWER: [people["olga"]], Role.ANNOTATOR: [people["dan"]]}
    bring_team(project, ravi, team, calendar.moment(0, 0, 7.6))
    classes = open_schema(project, ravi, DEFINITIONS, calendar.moment(0, 0, 8.5), Geometry.SPAN, ["#1a7f37", "#bf8700"])
    labelling = Labelling(project, calendar, dice, WORK, ravi, [people["dan"]], [people["olga"]], classes)
    labelling.plan()
    calendar.run()
    at = calendar.moment(WEEKS - 1, 4, 18)
    take_snapshot(project, "autumn", by=ravi, purpose=Purpose.REVIEW_CYCLE, note="The season is over", at=at)
    with operation(by=ravi, at=calendar.moment(WEEKS - 1, 4, 18.5)):
        freeze_project(project, by=ravi, reason="Until the season begins")
    return project
