"""Support tickets: standard risk. Spans in short texts, a sample reviewed, a release withdrawn for its successor."""

from __future__ import annotations

import random
from datetime import datetime
from functools import partial
from typing import Any

from audit.acting import operation
from labelop.models import Geometry, Project, ReviewPolicy, RiskTier
from labelop.services.projects import change_setting
from labelop.services.schema import freeze_schema
from roles.matrix import Role
from roles.models import User

from ...models import Release
from ...services.releases import approve_release, publish_release, withdraw_release
from .beginning import begin_project, bring_team, open_schema
from .calendar import Calendar
from .labelling import Labelling, Work
from .release import export, propose, waive_what_is_closed
from .street import hours

SLUG = "support-tickets"
WEEKS = 3
DEFINITIONS = {
    "product": "The product a customer speaks of, without its article.",
    "problem": "What does not work, as far as the customer says it.",
    "person": "Anybody named; masked before anything leaves the building.",
}
OPENINGS = ("My", "Our new", "The old", "Since Monday the")
PRODUCTS = ("router", "printer", "heating", "dishwasher")
PROBLEMS = ("blinks red", "does not start", "loses its settings", "is too loud")
PEOPLE = ("Mr Marsh", "Ms Winter", "the technician", "my neighbour")


def draw_ticket(dice: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    words = [dice.choice(part) for part in (OPENINGS, PRODUCTS, PROBLEMS, PEOPLE)]
    return f"ticket-{number:04}", {"text": f"{words[0]} {words[1]} {words[2]}, says {words[3]}."}


def draw_span(dice: random.Random) -> dict[str, Any]:
    start = dice.randrange(20)
    return {"start": start, "end": start + dice.randrange(4, 14)}


WORK = Work(draw_ticket, draw_span, {"product": 4, "problem": 4, "person": 1}, (1, 3), 10)


def tell_tickets(people: dict[str, User], seed: int) -> Project:
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    calendar = Calendar(WEEKS, dice)
    otto, petra = people["otto"], people["petra"]
    project = begin_project(
        SLUG,
        "Support tickets",
        otto,
        calendar.moment(0, 0, 7.5),
        description="What customers write about, marked in their own words.",
        risk_tier=RiskTier.STANDARD,
    )
    annotators = [people["ben"], people["dan"]]
    team = {Role.OWNER: [petra], Role.REVIEWER: [people["chiara"]], Role.ANNOTATOR: annotators}
    bring_team(project, otto, team, calendar.moment(0, 0, 7.6))
    classes = open_schema(
        project, otto, DEFINITIONS, calendar.moment(0, 0, 8.5), Geometry.SPAN, ["#0969da", "#cf222e", "#8250df"]
    )
    with operation(by=otto, at=calendar.moment(0, 0, 8.8)):
        change_setting(project, "sample_percent", 40, by=otto, reason="Two reviewers less than planned")
    with operation(by=otto, at=calendar.moment(0, 0, 8.85)):
        change_setting(project, "review_policy", ReviewPolicy.SAMPLE, by=otto, reason="Two reviewers less than planned")
    labelling = Labelling(project, calendar, dice, WORK, otto, annotators, [people["chiara"]], classes)
    labelling.plan()
    first = partial(_first_release, project, otto, petra)
    calendar.plan(calendar.moment(1, 0, 8), first)
    calendar.plan(calendar.moment(2, 3, 16), partial(_take_back, project, otto))
    calendar.run()
    return project


def _first_release(project: Project, otto: User, petra: User, at: datetime) -> None:
    with operation(by=otto, at=at):
        freeze_schema(project, by=otto, reason="As good as it gets")
    release = propose(project, "2026.1", otto, hours(at, 0.1), "For the first model")
    waive_what_is_closed(release, otto, hours(at, 0.5), "A first model for ourselves only")
    with operation(by=petra, at=hours(at, 1)):
        approve_release(release, by=petra, reason="Good enough for a first model")
    with operation(by=otto, at=hours(at, 2)):
        publish_release(release, by=otto, reason="Training begins today")
    export(release, otto, hours(at, 2.2), "Training of the first model")
    export(release, petra, hours(at, 26), "A copy for the evaluation team")


def _take_back(project: Project, otto: User, at: datetime) -> None:
    release = Release.objects.get(project=project, state=Release.State.RELEASED)
    with operation(by=otto, at=at):
        withdraw_release(
            release,
            Release.Withdrawal.PRIVACY,
            by=otto,
            reason="Names of customers stand unmasked in some of the texts",
        )
