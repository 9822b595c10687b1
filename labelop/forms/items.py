"""What the acts on an item ask."""

from __future__ import annotations

from roles.forms import ActForm, ReasonField
from roles.matrix import Can

from ..models import Item
from ..services.work import exclude_item, reinstate_item


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
