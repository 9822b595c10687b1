"""What the trail says of a viewer's own work, beside what they may inspect as a whole."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from audit.events import Event
from audit.history import versions_of
from audit.lines import Source
from audit.models import Entry
from roles.matrix import Can
from roles.models import User
from roles.selectors import entries_visible_to, projects_where, sees_the_site

from ..models import Annotation, Assignment, Dispute, Item, Project, Review
from .work import own_assignments


def work_entries_visible_to(viewer: User | AnonymousUser) -> QuerySet[Entry]:
    """The trail of whole projects to who inspects it; to an annotator the entries about their own work."""
    inspected = entries_visible_to(viewer)
    if not own_assignments(viewer).exists():
        return inspected
    assignments = own_assignments(viewer)
    items, pks = assignments.values("item"), assignments.values("pk")
    own = Q()
    for model, rows in (
        (Assignment, pks),
        (Item, items),
        (Annotation, Annotation.objects.filter(item__in=items).values("pk")),
        (Review, Review.objects.filter(assignment__in=pks).values("pk")),
        (Dispute, Dispute.objects.filter(review__assignment__in=pks).values("pk")),
    ):
        own |= Q(subject_type=model._meta.label_lower, subject_id__in=rows)
    # Many items assigned in one act leave one entry, about the project.
    given = versions_of(Assignment)._default_manager.filter(id__in=pks, history_type="+", annotator_id=viewer.pk)
    own |= Q(
        event=Event.WORK_ASSIGNED,
        subject_type=Project._meta.label_lower,
        operation__in=given.order_by().values("operation"),
    )
    of_own_work = Entry.objects.filter(own, project__in=projects_where(viewer, Can.SEE_PROJECT))
    return Entry.objects.filter(Q(pk__in=inspected.values("pk")) | Q(pk__in=of_own_work.values("pk")))


def trail_sources(viewer: User, project: Project | None = None) -> list[Source]:
    """What this viewer may read of the trail, of one project or of all: whole projects, and elsewhere own work."""
    inspected = [pk for pk in projects_where(viewer, Can.INSPECT_TRAIL) if project is None or pk == project.pk]
    seen = [pk for pk in projects_where(viewer, Can.SEE_PROJECT) if project is None or pk == project.pk]
    whole: list[int | None] = [*inspected]
    if project is None and sees_the_site(viewer):
        whole.append(None)
    sources = [
        Source(entries_visible_to(viewer), tuple(whole), whole=True),
        Source(work_entries_visible_to(viewer), tuple(pk for pk in seen if pk not in set(inspected)), whole=False),
    ]
    return [source for source in sources if source.project_ids]
