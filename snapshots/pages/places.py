"""Where the past of a record, or what a saved view asks for, is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse

from labelop.models import Item, Project

if TYPE_CHECKING:
    from ..differences import Difference
    from ..models import SavedView

ADMINS = {
    "items": "admin:labelop_item_history",
    "annotations": "admin:labelop_annotation_history",
    "schema": "admin:labelop_labelclass_history",
}


def place_of(project: Project, difference: Difference) -> str:
    """The page of an item for the item and its marks; the admin's own where a key does not fit into an address."""
    own = reverse(ADMINS[difference.section], args=[difference.record_id])
    return _of_item(project, difference.item, own) if difference.section != "schema" and difference.item else own


def address_of_item(item: Item) -> str:
    return _of_item(item.project, item.key, reverse(ADMINS["items"], args=[item.pk]))


def _of_item(project: Project, key: str, otherwise: str) -> str:
    try:
        return reverse("item", args=[project.slug, key])
    except NoReverseMatch:
        return otherwise


def address_of_view(view: SavedView) -> str:
    """The same for as long as the view is there, whatever it is called."""
    return f"{reverse('trail', args=[view.project.slug])}?view={view.pk}"
