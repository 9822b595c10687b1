"""Saved views: questions to the trail of a project, kept under a name."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, Refused, locked, moment_of_act, operation
from audit.events import Event
from audit.models import Entry
from audit.query import Query, Wrong
from audit.services import record
from labelop.models import Project
from roles.filters import entries_asked_for, without_names
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import SavedView


@operation()
def save_view(project: Project, name: str, query: Query, *, shared: bool, by: User, reason: str = "") -> SavedView:
    """Keep a question under a name, for oneself or for all who inspect this trail.

    It asks for nobody by name, whoever reads it: a name is revealed to one person, and for hours.
    """
    project = locked(project)
    actor = authorize(by, Can.INSPECT_TRAIL, project)
    _must_be_answerable(query, project, by)
    view = SavedView(
        project=project, name=name.strip(), query=str(query), shared=shared, made_by=by, made_at=moment_of_act()
    )
    view.full_clean()
    view.save()
    record(Event.VIEW_SAVED, view, actor, reason=reason, after={"query": view.query, "shared": shared})
    return view


@operation()
def rename_view(view: SavedView, name: str, *, by: User, reason: str = "") -> SavedView:
    locked(view.project)
    view = locked(view)
    actor = _authorize_change(view, by)
    before, view.name = view.name, name.strip()
    view.full_clean()
    view.save()
    record(Event.VIEW_RENAMED, view, actor, reason=reason, before={"name": before}, after={"name": view.name})
    return view


@operation()
def remove_view(view: SavedView, *, by: User, reason: str = "") -> SavedView:
    """Forget a view; what it asked stays on the trail."""
    view = locked(view)
    actor = _authorize_change(view, by)
    SavedView.objects.filter(pk=view.pk).delete()
    record(Event.VIEW_REMOVED, view, actor, reason=reason, before={"query": view.query, "shared": view.shared})
    return view


def _must_be_answerable(query: Query, project: Project, by: User) -> None:
    if without_names(query) != query:
        raise ValidationError(
            {"query": "A saved view asks for people by role and number; a name is revealed for some hours alone."}
        )
    try:
        entries_asked_for(query, Entry.objects.none(), viewer=by, projects={project.slug: project.pk})
    except Wrong as wrong:
        raise ValidationError({"query": wrong.sentence}) from None


def _authorize_change(view: SavedView, by: User) -> Actor:
    """Its maker changes a view; one that is shared also whoever sees to the project, since makers leave."""
    actor = authorize(by, Can.INSPECT_TRAIL, view.project)
    if view.made_by_id == by.pk:
        return actor
    if view.shared:
        return authorize(by, Can.EDIT_SETTINGS, view.project)
    raise Refused(
        "A view that is not shared is changed by its maker alone.",
        user=by,
        role=actor.role,
        asked="view_of_another",
        project_id=view.project_id,
    )
