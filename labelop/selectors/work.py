"""The work that a viewer may see: all of it to owners and reviewers, their own to annotators."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from roles.matrix import MATRIX, Can
from roles.models import Membership, User
from roles.selectors import projects_where

from ..models import Annotation, Assignment, Dispute, Item, Review


def assignments_visible_to(viewer: User | AnonymousUser) -> QuerySet[Assignment]:
    own = Q(pk__in=own_assignments(viewer).values("pk"))
    return Assignment.objects.filter(_of_whole_projects(viewer) | own).select_related("project", "item", "annotator")


def items_visible_to(viewer: User | AnonymousUser) -> QuerySet[Item]:
    return Item.objects.filter(_of_whole_projects(viewer) | Q(pk__in=_own_items(viewer))).select_related("project")


def annotations_visible_to(viewer: User | AnonymousUser) -> QuerySet[Annotation]:
    own = Q(item__in=_own_items(viewer))
    return Annotation.objects.filter(_of_whole_projects(viewer) | own).select_related(
        "project", "item", "label_class", "author"
    )


def reviews_visible_to(viewer: User | AnonymousUser) -> QuerySet[Review]:
    return Review.objects.filter(_of_whole_projects(viewer) | _of_own_work(viewer)).select_related(
        "project", "item", "annotation__item", "assignment", "reviewer"
    )


def disputes_visible_to(viewer: User | AnonymousUser) -> QuerySet[Dispute]:
    own = Q(review__in=Review.objects.filter(_of_own_work(viewer)).values("pk"))
    return Dispute.objects.filter(_of_whole_projects(viewer) | own).select_related(
        "project", "review__item", "review__annotation__item", "review__assignment", "contested_by"
    )


def own_assignments(viewer: User | AnonymousUser) -> QuerySet[Assignment]:
    """What is assigned to the viewer now; what was cancelled, or given to somebody else, is theirs no more."""
    mine = Assignment.objects.filter(annotator_id=viewer.pk, project__in=projects_where(viewer, Can.SEE_PROJECT))
    return mine.exclude(state=Assignment.State.CANCELLED)


def whole_projects_of(viewer: User | AnonymousUser) -> list[int]:
    """The projects whose work a viewer sees, if they see all of it everywhere; none, too, to who sees all there is."""
    if viewer.is_superuser or viewer.is_anonymous:
        return []
    roles = dict(Membership.objects.in_force().filter(user_id=viewer.pk).values_list("project_id", "role"))
    return sorted(roles) if {*roles.values()} <= {*MATRIX[Can.SEE_ALL_WORK]} else []


def _of_own_work(viewer: User | AnonymousUser) -> Q:
    """Reviews of what is assigned to the viewer and, where nobody is assigned, of marks whose author they are."""
    marks = Annotation.objects.filter(author_id=viewer.pk, project__in=projects_where(viewer, Can.SEE_PROJECT))
    authored = Q(annotation__in=marks.values("pk")) | Q(annotation=None, item__in=marks.values("item"))
    return Q(assignment__in=own_assignments(viewer).values("pk")) | (Q(assignment=None) & authored)


def _own_items(viewer: User | AnonymousUser) -> QuerySet:
    return own_assignments(viewer).values("item")


def _of_whole_projects(viewer: User | AnonymousUser) -> Q:
    return Q(project__in=projects_where(viewer, Can.SEE_ALL_WORK))
