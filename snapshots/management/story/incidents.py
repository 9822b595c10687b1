"""What went otherwise than planned on the street: each incident at its time, and where it surfaces.

`docs/demo.md` tells the same story to whoever looks for it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import connection

from audit.acting import operation
from labelop.models import Annotation, Assignment, Dispute, Item, Review, Verdict
from labelop.services.assignments import reassign_work
from labelop.services.disputes import contest_review, overturn_decision
from labelop.services.reviews import decide_review
from labelop.services.schema import redefine_class
from labelop.services.work import exclude_item
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import change_role, grant_role, revoke_role

from .people import GUEST
from .street import Street, hours


def plan_incidents(street: Street, incidents: Incidents) -> None:
    """Everything planted, in the order in which it happens."""
    street.plan(5, 0, 8, incidents.redefine_van)
    street.plan(5, 2, 10, incidents.lend_power)
    street.plan(5, 3, 17.5, incidents.contest)
    street.plan(5, 4, 12, incidents.overturn)
    street.plan(6, 0, 8, incidents.promote_an_annotator)
    street.plan(6, 1, 9.5, incidents.try_own_work)
    street.plan(6, 2, 11, incidents.exclude_by_mistake)
    street.plan(6, 2, 17.5, incidents.contest)


class Incidents:
    """The acts behind the incidents; each is given the moment at which it happens."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.project = street.project
        self.people = street.people

    def redefine_van(self, at: datetime) -> None:
        """The class is narrowed on Monday morning, and nobody tells the annotators: vans come back all week."""
        olga, van = self.people["olga"], self.street.labelling.classes["van"]
        with operation(by=olga, at=at):
            redefine_class(
                van,
                by=olga,
                reason="The customer counts vans only up to 2.8 t",
                definition="A closed delivery vehicle of up to 2.8 t; heavier ones are trucks.",
            )
        self.street.labelling.hard["van"] = 0.55
        self.street.calendar.plan(hours(at, 24 * 11), self.explain_van)

    def explain_van(self, at: datetime) -> None:
        """Somebody writes it into the guideline at last."""
        self.street.labelling.hard.clear()

    def lend_power(self, at: datetime) -> None:
        """Owner for an afternoon, with a decision in between."""
        olga, guest = self.people["olga"], self.people[GUEST]
        with operation(by=olga, at=at):
            lent = grant_role(self.project, guest, Role.OWNER, by=olga, reason="Looks after camera 2 today")
        with operation(by=guest, at=hours(at, 3)):
            exclude_item(self._some_item("cam2/"), by=guest, reason="The lens was wet")
        with operation(by=olga, at=hours(at, 20)):
            revoke_role(lent, by=olga, reason="Camera 2 is done")

    def contest(self, at: datetime) -> None:
        """An annotator does not agree with what was sent back."""
        review = self._sent_back()
        if review is not None and review.assignment is not None:
            annotator = review.assignment.annotator
            with operation(by=annotator, at=at):
                contest_review(review, by=annotator, reason="By the definition of the day it was a van")

    def overturn(self, at: datetime) -> None:
        dispute = Dispute.objects.filter(project=self.project, state=Dispute.State.OPEN).first()
        if dispute is not None:
            judge = next(each for each in self.street.take("otto", "ravi") if each != dispute.review.reviewer)
            with operation(by=judge, at=at):
                overturn_decision(
                    dispute, Verdict.APPROVED, by=judge, reason="The new definition was not known by then"
                )

    def promote_an_annotator(self, at: datetime) -> None:
        """Reviews pile up, so an annotator becomes a reviewer; what she has not begun goes to somebody else."""
        olga, ana, ben = self.street.take("olga", "ana", "ben")
        with operation(by=olga, at=at):
            change_role(self._membership(ana), Role.REVIEWER, by=olga, reason="Reviews pile up since the new vans")
        open_work = Assignment.objects.filter(
            annotator=ana,
            project=self.project,
            state__in=(Assignment.State.PENDING, Assignment.State.REVISION_REQUESTED, Assignment.State.IN_PROGRESS),
        )
        for assignment in open_work.order_by("id"):
            with operation(by=olga, at=hours(at, 0.5)):
                reassign_work(assignment, ben, by=olga, reason="Its annotator reviews now")
        self.street.labelling.annotators.remove(ana)
        self.street.labelling.reviewers.append(ana)

    def try_own_work(self, at: datetime) -> None:
        """The new reviewer opens work that she marked herself, and is refused."""
        ana = self.people["ana"]
        own = Assignment.objects.filter(project=self.project, annotator=ana).order_by("-id").first()
        if own is not None:
            with suppress(PermissionDenied), operation(by=ana, at=at):
                decide_review(own, Verdict.APPROVED, by=ana)

    def exclude_by_mistake(self, at: datetime) -> None:
        """Five scenes of the wrong camera leave the dataset; they are restored two days later."""
        olga = self.people["olga"]
        for place, item in enumerate(self._items("cam3/")[:5]):
            with operation(by=olga, at=at + timedelta(minutes=place)):
                exclude_item(item, by=olga, reason="Camera 2 was out of focus")

    def edit_behind_the_services(self) -> None:
        """Somebody with database access moves one mark to another class, past everything but the triggers."""
        mark = Annotation.objects.filter(project=self.project, label_class__key="van", withdrawn=False).first()
        if mark is not None:
            truck = self.street.labelling.classes["truck"]
            with connection.cursor() as cursor:
                cursor.execute("UPDATE labelop_annotation SET label_class_id = %s WHERE id = %s", [truck.pk, mark.pk])

    def _membership(self, user: User) -> Membership:
        return Membership.objects.get(project=self.project, user=user, ended_at=None)

    def _items(self, prefix: str) -> list[Item]:
        return list(Item.objects.filter(project=self.project, key__startswith=prefix, excluded=False).order_by("key"))

    def _some_item(self, prefix: str) -> Item:
        approved = Assignment.objects.filter(project=self.project, state=Assignment.State.APPROVED)
        return next(item for item in self._items(prefix) if approved.filter(item=item).exists())

    def _sent_back(self) -> Review | None:
        return (
            Review.objects.filter(
                project=self.project,
                assignment__state=Assignment.State.REVISION_REQUESTED,
                superseded_by=None,
                dispute=None,
            )
            .order_by("-id")
            .first()
        )
