from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.forms import ValidationError

from roles.models import User
from roles.selectors import is_member_of_any_project


class MemberAuthenticationForm(AuthenticationForm):
    """The login form of Django's admin asks `is_staff`; ours asks for a membership."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": (
            "Please enter the username and password of an account with a role on a project. Both may be case-sensitive."
        ),
    }
    required_css_class = "required"

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if not is_member_of_any_project(user):
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")
