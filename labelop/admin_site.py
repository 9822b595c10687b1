"""The admin site: Django's own, open to every active member of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

if TYPE_CHECKING:
    from .forms.accounts import MemberAuthenticationForm


class LabelopAdminConfig(AdminConfig):
    default_site = "labelop.admin_site.LabelopAdminSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib.admin import site
        from django.contrib.auth.models import Group

        # Roles never use groups, and Django's own pages would change them past every service.
        site.unregister(Group)


class LabelopAdminSite(AdminSite):
    """Django reads this module before there are models: what needs them is imported when it is asked for."""

    site_header = site_title = "LabelOp"
    index_title = "Projects"
    site_url = None
    enable_nav_sidebar = False
    empty_value_display = "–"

    @property
    def login_form(self) -> type[MemberAuthenticationForm]:  # type: ignore[override]
        from .forms.accounts import MemberAuthenticationForm

        return MemberAuthenticationForm

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Pages are read and forms are sent; nothing here answers to any other method, whoever asks."""
        return require_http_methods(["GET", "HEAD", "POST"])(super().admin_view(view, cacheable))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from django.contrib.auth.views import PasswordChangeView

        from .forms.accounts import OwnPasswordForm

        page = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("TemplateResponse", page(request))

    def has_permission(self, request: HttpRequest) -> bool:
        from roles.selectors import is_member_of_any_project

        # The admin asks some twenty times for one page.
        known: bool | None = getattr(request, "labelop_member", None)
        if known is None or request.labelop_member_of != request.user.pk:  # type: ignore[attr-defined]
            known = is_member_of_any_project(request.user)
            request.labelop_member = known  # type: ignore[attr-defined]
            request.labelop_member_of = request.user.pk  # type: ignore[attr-defined]
        return known
