"""The admin site: Django's own, open to every active member of a project."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.forms import AuthenticationForm
from django.forms import ValidationError
from django.http import HttpRequest


class LabelopAdminConfig(AdminConfig):
    default_site = "labelop.admin_site.LabelopAdminSite"


class MemberAuthenticationForm(AuthenticationForm):
    """Django's login form of the admin asks `is_staff`; ours asks for a membership."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": (
            "Please enter the correct %(username)s and password for an account with a role on a project. "
            "Note that both fields may be case-sensitive."
        ),
    }
    required_css_class = "required"

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        from roles.selectors import is_member_of_any_project

        super().confirm_login_allowed(user)
        if not is_member_of_any_project(user):
            raise ValidationError(
                self.error_messages["invalid_login"],
                code="invalid_login",
                params={"username": self.username_field.verbose_name},
            )


class LabelopAdminSite(AdminSite):
    site_header = site_title = "LabelOp"
    index_title = "Projects"
    site_url = None
    enable_nav_sidebar = False
    empty_value_display = "–"
    login_form = MemberAuthenticationForm

    def has_permission(self, request: HttpRequest) -> bool:
        # The app registry is not ready when Django imports this module.
        from roles.selectors import is_member_of_any_project

        return is_member_of_any_project(request.user)
