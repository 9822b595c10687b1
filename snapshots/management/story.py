"""The demo's story: a small team labels street scenes for three weeks, until today. Seeded: always the same."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.acting import operation
from labelop.models import (
    Annotation,
    Assignment,
    Geometry,
    Item,
    LabelClass,
    Project,
    ReasonCode,
    RiskTier,
    Verdict,
)
from labelop.services.assignments import assign_work, complete_work, reopen_work, start_work
from labelop.services.projects import change_setting, create_project
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import add_item, exclude_item, save_annotation, withdraw_annotation
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import change_role, create_account, grant_role, operator_account

from ..models import Purpose, Snapshot
from ..services.snapshots import take_snapshot

SLUG = "street-scenes"
PASSWORD = "keep the past legible"  # noqa: S105 - the demo prints it, and runs on one's own machine only
TEAM = {
    "olga": Role.OWNER,
    "otto": Role.REVIEWER,
    "ravi": Role.REVIEWER,
    "ana": Role.ANNOTATOR,
    "ben": Role.ANNOTATOR,
    "chiara": Role.ANNOTATOR,
}
CLASSES = {"car": "#1f6feb", "van": "#8250df", "truck": "#bf3989", "pedestrian": "#1a7f37"}
DAYS = 18
ITEMS = 24


def tell_story() -> Project:
    """Build the demo project, unless it stands already."""
    existing = Project.objects.filter(slug=SLUG).first()
    return existing or _Story().tell()


@dataclass
class _Story:
    """What happens, day by day; `day` counts from the beginning."""

    day: float = 0.0

    def tell(self) -> Project:
        self.begin = timezone.now().replace(hour=8, minute=0) - timedelta(days=DAYS)
        self.dice = random.Random(5)  # noqa: S311 - a story, not a secret
        self.people = self._hire()
        self.project = self._begin()
        self.classes = self._schema()
        self.items = self._collect()
        self._annotate(self.items)
        self._review(approved=0.9)
        pilot_at = self.begin + timedelta(days=9, hours=11)
        self._snapshot("v1.0", Purpose.PILOT, "Pilot complete", pilot_at)
        self._second_cycle()
        self._snapshot("v1.1", Purpose.CANDIDATE, "Second review cycle closed", None)
        return self.project

    def on(self, day: float, by: User) -> operation:
        """An act at a working hour of that day."""
        self.day = day
        at = self.begin + timedelta(days=day, minutes=self.dice.randrange(480))
        return operation(by=by, at=at)

    def _hire(self) -> dict[str, User]:
        operator = operator_account()
        return {
            name: User.objects.filter(username=name).first() or create_account(name, PASSWORD, by=operator)
            for name in TEAM
        }

    def _begin(self) -> Project:
        operator, olga = operator_account(), self.people["olga"]
        with self.on(0, operator):
            project = create_project(
                SLUG,
                "Street scenes",
                by=operator,
                owner=olga,
                reason="Olga leads the labelling of street scenes",
                description="Boxes around what moves in 24 street scenes.",
                risk_tier=RiskTier.HIGH,
                customer_facing=True,
            )
        for name, role in TEAM.items():
            if role != Role.OWNER:
                with self.on(0.2, olga):
                    grant_role(
                        project, self.people[name], role, by=olga, reason=f"Joins the team as {role.label.lower()}"
                    )
        return project

    def _schema(self) -> dict[str, LabelClass]:
        classes: dict[str, LabelClass] = {}
        for key, colour in CLASSES.items():
            with self.on(0.5, self.people["olga"]):
                classes[key] = add_class(
                    self.project,
                    key,
                    key.capitalize(),
                    by=self.people["olga"],
                    definition=f"Every {key} of which more than a fifth is visible.",
                    colour=colour,
                    geometry=Geometry.BOX,
                    reason="Opening schema",
                )
        return classes

    def _collect(self) -> list[Item]:
        olga, items = self.people["olga"], []
        for number in range(1, ITEMS + 1):
            data = {"uri": f"scenes/cam{1 + number % 3}/{number:06}.jpg", "width": 1280, "height": 720}
            with self.on(1, olga):
                split = "val" if number % 6 == 0 else "train"
                items.append(
                    add_item(
                        self.project, f"cam{1 + number % 3}/{number:06}", data, by=olga, split=split, reason="Batch 1"
                    )
                )
        return items

    def _annotate(self, items: list[Item]) -> None:
        annotators = [name for name, role in TEAM.items() if role == Role.ANNOTATOR]
        self.assignments: list[Assignment] = []
        for place, item in enumerate(items):
            annotator = self.people[annotators[place % len(annotators)]]
            with self.on(1.5, self.people["olga"]):
                (assignment,) = assign_work([item], annotator, by=self.people["olga"], reason="Batch 1")
            with self.on(2 + place / 6, annotator):
                assignment = start_work(assignment, by=annotator)
            for _ in range(self.dice.randint(2, 6)):
                key = self.dice.choices(list(CLASSES), weights=[6, 2, 1, 4])[0]
                with self.on(2 + place / 6, annotator):
                    save_annotation(item, self.classes[key], self._box(), by=annotator)
            with self.on(2.1 + place / 6, annotator):
                self.assignments.append(complete_work(assignment, by=annotator))

    def _review(self, approved: float) -> None:
        reviewers = [self.people["ravi"], self.people["otto"]]
        for place, assignment in enumerate(self.assignments):
            reviewer = reviewers[place % 2]
            fine = self.dice.random() < approved
            with self.on(min(self.day + 0.1, 8.5), reviewer):
                decide_review(
                    assignment,
                    Verdict.APPROVED if fine else Verdict.REVISION_REQUESTED,
                    by=reviewer,
                    reason="" if fine else "Occlusion rule 4 was not applied",
                    reason_code="" if fine else ReasonCode.GUIDELINE,
                )

    def _second_cycle(self) -> None:
        olga, otto, ana = (self.people[name] for name in ("olga", "otto", "ana"))
        annotations = list(Annotation.objects.filter(project=self.project).select_related("item").order_by("id"))
        with self.on(11, olga):
            change_setting(self.project, "separation_of_duties", 2, by=olga, reason="The customer asked for it")
        of_ana = [each for each in annotations if each.author == ana]
        reopened = self._reopen({annotation.item_id for annotation in [*of_ana[:9], of_ana[-1]]})
        for annotation in of_ana[:9]:
            with self.on(12, ana):
                save_annotation(
                    annotation.item,
                    self.classes["van"],
                    self._box(),
                    by=ana,
                    key=annotation.key,
                    reason="Delivery vans under 3.5 t are vans, not trucks",
                )
        with self.on(12.5, ana):
            withdraw_annotation(of_ana[-1], by=ana, reason="A reflection")
        self._look_again(reopened, of_ana[:6])
        with self.on(14.1, olga):
            exclude_item(self.items[-1], by=olga, reason="Camera 1 was out of focus")
        with self.on(15, olga):
            membership = Membership.objects.get(project=self.project, user=otto, ended_at=None)
            change_role(membership, Role.OWNER, by=olga, reason="Holiday cover until the release")
        self._edit_behind_the_services(annotations[0])

    def _reopen(self, item_ids: set[int]) -> list[Assignment]:
        """Another round of work that was decided: by an owner where it was accepted, else by its annotator."""
        reopened: list[Assignment] = []
        for assignment in Assignment.objects.filter(item__in=item_ids).order_by("id"):
            by = self.people["olga"] if assignment.state == Assignment.State.APPROVED else assignment.annotator
            with self.on(11.5, by):
                if by == assignment.annotator:
                    reopened.append(start_work(assignment, by=by))
                else:
                    reopened.append(reopen_work(assignment, by=by, reason="Vans were not told from trucks"))
        return reopened

    def _look_again(self, reopened: list[Assignment], marks: list[Annotation]) -> None:
        """Hand the second round in; some of its marks are approved, the rest still waits for a reviewer."""
        ana, ravi = self.people["ana"], self.people["ravi"]
        for assignment in reopened:
            with self.on(12.8, ana):
                complete_work(assignment, by=ana)
        for mark in marks:
            with self.on(13.5, ravi):
                decide_review(mark, Verdict.APPROVED, by=ravi)

    def _edit_behind_the_services(self, annotation: Annotation) -> None:
        """Somebody with database access moves one annotation to another class, past everything but the triggers."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE labelop_annotation SET label_class_id = %s WHERE id = %s",
                [self.classes["truck"].pk, annotation.pk],
            )

    def _snapshot(self, name: str, purpose: Purpose, note: str, at: datetime | None) -> Snapshot:
        return take_snapshot(self.project, name, by=self.people["olga"], purpose=purpose, note=note, at=at).snapshot

    def _box(self) -> dict[str, Any]:
        x, y = self.dice.randrange(1100), self.dice.randrange(600)
        return {"bbox": [x, y, self.dice.randrange(20, 180), self.dice.randrange(20, 120)]}
