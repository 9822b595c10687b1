"""A team at its ordinary work, through the services: batches, assignments, marks, reviews, second rounds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from audit.acting import operation
from labelop.models import Annotation, Assignment, Dispute, Item, LabelClass, Project, ReasonCode, Verdict
from labelop.services.assignments import assign_work, complete_work, start_work
from labelop.services.reviews import decide_review
from labelop.services.work import add_item, save_annotation
from roles.models import User

from .calendar import Calendar

# How much of the work is sent back although nothing is the matter with schema, guideline or tool.
USUALLY_SENT_BACK = 0.08

Draw = Callable[[random.Random], dict[str, Any]]


@dataclass(frozen=True)
class Work:
    """What a project labels: how an item looks, how a mark looks, and how often each class turns up."""

    item: Callable[[random.Random, int], tuple[str, dict[str, Any]]]
    mark: Draw
    classes: dict[str, int]
    marks: tuple[int, int]
    items_a_week: int


@dataclass
class Labelling:
    """One project's weeks of work. Whoever changes how it goes (an incident does) changes what stands here."""

    project: Project
    calendar: Calendar
    dice: random.Random
    work: Work
    owner: User
    annotators: list[User]
    reviewers: list[User]
    classes: dict[str, LabelClass]
    quiet_weeks: frozenset[int] = frozenset()
    # The share sent back of what holds a class that has become hard to label.
    hard: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def plan(self) -> None:
        for week in set(range(self.calendar.weeks)) - self.quiet_weeks:
            self.calendar.plan(self.calendar.moment(week, 0, 9), self.bring_items)

    def bring_items(self, at: datetime) -> None:
        """A new batch on Monday, dealt out evenly, due on Friday."""
        with operation(by=self.owner, at=at):
            items = [self._bring_item() for _ in range(self.work.items_a_week)]
        self.dice.shuffle(items)
        for place, annotator in enumerate(self.annotators):
            share = items[place :: len(self.annotators)]
            with operation(by=self.owner, at=at + timedelta(minutes=20 + place)):
                assignments = assign_work(
                    share, annotator, by=self.owner, due_on=(at + timedelta(days=4)).date(), reason="This week's batch"
                )
            for assignment in assignments:
                begun = at.replace(hour=0) + timedelta(
                    days=self.dice.choice((0, 1, 2)), hours=self.dice.uniform(10, 17)
                )
                self.calendar.plan(begun, partial(self.annotate, assignment))

    def annotate(self, assignment: Assignment, at: datetime) -> None:
        """The annotator's first round: a look, and a quarter of an hour later all marks at once."""
        assignment.refresh_from_db()
        annotator = assignment.annotator
        with operation(by=annotator, at=at):
            start_work(assignment, by=annotator)
        done = at + timedelta(minutes=self.dice.randint(5, 25))
        with operation(by=annotator, at=done):
            for _ in range(self.dice.randint(*self.work.marks)):
                key = self.dice.choices(list(self.work.classes), list(self.work.classes.values()))[0]
                save_annotation(assignment.item, self.classes[key], self.work.mark(self.dice), by=annotator)
            self._complete(assignment, done)

    def review(self, assignment: Assignment, at: datetime) -> None:
        assignment.refresh_from_db()
        if assignment.state != Assignment.State.IN_REVIEW:
            return
        reviewer = self.dice.choice([each for each in self.reviewers if each != assignment.annotator])
        fine = self.dice.random() >= self.share_sent_back(assignment.item)
        with operation(by=reviewer, at=at):
            if fine:
                decide_review(assignment, Verdict.APPROVED, by=reviewer)
            else:
                decide_review(
                    assignment,
                    Verdict.REVISION_REQUESTED,
                    by=reviewer,
                    reason=self.dice.choice(("Occlusion rule 4", "See the guideline, page 3", "Please look once more")),
                    reason_code=self.dice.choice((ReasonCode.GUIDELINE, ReasonCode.WRONG_CLASS, ReasonCode.BOUNDARY)),
                )
        if not fine:
            self.calendar.plan(self.calendar.next_working_day(at), partial(self.revise, assignment))

    def share_sent_back(self, item: Item) -> float:
        # After a second look the work is nearly always accepted.
        keys = set(item.annotations.filter(withdrawn=False).values_list("label_class__key", flat=True))
        second_look = item.assignments.filter(round__gt=1).exists()
        return 0.02 if second_look else max([self.hard.get(key, 0) for key in keys] + [USUALLY_SENT_BACK])

    def revise(self, assignment: Assignment, at: datetime) -> None:
        """The next round: one mark is drawn anew."""
        assignment.refresh_from_db()
        if assignment.state != Assignment.State.REVISION_REQUESTED:
            return
        if Dispute.objects.filter(review__assignment=assignment, state=Dispute.State.OPEN).exists():
            self.calendar.plan(self.calendar.next_working_day(at), partial(self.revise, assignment))
            return
        annotator = assignment.annotator
        with operation(by=annotator, at=at):
            start_work(assignment, by=annotator)
            marks = Annotation.objects.filter(item=assignment.item, withdrawn=False).select_related("label_class")
            mark = self.dice.choice(list(marks.order_by("id")))
            save_annotation(assignment.item, mark.label_class, self.work.mark(self.dice), by=annotator, key=mark.key)
            self._complete(assignment, at)

    def _bring_item(self) -> Item:
        self.number += 1
        key, shown = self.work.item(self.dice, self.number)
        split = "val" if self.number % 6 == 0 else "train"
        return add_item(self.project, key, shown, by=self.owner, split=split, reason="This week's batch")

    def _complete(self, assignment: Assignment, at: datetime) -> None:
        complete_work(assignment, by=assignment.annotator)
        self.calendar.plan(self.calendar.next_working_day(at), partial(self.review, assignment))
