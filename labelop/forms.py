from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.forms import ValidationError

from roles.forms import ActForm, ReasonField
from roles.matrix import Can
from roles.models import User
from roles.selectors import is_member_of_any_project

from .models import Item
from .services.work import exclude_item, reinstate_item


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


class ExcludeItemForm(ActForm):
    """Why an item leaves the dataset."""

    name, label, done = "exclude", "Exclude item", "The item is out of the dataset; its past stays."
    can, ending = Can.EXCLUDE_ITEMS, True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Item) -> bool:
        return not subject.excluded

    def act(self, reason: str) -> Item:
        return exclude_item(self.subject, by=self.viewer, reason=reason)


class ReinstateItemForm(ActForm):
    """Why an item comes back."""

    name, label, done = "reinstate", "Reinstate item", "The item is in the dataset again."
    can = Can.EXCLUDE_ITEMS
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Item) -> bool:
        return subject.excluded

    def act(self, reason: str) -> Item:
        return reinstate_item(self.subject, by=self.viewer, reason=reason)
