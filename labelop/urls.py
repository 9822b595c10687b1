from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from roles.api.nowhere import NowhereView

from .pages.label_studio import receive

urlpatterns = [
    path("api/v1/connect/label-studio/<uuid:receiver>/", receive, name="label_studio"),
    path("api/v1/", include("snapshots.api.urls")),
    re_path("^api(/|$)", NowhereView.as_view(), name="api_nowhere"),
    # Our pages stand before the admin's own: the index is ours.
    path("", include("snapshots.urls")),
    path("", admin.site.urls),
]

handler400 = "labelop.pages.errors.malformed"
handler500 = "labelop.pages.errors.failed"
