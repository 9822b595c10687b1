"""What the trail says of a viewer's own work, beside what they may inspect as a whole."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.events import Event
from audit.history import versions_of
from audit.models import Entry
from audit.reach import Source
from roles.matrix import Can
from roles.models import User
from roles.selectors import entries_visible_to, projects_where, sees_the_site

from ..models import Annotation, Assignment, Dispute, Item, Project, Review
from .work import own_assignments

# With so many assignments at most, the entries about somebody's work are found along an index, however far back. With
# more it is asked of each entry whose work it is about, as far as the page reaches.
FEW = 500
# So many rows are named one by one: only then does PostgreSQL find the entries of each along an index.
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
    parts = _parts_of_own_work(viewer)
    return _seen_of(viewer, parts) if parts else None


def _seen_of(viewer: User | AnonymousUser, parts: list[Q]) -> Q:
    return Q(project__in=projects_where(viewer, Can.SEE_PROJECT)) & reduce(or_, parts)


def _parts_of_own_work(viewer: User | AnonymousUser) -> list[Q]:
    assignments = _few_assignments(viewer)
    if assignments is None:
        return [_about_much_work(viewer)]
    return _about_work(viewer, assignments) if assignments else []


def _few_assignments(viewer: User | AnonymousUser) -> list[int] | None:
    """None where there are many."""
    found = list(own_assignments(viewer).order_by().values_list("pk", flat=True)[: FEW + 1])
    return found if len(found) <= FEW else None


def _about_work(viewer: User | AnonymousUser, assignments: list[int]) -> list[Q]:
    """The entries about this work, in parts of which each is found along an index."""
    items = _named(own_assignments(viewer).values_list("item", flat=True))
    about = (
        (Assignment, assignments),
        (Item, items),
        (Annotation, _named(Annotation.objects.filter(item__in=items).values_list("pk", flat=True))),
        (Review, _named(Review.objects.filter(assignment__in=assignments).values_list("pk", flat=True))),
        (Dispute, _named(Dispute.objects.filter(review__assignment__in=assignments).values_list("pk", flat=True))),
    )
    given = _named(_given_to(viewer).filter(id__in=assignments).values_list("operation", flat=True).distinct())
    own = [Q(subject_type=model._meta.label_lower, subject_id__in=rows) for model, rows in about]
    return [*own, ASSIGNED & Q(operation__in=given)]


def _about_much_work(viewer: User | AnonymousUser) -> Q:
    mine = Assignment.objects.filter(annotator_id=viewer.pk).exclude(state=Assignment.State.CANCELLED).order_by()
    subject = {"pk": OuterRef("subject_id")}
    reviews = Review.objects.filter(Exists(mine.filter(pk=OuterRef("assignment_id"))))
    own = Q()
    for model, rows in (
        (Assignment, mine.filter(**subject)),
        (Item, mine.filter(item=OuterRef("subject_id"))),
        (Annotation, Annotation.objects.filter(Exists(mine.filter(item=OuterRef("item_id"))), **subject)),
        (Review, reviews.filter(**subject)),
        (Dispute, Dispute.objects.filter(review__in=reviews, **subject)),
    ):
        own |= Q(subject_type=model._meta.label_lower) & Q(Exists(rows))
    given = _given_to(viewer).filter(Exists(mine.filter(pk=OuterRef("id"))), operation=OuterRef("operation"))
    return own | ASSIGNED & Q(Exists(given))


# Many items assigned in one act leave one entry, about the project.
ASSIGNED = Q(event=Event.WORK_ASSIGNED, subject_type=Project._meta.label_lower)


def _given_to(viewer: User | AnonymousUser) -> QuerySet[Any]:
    return versions_of(Assignment)._default_manager.filter(history_type="+", annotator_id=viewer.pk).order_by()


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
        parts = _parts_of_own_work(viewer)
        own = Entry.objects.filter(_seen_of(viewer, parts)) if parts else entries_visible_to(viewer)
        leading = tuple(Entry.objects.filter(part) for part in parts) if len(parts) > 1 else ()
        sources.append(Source(own, elsewhere, whole=False, leading=leading))
    return sources
