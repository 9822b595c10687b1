"""Whose work it is: what only its annotator may do, and what no party to it may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db.models import QuerySet

from audit.acting import Actor, Refused, after_the_act, held, locked
from audit.events import Event
from audit.history import versions_of
from audit.models import Entry
from roles.models import User

from ..anomalies import OWN_WORK
from ..models import Annotation, Assignment, Item, Project
from .noting import note_own_work_attempts

_MARKED = frozenset({Event.ANNOTATION_SAVED, Event.ANNOTATION_WITHDRAWN, Event.ANNOTATION_CHANGED_AFTER_APPROVAL})


@dataclass(frozen=True)
class Case:
    """What an act is about, held until it ends: an item with all its marks or one mark, and whose work it is."""

    project: Project
    item: Item
    annotation: Annotation | None
    assignment: Assignment | None

    @property
    def mark(self) -> Annotation:
        """The one mark that the act is about."""
        if self.annotation is None:
            raise TypeError(f"{self.item} is no mark.")
        return self.annotation

    @property
    def marks(self) -> QuerySet[Annotation]:
        """The marks whose makers are parties: those of the item, but for one that stands outside assigned work."""
        marks = Annotation.objects.filter(item=self.item)
        alone = self.annotation is not None and self.assignment is None
        return marks.filter(pk=self.mark.pk) if alone else marks


def held_case(subject: Item | Annotation) -> Case:
    """Hold what an act is about, always in the same order: project, item, assignment, mark."""
    project = held(subject.project)
    item = locked(subject if isinstance(subject, Item) else subject.item)
    work = Assignment.objects.filter(item=item).exclude(state=Assignment.State.CANCELLED)
    assignment = work.select_for_update(no_key=True).first()
    if assignment is not None:
        assignment = _within(assignment, project, item)
    item.project = project
    annotation = locked(subject) if isinstance(subject, Annotation) else None
    return Case(project, item, annotation, assignment)


def held_assignment(assignment: Assignment) -> Assignment:
    """The assignment as it is now, with the project and the item it stands on, held in the same order."""
    project, item = held(assignment.project), locked(assignment.item)
    return _within(locked(assignment), project, item)


def _within(assignment: Assignment, project: Project, item: Item) -> Assignment:
    assignment.project, assignment.item = project, item
    return assignment


def must_be_its_annotator(assignment: Assignment | None, project: Project, by: User, actor: Actor) -> None:
    """Refuse everybody but whom the work was given to; also superusers, who would sign another's work."""
    if assignment is None or assignment.annotator_id != by.pk:
        raise refused("This work is not assigned to you.", "others_work", project, by, actor)


def must_be_no_party(case: Case, by: User, actor: Actor, *, sparing: Iterable[int] = ()) -> None:
    """Refuse whoever made or last changed what is judged, its annotator, and the importer of what was imported.

    `sparing` are marks that they fixed while they judged, which alone does not make them a party.
    """
    if by.pk in _parties(case, set(sparing)):
        after_the_act(partial(note_own_work_attempts, case.project.pk))
        raise refused("Nobody decides on their own work.", OWN_WORK, case.project, by, actor)


def fixes_of_round(case: Case) -> set[tuple[int, int]]:
    """The fixes since the work was last completed: each mark, and who fixed it.

    Between completion and decision only fixes leave an entry about a mark itself; imports speak of the item.
    """
    if case.assignment is None:
        return set()
    about = Entry.objects.filter(project=case.project)
    completed = about.filter(
        subject_type=Assignment._meta.label_lower, subject_id=case.assignment.pk, event=Event.WORK_COMPLETED
    )
    last = completed.order_by("-id").values_list("pk", flat=True).first()
    if last is None or case.assignment.state in (Assignment.State.PENDING, Assignment.State.IN_PROGRESS):
        return set()
    marks = list(case.marks.values_list("pk", flat=True))
    fixed = about.filter(
        subject_type=Annotation._meta.label_lower, subject_id__in=marks, event__in=_MARKED, pk__gt=last
    )
    pairs = fixed.values_list("subject_id", "actor_id")
    return {(mark, fixer) for mark, fixer in pairs if mark is not None and fixer is not None}


def refused(sentence: str, asked: str, project: Project, by: User, actor: Actor) -> Refused:
    return Refused(sentence, user=by, role=actor.role, asked=asked, project_id=project.pk)


def _parties(case: Case, spared: set[int]) -> set[int | None]:
    marks = [mark for mark in case.marks if mark.pk not in spared]
    # A mark that is decided on by itself keeps its author even when it was taken back.
    judged = [mark for mark in marks if not mark.withdrawn or mark.pk == (case.annotation and case.annotation.pk)]
    parties = {mark.author_id for mark in judged}
    versions = versions_of(Annotation)._default_manager.filter(id__in=[mark.pk for mark in marks])
    newest = dict(versions.order_by("history_id").values_list("id", "history_user_id"))
    parties.update(newest.values())
    if case.assignment is not None:
        parties.add(case.assignment.annotator_id)
    return parties
