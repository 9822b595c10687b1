from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from .pages.label_studio import receive

urlpatterns = [
    path("api/v1/connect/label-studio/<uuid:receiver>/", receive, name="label_studio"),
    # Our pages stand before the admin's own: the index is ours.
    path("", include("snapshots.urls")),
    path("", admin.site.urls),
]

handler500 = "labelop.pages.errors.failed"
