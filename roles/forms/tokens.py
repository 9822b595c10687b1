"""What is asked when a tool is let in: its account, its token, and the end of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ..matrix import Can, Role, Scope
from ..models import Kind, Membership, Token, User
from ..selectors import can, projects_where, sees_the_site
from ..services import issue_token, open_service_account, revoke_token
from . import ActForm, ReasonField, projects_offered_to

USUAL = timedelta(days=90)


class OpenServiceAccount(ActForm):
    """The account of a tool, and its role on the project."""

    name, label = "open-service-account", "Open a service account"
    done = "The service account is open: issue a token for it."
    can = Can.CONNECT_TOOLS
    field_order = ("title", "role", "reason")
    title = forms.SlugField(
        label="Name", max_length=40, help_text="The account is called by the project and this name."
    )
    role = forms.ChoiceField(choices=Role.choices)
    reason = ReasonField()

    def act(self, title: str, role: str, reason: str) -> Membership:
        return open_service_account(self.subject, title, Role(role), by=self.viewer, reason=reason)


class TokenForm(ActForm):
    """What every token is issued with. `secret` is told once, right after."""

    done = "The token is issued."
    can = Can.SEE_PROJECT
    secret = ""

    title = forms.CharField(
        label="Name", max_length=100, help_text="What it is for; it stays on the trail, with each act."
    )
    scopes = forms.MultipleChoiceField(
        choices=[choice for choice in Scope.choices if choice[0] != Scope.READ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Beside reading, which every token may. It never does what its account’s role does not let be done.",
    )
    until = forms.DateField(
        label="Good until (UTC)",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: (timezone.now() + USUAL).date(),
        help_text="The end of this day; a year from now at most.",
    )
    reason = ReasonField()

    def issue(self, user: User, title: str, scopes: list[str], until: Any, reason: str, projects: Any) -> Token:
        end = datetime.combine(until, time.min, timezone.get_current_timezone()) + timedelta(days=1)
        token, self.secret = issue_token(
            user,
            title,
            by=self.viewer,
            reason=reason,
            scopes=[Scope(scope) for scope in scopes],
            expiry=end,
            projects=projects,
        )
        return token


class IssueOwnToken(TokenForm):
    """A token with which a tool acts as oneself."""

    name, label = "issue", "Issue a token for yourself"
    field_order = ("title", "projects", "scopes", "until", "reason")
    projects: forms.ModelMultipleChoiceField[Any] = forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for all your projects, those of later too.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = self.fields["projects"]
        if isinstance(projects, forms.ModelMultipleChoiceField):
            projects.queryset = projects_offered_to(self.viewer, self.can)

    def act(self, title: str, reason: str, projects: Any, **answers: Any) -> Token:
        # As the account is stored: a session holds it wrapped.
        own = User.objects.get(pk=self.viewer.pk)
        return self.issue(own, title, answers["scopes"], answers["until"], reason, projects)


class ServiceAccountField(forms.ModelChoiceField):
    """A service account with a role on a project whose connections the viewer manages."""

    def __init__(self) -> None:
        super().__init__(queryset=Membership.objects.none(), label="Service account")

    def offer_to(self, viewer: User) -> None:
        of_tools = Membership.objects.in_force().filter(user__kind=Kind.SERVICE, user__is_active=True)
        managed = of_tools.filter(project__in=projects_where(viewer, Can.CONNECT_TOOLS))
        self.queryset = managed.select_related("user", "project")

    def label_from_instance(self, obj: Any) -> str:
        # A tool is no person: its account is told by name.
        return f"{obj.user}, {obj.get_role_display().lower()} of {obj.project}"


class IssueServiceToken(TokenForm):
    """A token for a service account, good for the project on which it holds its role."""

    name, label = "issue-for-service", "Issue a token for a service account"
    can = Can.CONNECT_TOOLS
    field_order = ("account", "title", "scopes", "until", "reason")
    account = ServiceAccountField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.fields["account"]
        if isinstance(account, ServiceAccountField):
            account.offer_to(self.viewer)

    def act(self, account: Membership, title: str, reason: str, **answers: Any) -> Token:
        return self.issue(account.user, title, answers["scopes"], answers["until"], reason, [account.project])


class RevokeToken(ActForm):
    """Why a token ends before its day."""

    name, label, done, ending = "revoke", "Revoke", "The token is revoked: nothing is answered to it any more.", True
    can = Can.SEE_PROJECT
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Token) -> bool:
        return subject.revoked_at is None

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        if not cls.fits(subject):
            return False
        managed = subject.project is not None and can(viewer, Can.CONNECT_TOOLS, subject.project)
        return subject.user_id == viewer.pk or sees_the_site(viewer) or managed

    def act(self, reason: str) -> Token:
        return revoke_token(self.subject, by=self.viewer, reason=reason)
