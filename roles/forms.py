"""What the team page asks."""

from __future__ import annotations

from typing import Any

from django import forms

from .matrix import Role
from .models import Kind, User


class ReasonForm(forms.Form):
    """Why a role ends."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), help_text="Stays on the trail; every member who inspects it reads it."
    )


class ChangeRoleForm(ReasonForm):
    """Another role, and why."""

    field_order: tuple[str, ...] = ("role", "reason")
    role = forms.ChoiceField(choices=[("", "Choose a role"), *Role.choices])

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class GrantRoleForm(ChangeRoleForm):
    """A role for an exact username: a list of users would tell who works here."""

    field_order = ("user", "role", "valid_until", "reason")
    user = forms.CharField(
        label="Username", max_length=150, help_text="Exactly as the account is named; no list is offered."
    )
    valid_until = forms.DateTimeField(
        required=False,
        label="Valid until (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Leave it empty for a role without an end.",
    )

    def clean_user(self) -> User:
        # SECURITY: one text for an account that does not exist and for one that cannot be used.
        user = User.objects.filter(username=self.cleaned_data["user"], is_active=True).exclude(kind=Kind.ATTRIBUTED)
        found = user.first()
        if found is None:
            raise forms.ValidationError("No account that can hold a role has this username.", code="unusable")
        return found


def take_errors(form: forms.Form, errors: dict[str, Any]) -> None:
    """Show what a service refused beside the field it speaks of."""
    for field, messages in errors.items():
        form.add_error(field if field in form.fields else None, messages)
