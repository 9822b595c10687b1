"""What stands out in the work: own work reviewed, and the schema changed by others than owners."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from audit.events import BULK, EXPLAINS_NOTHING, Event, Theme
from audit.history import versions_of
from audit.models import Entry
from roles.anomalies.sighting import Sighting, a_role, actors_of, entries_by_operation, sentence, what_happened
from roles.matrix import Role
from roles.models import Rule

from .models import Annotation, LabelClass, Origin, Review

# What `Refused.asked` says where somebody tried to decide on their own work.
OWN_WORK = "own_work"
SCHEMA_EVENTS = tuple(event for event in Event if event.theme is Theme.SCHEMA)


def own_work_reviewed(project_id: int) -> Iterator[Sighting]:
    """A decision on marks that its reviewer had made; a reviewer's fix during the review is none."""
    marks = versions_of(Annotation)._base_manager
    theirs = marks.filter(item_id=OuterRef("item_id"), author_id=OuterRef("reviewer_id")).exclude(
        origin=Origin.REVIEWER_FIX
    )
    reviews = Review.objects.filter(Q(Exists(theirs)) | Q(assignment__annotator=F("reviewer")), project=project_id)
    for review in reviews.order_by("id"):
        if _covers_own_work(review):
            yield _own_work(review)


def own_work_attempts(project_id: int) -> Iterator[Sighting]:
    """An attempt to decide on one's own work, refused."""
    refused = Entry.objects.filter(project=project_id, event=Event.ACCESS_DENIED, subject_name=OWN_WORK)
    for entry in refused.order_by("id"):
        yield Sighting(
            Rule.OWN_WORK,
            f"entry {entry.pk}",
            sentence(f"{a_role(entry.role)} tried to decide on their own work, and was refused."),
            (entry.pk,),
            actors_of([entry]),
        )


def schema_changed_by_others(project_id: int) -> Iterator[Sighting]:
    """The schema changed, and no entry of the act was an owner's; nor was it a command that loads or migrates."""
    told = Entry.objects.filter(project=project_id, event__in=SCHEMA_EVENTS).exclude(role=Role.OWNER)
    written = versions_of(LabelClass)._base_manager.filter(project_id=project_id)
    operations = [*told.values_list("operation", flat=True), *written.values_list("operation", flat=True)]
    entries = entries_by_operation(project_id, operations)
    for operation in sorted(set(operations)):
        shown = entries.get(operation, [])
        if not any(entry.role == Role.OWNER or entry.event in BULK for entry in shown):
            yield _schema_changed(operation, shown)


def _covers_own_work(review: Review) -> bool:
    """Whether the reviewer was the author of a mark that the review decided on, as it stood then."""
    if review.assignment is not None and review.assignment.annotator_id == review.reviewer_id:
        return True
    versions: Any = versions_of(Annotation)._base_manager.filter(item_id=review.item_id)
    if review.annotation_id is not None:
        versions = versions.filter(id=review.annotation_id)
    newest: dict[int, Any] = {}
    for version in versions.filter(history_date__lte=review.decided_at).order_by("history_id"):
        newest[version.id] = version
    return any(
        version.author_id == review.reviewer_id and version.origin != Origin.REVIEWER_FIX and not version.withdrawn
        for version in newest.values()
    )


def _own_work(review: Review) -> Sighting:
    versions: Any = versions_of(Review)._base_manager
    made = versions.filter(id=review.pk, history_type="+").order_by("history_id").first()
    found = entries_by_operation(review.project_id, [made.operation]) if made else {}
    shown = [entry for entries in found.values() for entry in entries]
    return Sighting(
        Rule.OWN_WORK,
        f"review {review.pk}",
        "A decision was made on work by whoever had done it.",
        tuple(entry.pk for entry in shown),
        actors_of(shown) | {review.reviewer_id},
    )


def _schema_changed(operation: uuid.UUID, shown: list[Entry]) -> Sighting:
    explaining = [entry for entry in shown if entry.event not in EXPLAINS_NOTHING]
    about_schema = [entry for entry in explaining if entry.event in SCHEMA_EVENTS] or explaining
    if about_schema:
        explanation = sentence(f"{a_role(about_schema[0].role)} changed the schema: {what_happened(about_schema[0])}.")
    else:
        explanation = "The schema changed, and no entry says by whom."
    return Sighting(
        Rule.SCHEMA_BY_OTHERS,
        f"operation {operation}",
        explanation,
        tuple(entry.pk for entry in shown),
        actors_of(shown),
    )


RULES = (own_work_reviewed, own_work_attempts, schema_changed_by_others)
