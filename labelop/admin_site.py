"""The admin site: Django's own, open to every active member."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class LabelopAdminConfig(AdminConfig):
    default_site = "labelop.admin_site.LabelopAdminSite"


class LabelopAdminSite(AdminSite):
    site_header = site_title = "LabelOp"
    index_title = "Projects"

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active
