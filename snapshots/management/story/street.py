"""Street scenes: high risk, for a customer. Eight weeks of boxes, a release, and what went otherwise than planned."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audit.acting import operation
from labelop.models import Geometry, Project, RiskTier
from labelop.services.projects import change_setting
from roles.matrix import Role
from roles.models import User

from .beginning import begin_project, bring_team, open_schema
from .calendar import Calendar
from .labelling import Labelling, Work

SLUG = "street-scenes"
WEEKS = 8
# No new batch in the week of the release: what is begun gets finished.
QUIET_WEEKS = frozenset({3})
DEFINITIONS = {
    "car": "A passenger car of which more than a fifth is visible.",
    "van": "A closed delivery vehicle of up to 3.5 t.",
    "truck": "A goods vehicle of more than 3.5 t.",
    "pedestrian": "A person on foot, however small.",
}
COLOURS = ["#1f6feb", "#8250df", "#bf3989", "#1a7f37"]


def draw_item(dice: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    camera = 1 + number % 3
    uri = f"scenes/cam{camera}/{number:06}.jpg"
    return f"cam{camera}/{number:06}", {"uri": uri, "width": 1280, "height": 720}


def draw_box(dice: random.Random) -> dict[str, Any]:
    x, y = dice.randrange(1100), dice.randrange(600)
    return {"bbox": [x, y, dice.randrange(20, 180), dice.randrange(20, 120)]}


WORK = Work(draw_item, draw_box, {"car": 6, "van": 4, "truck": 1, "pedestrian": 4}, (2, 4), 36)


@dataclass
class Street:
    """The project and the team at its ordinary work, nothing out of the ordinary planned yet."""

    people: dict[str, User]
    calendar: Calendar
    dice: random.Random
    project: Project
    labelling: Labelling

    def plan(self, week: int, day: int, hour: float, act: Callable[[datetime], Any]) -> None:
        self.calendar.plan(self.calendar.moment(week, day, hour), act)

    def take(self, *names: str) -> list[User]:
        return [self.people[name] for name in names]


def ordinary_street(people: dict[str, User], seed: int, slug: str = SLUG) -> Street:
    """Eight weeks of work as it should be; nothing happens before `calendar.run()`."""
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    calendar = Calendar(WEEKS, dice)
    olga = people["olga"]
    project = begin_project(
        slug,
        "Street scenes",
        olga,
        calendar.moment(0, 0, 7.5),
        description="Boxes around what moves in street scenes of three cameras.",
        risk_tier=RiskTier.HIGH,
        customer_facing=True,
    )
    annotators = [people[name] for name in ("ana", "ben", "chiara")]
    reviewers = [people[name] for name in ("otto", "ravi")]
    team = {Role.OWNER: [people["petra"]], Role.REVIEWER: reviewers, Role.ANNOTATOR: annotators}
    bring_team(project, olga, team, calendar.moment(0, 0, 7.6))
    classes = open_schema(project, olga, DEFINITIONS, calendar.moment(0, 0, 8.5), Geometry.BOX, COLOURS)
    with operation(by=olga, at=calendar.moment(0, 0, 8.9)):
        change_setting(project, "separation_of_duties", 2, by=olga, reason="The contract asks for two pairs of eyes")
    labelling = Labelling(project, calendar, dice, WORK, olga, annotators, reviewers, classes, QUIET_WEEKS)
    labelling.plan()
    return Street(people, calendar, dice, project, labelling)


def hours(at: datetime, count: float) -> datetime:
    return at + timedelta(hours=count)
