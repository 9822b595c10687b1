from __future__ import annotations

from django.contrib import admin
from django.urls import path

from . import pages

urlpatterns = [
    path("", admin.site.admin_view(pages.index), name="index"),
    path("projects/<slug:slug>/", admin.site.admin_view(pages.project), name="project"),
    path("projects/<slug:slug>/trail/", admin.site.admin_view(pages.trail), name="trail"),
    path("projects/<slug:slug>/trail/export/", admin.site.admin_view(pages.export_trail), name="export_trail"),
    path("trail/", admin.site.admin_view(pages.trail), name="trail_of_all"),
    path("projects/<slug:slug>/items/<path:key>/", admin.site.admin_view(pages.item), name="item"),
    path("projects/<slug:slug>/snapshots/<int:number>/", admin.site.admin_view(pages.snapshot), name="snapshot"),
    path("projects/<slug:slug>/snapshots/<int:number>/restore/", admin.site.admin_view(pages.restore), name="restore"),
]
