"""What the admin asks of whoever logs in, and of whoever changes their password."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.signals import user_login_failed
from django.forms import ValidationError

from roles.models import User
from roles.selectors import is_member_of_any_project
from roles.services import change_password


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
            # The password was right, and counts as wrong all the same: else whoever counts would know it.
            user_login_failed.send(__name__, credentials={"username": user.username}, request=self.request)
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class OwnPasswordForm(PasswordChangeForm):
    """Django's form saves the account by itself; ours hands the password to the service."""

    required_css_class = "required"

    def save(self, commit: bool = True) -> User:
        member = User.objects.get(pk=self.user.pk)
        # The page then renews the session of this account as it is now.
        self.user = change_password(member, self.cleaned_data["new_password1"], by=member)
        return self.user
