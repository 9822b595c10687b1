"""The admin site: Django's own, open to every active member of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest

if TYPE_CHECKING:
    from .forms import MemberAuthenticationForm


class LabelopAdminConfig(AdminConfig):
    default_site = "labelop.admin_site.LabelopAdminSite"


class LabelopAdminSite(AdminSite):
    """Django reads this module before there are models: what needs them is imported when it is asked for."""

    site_header = site_title = "LabelOp"
    index_title = "Projects"
    site_url = None
    enable_nav_sidebar = False
    empty_value_display = "–"

    @property
    def login_form(self) -> type[MemberAuthenticationForm]:  # type: ignore[override]
        from .forms import MemberAuthenticationForm

        return MemberAuthenticationForm

    def has_permission(self, request: HttpRequest) -> bool:
        from roles.selectors import is_member_of_any_project

        # The admin asks some twenty times for one page.
        known: bool | None = getattr(request, "labelop_member", None)
        if known is None or request.labelop_member_of != request.user.pk:  # type: ignore[attr-defined]
            known = is_member_of_any_project(request.user)
            request.labelop_member = known  # type: ignore[attr-defined]
            request.labelop_member_of = request.user.pk  # type: ignore[attr-defined]
        return known
