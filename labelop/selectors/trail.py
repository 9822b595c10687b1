"""What the trail says of a viewer's own work, beside what they may inspect as a whole."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from audit.events import Event
from audit.history import versions_of
from audit.models import Entry
from audit.reach import Source
from roles.matrix import Can
from roles.models import User
from roles.selectors import entries_visible_to, projects_where, sees_the_site

from ..models import Annotation, Assignment, Dispute, Item, Project, Review
from .work import own_assignments

# So many of somebody's rows are named one by one: only then does PostgreSQL find the entries of each along an index.
NAMED = 5000


def work_entries_visible_to(viewer: User | AnonymousUser) -> QuerySet[Entry]:
    """The trail of whole projects to who inspects it; to an annotator the entries about their own work."""
    own = _own_work(viewer)
    if own is None:
        return entries_visible_to(viewer)
    if viewer.is_superuser:
        return Entry.objects.all()
    return Entry.objects.filter(Q(project__in=projects_where(viewer, Can.INSPECT_TRAIL)) | own)


def _own_work(viewer: User | AnonymousUser) -> Q | None:
    """What makes an entry one about this viewer's own work; None where they have none."""
    own = _about_own_work(viewer)
    return None if own is None else own & Q(project__in=projects_where(viewer, Can.SEE_PROJECT))


def _about_own_work(viewer: User | AnonymousUser) -> Q | None:
    assignments = _named(own_assignments(viewer).values_list("pk", flat=True))
    if not assignments:
        return None
    items = _named(own_assignments(viewer).values_list("item", flat=True))
    own = Q()
    for model, rows in (
        (Assignment, assignments),
        (Item, items),
        (Annotation, _named(Annotation.objects.filter(item__in=items).values_list("pk", flat=True))),
        (Review, _named(Review.objects.filter(assignment__in=assignments).values_list("pk", flat=True))),
        (Dispute, _named(Dispute.objects.filter(review__assignment__in=assignments).values_list("pk", flat=True))),
    ):
        own |= Q(subject_type=model._meta.label_lower, subject_id__in=rows)
    # Many items assigned in one act leave one entry, about the project.
    given = versions_of(Assignment)._default_manager.filter(
        id__in=assignments, history_type="+", annotator_id=viewer.pk
    )
    operations = _named(given.order_by().values_list("operation", flat=True).distinct())
    return own | Q(event=Event.WORK_ASSIGNED, subject_type=Project._meta.label_lower, operation__in=operations)


def _named(rows: QuerySet[Any]) -> list[Any] | QuerySet[Any]:
    few = list(rows.order_by()[: NAMED + 1])
    return few if len(few) <= NAMED else rows


def trail_sources(viewer: User, project: Project | None = None) -> list[Source]:
    """What this viewer may read of the trail, of one project or of all: whole projects, and elsewhere own work."""
    inspected = [pk for pk in projects_where(viewer, Can.INSPECT_TRAIL) if project is None or pk == project.pk]
    seen = [pk for pk in projects_where(viewer, Can.SEE_PROJECT) if project is None or pk == project.pk]
    whole: list[int | None] = [*inspected]
    if project is None and sees_the_site(viewer):
        whole.append(None)
    sources = [Source(entries_visible_to(viewer), tuple(whole), whole=True)] if whole else []
    elsewhere = tuple(pk for pk in seen if pk not in set(inspected))
    if elsewhere:
        # Without what they inspect, which is elsewhere: beside it no index would lead to their own work.
        work = _own_work(viewer)
        own = entries_visible_to(viewer) if work is None else Entry.objects.filter(work)
        sources.append(Source(own, elsewhere, whole=False, base=own))
    return sources
