"""What the acts on an item ask."""

from __future__ import annotations

from typing import Any

from django import forms

from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can

from ..models import Item, Project
from ..services.work import add_item, exclude_item, reinstate_item


class AddItemForm(ListActForm):
    """One thing to label."""

    name, label, done = "create", "Add an item", "The item is added."
    can = Can.IMPORT_HISTORY
    key = forms.CharField(max_length=500, help_text="Never changes: tools know the item by it.")
    content = forms.JSONField(help_text="What is labelled, the item’s `data`: a URI, a text, … as a JSON object.")
    split = forms.CharField(required=False, max_length=255)
    metadata = forms.JSONField(required=False)
    reason = ReasonField(required=False)

    def act(self, project: Project, key: str, content: dict[str, Any], metadata: Any, **answers: Any) -> Item:
        return add_item(project, key, content, by=self.viewer, metadata=metadata or {}, **answers)


class ExcludeItemForm(ActForm):
    """Why an item leaves the dataset."""

    name, label, done = "exclude", "Exclude item", "The item is out of the dataset; its past stays."
    can, ending = Can.EXCLUDE_ITEMS, True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Item) -> bool:
        return not subject.excluded

    def act(self, reason: str) -> Item:
        return exclude_item(self.subject, by=self.viewer, reason=reason)


class ReinstateItemForm(ActForm):
    """Why an item comes back."""

    name, label, done = "reinstate", "Reinstate item", "The item is in the dataset again."
    can = Can.EXCLUDE_ITEMS
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Item) -> bool:
        return subject.excluded

    def act(self, reason: str) -> Item:
        return reinstate_item(self.subject, by=self.viewer, reason=reason)


ACTS: tuple[type[ActForm], ...] = (ExcludeItemForm, ReinstateItemForm)
