"""Projects, their schema, and the work on them."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from roles.api.collections import Collection
from roles.api.rows import Row
from roles.forms.members import GrantRole, RevealNames
from roles.forms.tokens import OpenServiceAccount

from .. import filters
from ..forms import items, marks, projects, schema, work
from ..forms.imports import ImportFileForm
from ..models import Annotation, Assignment, Dispute, Item, LabelClass, Project, QualitySignal, Review
from ..quality import sentence_of
from ..selectors.projects import projects_visible_to
from ..selectors.quality import quality_signals_visible_to
from ..selectors.schema import classes_visible_to
from ..selectors.trail import work_entries_visible_to
from ..selectors.work import (
    annotations_visible_to,
    assignments_visible_to,
    disputes_visible_to,
    items_visible_to,
    reviews_visible_to,
)


class ProjectRow(Row):
    class Meta:
        model = Project
        fields: ClassVar = (
            *("id", "url", "page", "slug", "name", "description", "state", "risk_tier", "customer_facing"),
            *("review_policy", "sample_percent", "separation_of_duties", "schema_frozen"),
        )


class ClassRow(Row):
    class Meta:
        model = LabelClass
        fields: ClassVar = (
            *("id", "url", "page", "project", "key", "name", "definition", "colour", "geometry", "high_risk"),
            *("attributes", "deprecated", "edition"),
        )


class ItemRow(Row):
    class Meta:
        model = Item
        fields: ClassVar = ("id", "url", "page", "project", "key", "data", "split", "metadata", "excluded")


class AnnotationRow(Row):
    item_key = serializers.CharField(source="item.key")
    label_class = serializers.CharField(source="label_class.key", help_text="The key of its class.")
    outdated = serializers.BooleanField(help_text="Whether its class was redefined since it was marked.")

    class Meta:
        model = Annotation
        fields: ClassVar = (
            *("id", "url", "page", "project", "item", "item_key", "key", "label_class", "value"),
            *("author", "origin", "edition", "outdated", "withdrawn"),
        )


class AssignmentRow(Row):
    item_key = serializers.CharField(source="item.key")

    class Meta:
        model = Assignment
        fields: ClassVar = (
            *("id", "url", "page", "project", "item", "item_key", "annotator", "state", "round", "priority"),
            *("due_on", "instructions", "assigned_at", "completed_at", "approved_by"),
        )


class ReviewRow(Row):
    item_key = serializers.CharField(source="item.key")

    class Meta:
        model = Review
        fields: ClassVar = (
            *("id", "url", "page", "project", "item", "item_key", "annotation", "assignment", "round"),
            *("verdict", "reason_code", "note", "reviewer", "supersedes", "decided_at"),
        )


class DisputeRow(Row):
    class Meta:
        model = Dispute
        fields: ClassVar = (
            *("id", "url", "page", "project", "review", "contested_by", "reason", "opened_at", "state"),
            *("adjudicated_by", "ruling", "closed_at"),
        )


class SignalRow(Row):
    label_class = serializers.CharField(
        source="label_class.key", allow_null=True, default=None, help_text="Null where it is of the whole project."
    )
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = QualitySignal
        fields: ClassVar = (
            *("id", "url", "page", "project", "label_class", "metric", "week", "weeks", "count", "n"),
            *("past_count", "past_n", "p", "p_corrected", "raised_at", "sentence"),
        )

    def get_sentence(self, signal: QualitySignal) -> str:
        return sentence_of(signal)


COLLECTIONS = (
    Collection(
        "projects",
        "Bodies of work to label, each with its team, its rules and its past.",
        ProjectRow,
        projects_visible_to,
        (ImportFileForm, *projects.ACTS, *schema.OF_A_PROJECT, GrantRole, RevealNames, OpenServiceAccount),
        (projects.CreateProjectForm,),
        lookup="slug",
        filters=filters.ProjectFilters,
    ),
    Collection(
        "classes",
        "The schema: a project’s label classes.",
        ClassRow,
        classes_visible_to,
        schema.ACTS,
        filters=filters.LabelClassFilters,
    ),
    Collection(
        "items",
        "What is labelled.",
        ItemRow,
        items_visible_to,
        (work.AssignItemForm, *items.ACTS, *marks.OF_AN_ITEM),
        (items.AddItemForm,),
        filters=filters.ItemFilters,
        entries_visible_to=work_entries_visible_to,
    ),
    Collection(
        "annotations",
        "Marks on items.",
        AnnotationRow,
        annotations_visible_to,
        marks.OF_A_MARK,
        filters=filters.AnnotationFilters,
        entries_visible_to=work_entries_visible_to,
    ),
    Collection(
        "assignments",
        "Items given to annotators, from the first look to the accepted work.",
        AssignmentRow,
        assignments_visible_to,
        work.ASSIGNMENT_ACTS,
        (work.AssignItemsForm,),
        filters=filters.AssignmentFilters,
        entries_visible_to=work_entries_visible_to,
    ),
    Collection(
        "reviews",
        "Decisions; a changed one is a new row.",
        ReviewRow,
        reviews_visible_to,
        (work.ContestReviewForm,),
        filters=filters.ReviewFilters,
        entries_visible_to=work_entries_visible_to,
    ),
    Collection(
        "disputes",
        "Decisions that the annotator contests.",
        DisputeRow,
        disputes_visible_to,
        work.DISPUTE_ACTS,
        filters=filters.DisputeFilters,
        entries_visible_to=work_entries_visible_to,
    ),
    Collection(
        "quality-signals",
        "Metrics that left their usual range.",
        SignalRow,
        quality_signals_visible_to,
        filters=filters.QualitySignalFilters,
        versions=False,
    ),
)
