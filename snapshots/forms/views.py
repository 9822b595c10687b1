"""What the acts on saved views ask."""

from __future__ import annotations

from typing import Any

from django import forms

from audit.query import Query
from labelop.models import Project
from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can
from roles.models import User
from roles.selectors import can

from ..models import SavedView
from ..services.views import remove_view, rename_view, save_view
from .trail import QueryField


class NameField(forms.CharField):
    """What a view is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=80, **options)


class SaveViewForm(ListActForm):
    name = "save"
    label = "Save a view"
    done = "The view is saved; it stands beside the search of its trail."
    can = Can.INSPECT_TRAIL

    called = NameField(label="Name")
    query = QueryField(required=False)
    shared = forms.BooleanField(required=False, label="Shared with everybody who inspects this trail")
    reason = ReasonField(required=False)
    field_order = ("project", "called", "query", "shared", "reason")

    def act(self, project: Project, called: str, query: Query, shared: bool, reason: str) -> SavedView:
        return save_view(project, called, query, shared=shared, by=self.viewer, reason=reason)


class _ChangeForm(ActForm):
    """An act on a view that is there."""

    can = Can.INSPECT_TRAIL

    @classmethod
    def offered(cls, subject: SavedView, viewer: User) -> bool:
        return subject.made_by_id == viewer.pk or can(viewer, Can.EDIT_SETTINGS, subject.project)


class RenameViewForm(_ChangeForm):
    name = "rename"
    label = "Rename"
    done = "The view has another name."

    called = NameField(label="Name")
    reason = ReasonField(required=False)

    def act(self, called: str, reason: str) -> SavedView:
        return rename_view(self.subject, called, by=self.viewer, reason=reason)


class RemoveViewForm(_ChangeForm):
    name = "remove"
    label = "Remove"
    done = "The view is removed."
    ending = True

    reason = ReasonField(required=False)

    def act(self, reason: str) -> Project:
        return remove_view(self.subject, by=self.viewer, reason=reason).project
