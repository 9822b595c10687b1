"""What the acts on accounts ask; they belong to the site, and a superuser does them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from ..matrix import Can
from ..models import Kind, User
from ..selectors import sees_the_site
from ..services import create_account, deactivate_account, grant_superuser, revoke_superuser
from . import ActForm, ReasonField


class OfTheSite(ActForm):
    """An act that asks for no permission on a project; its service asks who stands above them."""

    can: ClassVar[Can] = Can.MANAGE_ROLES

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        return sees_the_site(viewer) and (subject is None or cls.fits(subject))


class CreateAccount(OfTheSite):
    name, label, done = "create", "Create an account", "The account is open."
    username = forms.CharField(max_length=150)
    password = forms.CharField(max_length=500, widget=forms.PasswordInput)

    def act(self, username: str, password: str) -> User:
        return create_account(username, password, by=self.viewer)


class DeactivateAccount(OfTheSite):
    name, label, done, ending = "deactivate", "Close the account", "The account is closed; its roles have ended.", True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: User) -> bool:
        return subject.is_active

    def act(self, reason: str) -> User:
        return deactivate_account(self.subject, by=self.viewer, reason=reason)


class GrantSuperuser(OfTheSite):
    name, label, done = "grant-superuser", "Grant superuser rights", "The account stands above the projects."
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: User) -> bool:
        return subject.is_active and not subject.is_superuser and subject.kind != Kind.ATTRIBUTED

    def act(self, reason: str) -> User:
        return grant_superuser(self.subject, by=self.viewer, reason=reason)


class RevokeSuperuser(OfTheSite):
    name, label, done, ending = "revoke-superuser", "End superuser rights", "The superuser rights have ended.", True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: User) -> bool:
        return subject.is_superuser

    def act(self, reason: str) -> User:
        return revoke_superuser(self.subject, by=self.viewer, reason=reason)


ACTS: tuple[type[ActForm], ...] = (DeactivateAccount, GrantSuperuser, RevokeSuperuser)
