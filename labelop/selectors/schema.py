from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from ..models import Annotation, LabelClass


def classes_visible_to(viewer: User | AnonymousUser) -> QuerySet[LabelClass]:
    return LabelClass.objects.filter(project__in=projects_where(viewer, Can.SEE_PROJECT)).select_related("project")


def with_outdated_marks(classes: QuerySet[LabelClass]) -> QuerySet[Any]:
    """These classes, each with its number of `outdated_marks` in the dataset."""
    marks = Annotation.objects.in_the_dataset().outdated().filter(label_class=OuterRef("pk")).order_by()
    counted = marks.values("label_class").annotate(number=Count("pk")).values("number")
    # What was never redefined has none, and is not counted.
    outdated = When(edition__gt=1, then=Coalesce(Subquery(counted), 0))
    return classes.annotate(outdated_marks=Case(outdated, default=Value(0), output_field=IntegerField()))
