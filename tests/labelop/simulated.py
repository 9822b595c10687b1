"""Simulated projects: what quality signals say where nothing is wrong, and where one class jumps."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from labelop.models import Verdict
from labelop.quality import Decision, monday_of, signals_in, tallied

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
CLASSES = 5
CHANGED = 0.02
PLANTED_CLASS, PLANTED_AFTER = 1, 20


def decided(at: datetime, marks: Counter[int], rejected: float, chance: random.Random) -> Iterator[Decision]:
    """All decisions on one item, from the first to the one that approves it."""
    for round_ in range(1, 10):
        sent_back = chance.random() < rejected
        verdict = Verdict.REVISION_REQUESTED if sent_back else Verdict.APPROVED
        yield Decision(at, round_, verdict, marks=marks)
        if chance.random() < CHANGED:
            sent_back = not sent_back
            changed = Verdict.REVISION_REQUESTED if sent_back else Verdict.APPROVED
            yield Decision(at + timedelta(hours=3), round_, changed, instead_of=verdict, marks=marks)
        if not sent_back:
            return
        at += timedelta(days=chance.uniform(1, 5))


def quiet_project(chance: random.Random, weeks: int, spread: float) -> Iterator[Decision]:
    """Rates differ between projects and never change within one, but for the spread."""
    rate, volume = chance.uniform(0.03, 0.25), chance.choice([40, 80, 160])
    for week in range(weeks):
        this_week = 1 / (1 + math.exp(-math.log(rate / (1 - rate)) - chance.gauss(0, spread)))
        for _ in range(volume):
            marks = Counter(chance.choices(range(CLASSES), weights=[5, 4, 3, 2, 1], k=chance.randint(1, 4)))
            at = BEGIN + timedelta(weeks=week, days=chance.uniform(0, 6.9))
            yield from decided(at, marks, this_week, chance)


def planted_project(chance: random.Random) -> Iterator[Decision]:
    """Every class has 40 items of its own a week; one jumps from 8 % to 35 %."""
    for week in range(PLANTED_AFTER + 2):
        for class_id in range(CLASSES):
            jumped = class_id == PLANTED_CLASS and week >= PLANTED_AFTER
            for _ in range(40):
                at = BEGIN + timedelta(weeks=week, days=chance.uniform(0, 6.9))
                yield from decided(at, Counter({class_id: chance.randint(1, 4)}), 0.35 if jumped else 0.08, chance)


def false_signals(projects: int, weeks: int, spread: float, seed: int) -> dict[str, Any]:
    end = monday_of(BEGIN + timedelta(weeks=weeks))
    with_any = signals = 0
    for number in range(projects):
        weekly = tallied(quiet_project(random.Random(f"{seed}/quiet/{number}"), weeks, spread))
        found = signals_in(weekly, end)
        with_any += bool(found)
        signals += len(found)
    return {
        "projects": projects,
        "weeks": weeks,
        "spread": spread,
        "with_a_signal": with_any,
        "share": with_any / projects,
        "signals": signals,
    }


def found_signals(projects: int, seed: int) -> dict[str, Any]:
    jump = monday_of(BEGIN + timedelta(weeks=PLANTED_AFTER))
    at_once = within_two = 0
    for number in range(projects):
        weekly = tallied(planted_project(random.Random(f"{seed}/planted/{number}")))
        found = signals_in(weekly, jump + timedelta(weeks=2))
        weeks = {each.week for each in found if each.class_id == PLANTED_CLASS and each.week >= jump}
        at_once += jump in weeks
        within_two += bool(weeks)
    return {"projects": projects, "first_week": at_once / projects, "within_two_weeks": within_two / projects}
