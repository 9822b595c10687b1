"""A team around one item: two reviewers, one who made a mark of it, two annotators, and people who may do nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.acting import operation
from labelop.models import Assignment, Item, LabelClass, Project, Review, Verdict
from labelop.services.assignments import assign_work, cancel_work, complete_work, start_work
from labelop.services.projects import create_project
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import add_item, save_annotation
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import change_role, grant_role, revoke_role, service_account
from tests.cast import person
from tests.marks import brought_in

State = Assignment.State
# What each person is called in the tables of the tests.
PEOPLE = {
    "owner": "olga",
    "reviewer": "ravi",
    "another reviewer": "rosa",
    "reviewer who authored": "rita",
    "its annotator": "ana",
    "another annotator": "ben",
    "ended member": "eve",
    "outsider": "uma",
}


@dataclass(frozen=True)
class Team:
    """One project, and everybody who might want to move its work."""

    people: dict[str, User]
    project: Project
    gull: LabelClass
    item: Item

    @property
    def olga(self) -> User:
        return self.people["olga"]

    @property
    def ravi(self) -> User:
        return self.people["ravi"]

    @property
    def ana(self) -> User:
        return self.people["ana"]

    @property
    def ben(self) -> User:
        return self.people["ben"]

    def called(self, called: str) -> User:
        return self.people[PEOPLE[called]]

    def assigned(self, annotator: User | None = None) -> Assignment:
        (assignment,) = assign_work([self.item], annotator or self.ana, by=self.olga)
        return assignment

    def reach(self, state: str) -> Assignment:
        """Work on the item, brought into this state by those who may."""
        assignment = self.assigned()
        if state == State.CANCELLED:
            return cancel_work(assignment, by=self.olga, reason="Not needed")
        if state == State.PENDING:
            return assignment
        assignment = start_work(assignment, by=self.ana)
        save_annotation(self.item, self.gull, {"box": [1]}, by=self.ana, key="ana")
        if state == State.IN_PROGRESS:
            return assignment
        if state == State.COMPLETED:
            # Nobody ever sees it so: the policy moves it on within the same act.
            with operation():
                Assignment.objects.filter(pk=assignment.pk).update(state=State.COMPLETED)
            return Assignment.objects.get(pk=assignment.pk)
        assignment = complete_work(assignment, by=self.ana)
        if state != State.IN_REVIEW:
            self.decide(assignment, state)
        return Assignment.objects.get(pk=assignment.pk)

    def decide(self, subject: Any, verdict: str, by: User | None = None, **options: Any) -> Review:
        code = "" if verdict.startswith("approved") else "missed"
        options = {"reason": "Looked at it", "reason_code": code, **options}
        return decide_review(subject, Verdict(verdict), by=by or self.ravi, **options)


def assemble_team() -> Team:
    people = {name: person(name) for name in PEOPLE.values()}
    olga = people["olga"]
    project = create_project("birds", "Birds", by=service_account("setup"), owner=olga)
    create_project("ships", "Ships", by=service_account("setup"), owner=people["uma"])
    roles = {"ravi": Role.REVIEWER, "rosa": Role.REVIEWER, "rita": Role.ANNOTATOR, "ana": Role.ANNOTATOR}
    for name, role in {**roles, "ben": Role.ANNOTATOR, "eve": Role.ANNOTATOR}.items():
        grant_role(project, people[name], role, by=olga, reason="Joined the team")
    gull = add_class(project, "gull", "Gull", by=olga)
    item = add_item(project, "photo-1", {}, by=olga)
    brought_in(item, gull, {"box": [9]}, by=people["rita"], key="rita")
    memberships = Membership.objects.filter(project=project, ended_at=None)
    change_role(memberships.get(user=people["rita"]), Role.REVIEWER, by=olga, reason="Promoted")
    revoke_role(memberships.get(user=people["eve"]), by=olga, reason="Left the team")
    return Team(people, project, gull, item)
