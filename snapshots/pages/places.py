"""Where one reads on: the past of a record, a saved view, the page of a release, what a gate was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse

from labelop.models import Item, Project

from ..models import LogReview, Release, Snapshot

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


def place_of_snapshot(snapshot: Snapshot) -> str:
    return reverse("snapshot", args=[snapshot.project.slug, snapshot.number])


def place_of_log_review(log_review: LogReview) -> str:
    return reverse("log_review", args=[log_review.project.slug, log_review.pk])


def place_of_release(release: Release) -> str:
    """A release is read on the page of its snapshot."""
    return place_of_snapshot(release.snapshot)


def place_of_gate(release: Release, code: str) -> str:
    """Where one sees what a gate was read from."""
    slug = release.project.slug
    elsewhere = {
        "disputes": ("admin:labelop_dispute_changelist", []),
        "findings": ("admin:snapshots_finding_changelist", []),
        "assignments": ("admin:labelop_assignment_changelist", []),
        "schema_frozen": ("project", [slug]),
        "anomalies": ("access", [slug]),
        "log_review": ("log_reviews", [slug]),
    }
    if code in elsewhere:
        name, arguments = elsewhere[code]
        return reverse(name, args=arguments)
    within = {"explained": "?kind=unexplained#differences", "in_step": "?kind=out_of_step#differences"}
    within |= {"reviewed": "?kind=not_reviewed#differences", "bulk": "?kind=bulk#differences"}
    return within.get(code, {"identity": "#statement", "planned_date": "#release"}.get(code, ""))
