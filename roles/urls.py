from __future__ import annotations

from django.contrib import admin
from django.urls import path

from . import pages

urlpatterns = [
    path("projects/<slug:slug>/team/", admin.site.admin_view(pages.team), name="team"),
    path("projects/<slug:slug>/team/<int:pk>/change/", admin.site.admin_view(pages.change), name="change_role"),
    path("projects/<slug:slug>/team/<int:pk>/end/", admin.site.admin_view(pages.end), name="end_role"),
]
