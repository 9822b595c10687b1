from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from . import pages


def _of_project(address: str, page: Any, name: str) -> URLPattern:
    pattern: URLPattern = path(f"projects/<slug:slug>/{address}", admin.site.admin_view(page), name=name)
    return pattern


urlpatterns = [
    path("", admin.site.admin_view(pages.index), name="index"),
    path("find/", admin.site.admin_view(pages.find), name="find"),
    _of_project("", pages.project, "project"),
    _of_project("trail/", pages.trail, "trail"),
    _of_project("trail/export/", pages.export_trail, "export_trail"),
    path("trail/", admin.site.admin_view(pages.trail), name="trail_of_all"),
    path("trail/export/", admin.site.admin_view(pages.export_trail), name="export_trail_of_all"),
    _of_project("quality/", pages.quality, "quality"),
    _of_project("quality/signals/<int:pk>/", pages.quality_signal, "quality_signal"),
    _of_project("access/", pages.access, "access"),
    _of_project("access/<int:pk>/change/", pages.change_member, "change_role"),
    _of_project("access/<int:pk>/end/", pages.end_member, "end_role"),
    # The address under which links of old point to the page of access.
    _of_project("team/", RedirectView.as_view(pattern_name="access", permanent=True), "team"),
    _of_project("items/<path:key>/", pages.item, "item"),
    _of_project("snapshots/<int:number>/", pages.snapshot, "snapshot"),
    _of_project("snapshots/<int:number>/restore/", pages.restore, "restore"),
    _of_project("snapshots/<int:number>/export/", pages.export_snapshot, "export_snapshot"),
    _of_project("snapshots/<int:number>/file/", pages.review_file, "review_file"),
    _of_project("snapshots/<int:number>/markdown/", pages.review_markdown, "review_markdown"),
    _of_project("releases/", pages.list_releases, "releases"),
    _of_project("log-reviews/", pages.list_log_reviews, "log_reviews"),
    _of_project("log-reviews/<int:pk>/", pages.read_log_review, "log_review"),
]
