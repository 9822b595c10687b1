"""The writers of the benchmark of the gate: half act through services and operations, half write SQL without one."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.exceptions import ValidationError
from django.db import connection, connections

from audit.acting import operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Item, LabelClass, Project, ReasonCode, Verdict
from labelop.services.assignments import assign_work, start_work
from labelop.services.projects import create_project, describe_project
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import add_item, save_annotation, withdraw_annotation
from roles.matrix import Can, Role
from roles.models import User
from roles.services import authorize, create_account, grant_role, service_account

_ITEMS = 30
_SECONDS_OF_THOUGHT = 0.1
_RULES = "refused by a rule"


class ChangedMyMind(Exception):
    """Raised in the middle of an act, so that all of it is rolled back."""


@dataclass(frozen=True)
class Team:
    """Who acts on what."""

    owner: User
    reviewer: User
    annotator: User
    projects: list[Project]

    @classmethod
    def assemble(cls, projects: int = 3) -> Team:
        service = service_account("bench")
        owner, reviewer, annotator = (
            create_account(name, "correct horse battery", by=None) for name in ("olga", "ravi", "ana")
        )
        team = cls(owner, reviewer, annotator, [])
        for number in range(projects):
            project = create_project(f"p{number}", f"Project {number}", by=service, owner=owner)
            grant_role(project, reviewer, Role.REVIEWER, by=owner, reason="Reviews")
            grant_role(project, annotator, Role.ANNOTATOR, by=owner, reason="Annotates")
            for key in ("cat", "dog"):
                add_class(project, key, key.title(), by=owner, reason="First classes")
            for item in range(_ITEMS):
                add_item(project, str(item), {"text": f"item {item}"}, by=owner)
            # Half the items are somebody's work, the other half waits for decisions as imported items do.
            items = list(Item.objects.filter(project=project).order_by("id")[: _ITEMS // 2])
            for assignment in assign_work(items, annotator, by=owner):
                start_work(assignment, by=annotator)
            team.projects.append(project)
        return team


@dataclass
class Written:
    """What one writer did."""

    acts: int = 0
    rolled_back: int = 0
    errors: Counter[str] = field(default_factory=Counter)


def linger(chance: random.Random) -> None:
    """Half the time, wait a little between a write and what follows it: a cut could fall into the gap."""
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, 0.03))


class ServiceWriter:
    """Writes through services and operations."""

    def __init__(self, team: Team, seed: int) -> None:
        self.team = team
        self.random = random.Random(seed)
        self.items = {
            p.pk: list(Item.objects.filter(project=p, key__in=range(_ITEMS)).order_by("id")) for p in team.projects
        }
        self.classes = {p.pk: list(LabelClass.objects.filter(project=p)) for p in team.projects}

    def act(self) -> None:
        one_project = (self._annotate, self._annotate, self._withdraw, self._review, self._describe, self._add)
        if self.random.random() < 0.7:
            self.random.choice(one_project)(self.random.choice(self.team.projects))
            return
        with operation(by=self.team.annotator):
            for project in self.random.sample(self.team.projects, 2):
                self._annotate_many(project)
                linger(self.random)
            if self.random.random() < 0.2:
                raise ChangedMyMind

    def _item(self, project: Project) -> Item:
        return self.random.choice(self.items[project.pk][: _ITEMS // 2])

    def _unassigned_item(self, project: Project) -> Item:
        return self.random.choice(self.items[project.pk][_ITEMS // 2 :])

    def _annotate(self, project: Project) -> None:
        label = self.random.choice(self.classes[project.pk])
        key = self.random.choice(("", "1", "2"))
        save_annotation(self._item(project), label, {"at": self.random.random()}, by=self.team.annotator, key=key)

    def _withdraw(self, project: Project) -> None:
        marks = Annotation.objects.filter(item=self._item(project), withdrawn=False, author=self.team.annotator)
        annotation = marks.first()
        if annotation:
            withdraw_annotation(annotation, by=self.team.annotator)

    def _review(self, project: Project) -> None:
        verdict = self.random.choice((Verdict.APPROVED, Verdict.REVISION_REQUESTED))
        code = "" if verdict == Verdict.APPROVED else ReasonCode.OTHER
        item = self._unassigned_item(project)
        decide_review(item, verdict, by=self.team.reviewer, reason="Looked at it", reason_code=code)

    def _describe(self, project: Project) -> None:
        describe_project(project, project.name, self.random.random().hex(), by=self.team.owner)

    def _add(self, project: Project) -> None:
        add_item(project, self.random.random().hex(), {"text": "one more"}, by=self.team.owner)

    def _annotate_many(self, project: Project) -> None:
        actor = authorize(self.team.annotator, Can.ANNOTATE, project)
        item, label = self._item(project), self.random.choice(self.classes[project.pk])
        marks = [
            Annotation(project=project, item=item, key=f"many-{self.random.random().hex()}", label_class=label)
            for _ in range(20)
        ]
        Annotation.objects.bulk_create(marks)
        record(Event.ANNOTATION_SAVED, item, actor, records=len(marks))


class SqlWriter:
    """Writes SQL over a connection of its own, as a script or a console would, and belongs to no operation."""

    def __init__(self, team: Team, seed: int) -> None:
        self.random = random.Random(seed)
        self.projects = [project.pk for project in team.projects]
        self.items = {p.pk: list(p.items.values_list("pk", flat=True)) for p in team.projects}
        self.classes = {p.pk: list(p.classes.values_list("pk", flat=True)) for p in team.projects}
        connections.close_all()
        self.session = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None})

    def act(self) -> None:
        with self.session.transaction():
            for project in self.random.sample(self.projects, self.random.choice((1, 1, 2))):
                self.random.choice((self._split, self._insert, self._insert, self._delete))(project)
                linger(self.random)
            if self.random.random() < 0.1:
                raise ChangedMyMind

    def _split(self, project: int) -> None:
        self.session.execute(
            "UPDATE labelop_item SET split = %s WHERE id = %s",
            (self.random.choice(("train", "test")), self.random.choice(self.items[project])),
        )

    def _insert(self, project: int) -> None:
        self.session.execute(
            "INSERT INTO labelop_annotation"
            " (project_id, item_id, key, label_class_id, value, origin, edition, withdrawn)"
            " SELECT %s, %s, 'sql-' || gen_random_uuid(), %s, '{}', 'human', 1, false FROM generate_series(1, %s)",
            (
                project,
                self.random.choice(self.items[project]),
                self.random.choice(self.classes[project]),
                self.random.choice((1, 1, 20)),
            ),
        )

    def _delete(self, project: int) -> None:
        self.session.execute(
            "DELETE FROM labelop_annotation WHERE id IN (SELECT id FROM labelop_annotation WHERE project_id = %s"
            " AND key LIKE 'sql-%%' ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)",
            (project,),
        )


def write(kind: type[ServiceWriter | SqlWriter], team: Team, seed: int, until: float, told: Any) -> None:
    """Act until the time is over, in a process of its own, and tell what came of it."""
    writer, written = kind(team, seed), Written()
    pause = random.Random(seed)
    while time.time() < until:
        time.sleep(pause.uniform(0, _SECONDS_OF_THOUGHT))
        try:
            writer.act()
            written.acts += 1
        except ChangedMyMind:
            written.rolled_back += 1
        except ValidationError:
            written.errors[_RULES] += 1
        except Exception as error:  # noqa: BLE001 - counted by name and reported
            written.errors[type(error.__cause__ or error).__name__] += 1
    told.put((kind.__name__, written))
