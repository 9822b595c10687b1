"""Every address of the API; see `roles.api`."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path

from roles.api.description import DescriptionView, SwaggerView
from roles.api.nowhere import NowhereView
from roles.api.routes import routes_of, view_of

from ..forms.streams import ExportReview, ExportSnapshot, LetOutForm, StreamSnapshot, StreamTrail, StreamVersions
from . import between, items, standing, trail
from .collections import COLLECTIONS
from .streams import ArchiveView, LetOutView, ReviewFileView, StreamView

app_name = "api"


def _let_out(noun: str, form: type[LetOutForm], view: type[LetOutView] = StreamView) -> Any:
    collection = next(each for each in COLLECTIONS if each.noun == noun)
    return view_of(view, collection=collection, form_class=form)


urlpatterns = [
    path("schema/", DescriptionView.as_view(), name="description"),
    path("docs/", SwaggerView.as_view(), name="docs"),
    path("entries/", trail.EntriesView.as_view(), name="entries"),
    path("entries/<int:row>/", trail.EntryView.as_view(), name="audit.entry"),
    path("trail/", trail.TrailView.as_view(), name="trail"),
    path("projects/<slug:slug>/trail/", trail.TrailOfProjectView.as_view(), name="projects/trail"),
    path("projects/<slug:slug>/differences/", between.DifferencesView.as_view(), name="projects/differences"),
    path("projects/<slug:slug>/reconcile/", between.ReconcileView.as_view(), name="projects/reconcile"),
    path("projects/<slug:slug>/statement/", between.StatementView.as_view(), name="projects/statement"),
    path("projects/<slug:slug>/who/", between.WhoView.as_view(), name="projects/who"),
    path("projects/<slug:slug>/chapters/", between.ChaptersView.as_view(), name="projects/chapters"),
    path("projects/<slug:slug>/access-then/", standing.AccessThenView.as_view(), name="projects/access-then"),
    path("projects/<slug:slug>/quality/", standing.QualityView.as_view(), name="projects/quality"),
    path("items/<int:row>/history/", items.ItemHistoryView.as_view(), name="items/history"),
    path("items/<int:row>/blame/", items.BlameView.as_view(), name="items/blame"),
    path("releases/<int:row>/gates/", standing.GatesView.as_view(), name="releases/gates"),
    path("log-reviews/<int:row>/scope/", standing.LogReviewScopeView.as_view(), name="log-reviews/scope"),
    path(
        "quality-signals/<int:row>/candidates/",
        standing.SignalCandidatesView.as_view(),
        name="quality-signals/candidates",
    ),
    path("matrix/", standing.MatrixView.as_view(), name="matrix"),
    path("me/", standing.MeView.as_view(), name="me"),
    path("projects/<slug:row>/stream-trail/", _let_out("projects", StreamTrail), name="projects/stream-trail"),
    path("projects/<slug:row>/stream-versions/", _let_out("projects", StreamVersions), name="projects/stream-versions"),
    path("snapshots/<int:row>/stream/", _let_out("snapshots", StreamSnapshot), name="snapshots/stream"),
    path("snapshots/<int:row>/export/", _let_out("snapshots", ExportSnapshot, ArchiveView), name="snapshots/export"),
    path(
        "snapshots/<int:row>/export-review/",
        _let_out("snapshots", ExportReview, ReviewFileView),
        name="snapshots/export-review",
    ),
    *routes_of(COLLECTIONS),
    re_path(".*", NowhereView.as_view(), name="nowhere"),
]
