"""Every address of the API; see `roles.api`."""

from __future__ import annotations

from django.urls import path, re_path

from roles.api.nowhere import NowhereView
from roles.api.routes import routes_of

from . import trail
from .collections import COLLECTIONS

app_name = "api"

urlpatterns = [
    path("entries/", trail.EntriesView.as_view(), name="entries"),
    path("entries/<int:row>/", trail.EntryView.as_view(), name="audit.entry"),
    path("trail/", trail.TrailView.as_view(), name="trail"),
    path("projects/<slug:slug>/trail/", trail.TrailView.as_view(), name="projects/trail"),
    *routes_of(COLLECTIONS),
    re_path(".*", NowhereView.as_view(), name="nowhere"),
]
