from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from ..models import Annotation, Item, Review


def items_visible_to(viewer: User | AnonymousUser) -> QuerySet[Item]:
    return Item.objects.filter(project__in=projects_where(viewer, Can.SEE_ALL_WORK)).select_related("project")


def annotations_visible_to(viewer: User | AnonymousUser) -> QuerySet[Annotation]:
    return Annotation.objects.filter(project__in=projects_where(viewer, Can.SEE_ALL_WORK)).select_related(
        "project", "item", "label_class", "author"
    )


def reviews_visible_to(viewer: User | AnonymousUser) -> QuerySet[Review]:
    return Review.objects.filter(project__in=projects_where(viewer, Can.SEE_ALL_WORK)).select_related(
        "item", "annotation", "reviewer"
    )
