from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("snapshots.api.urls")),
    # Our pages stand before the admin's own: the index is ours.
    path("", include("snapshots.urls")),
    path("", admin.site.urls),
]

handler500 = "labelop.pages.errors.failed"
