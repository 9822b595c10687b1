"""Members, what stands out of what they may do, tokens, and accounts."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from ..filters import AnomalyFilters, MembershipFilters, TokenFilters
from ..forms import AcknowledgeForm, ResolveForm, RevealForm
from ..forms import accounts as of_accounts
from ..forms.members import ChangeRole, EndRole
from ..forms.tokens import RevokeToken
from ..models import Anomaly, Membership, Token, User
from ..pages import member_behind
from ..selectors import (
    accounts_visible_to,
    anomalies_visible_to,
    memberships_visible_to,
    projects_of,
    tokens_visible_to,
)
from .collections import Collection
from .rows import Person, Row


class MembershipRow(Row):
    user = Person(help_text="Who, as role and number.")

    class Meta:
        model = Membership
        fields: ClassVar = (
            *("id", "url", "page", "project", "user", "role"),
            *("granted_by", "granted_at", "reason", "valid_until", "ended_at"),
        )


class AnomalyRow(Row):
    class Meta:
        model = Anomaly
        fields: ClassVar = ("id", "url", "page", "project", "rule", "explanation", "entries", "state", "noted_at")


class TokenRow(Row):
    """A token, never what it is shown with."""

    scopes = serializers.ListField(child=serializers.CharField())
    projects = serializers.SerializerMethodField(help_text="Where it is good for several, those that you see.")
    state = serializers.ChoiceField(choices=["in force", "expired", "revoked"])

    class Meta:
        model = Token
        fields: ClassVar = (
            *("id", "url", "page", "name", "project", "projects", "user", "scopes", "state"),
            *("issued_by", "created", "expiry", "last_used_on", "revoked_at"),
        )

    def get_projects(self, token: Token) -> list[str]:
        return projects_of(token, member_behind(self.context["request"]))


class AccountRow(Row):
    """An account by name: only who stands above the projects reads it."""

    page = None

    class Meta:
        model = User
        fields: ClassVar = ("id", "url", "username", "kind", "is_active", "is_superuser", "date_joined")


COLLECTIONS = (
    Collection(
        "members",
        "Who holds, or held, which role on a project.",
        MembershipRow,
        memberships_visible_to,
        (RevealForm, ChangeRole, EndRole),
        filters=MembershipFilters,
    ),
    Collection(
        "anomalies",
        "Permissions, or their use, that stand out until somebody explains them.",
        AnomalyRow,
        anomalies_visible_to,
        (AcknowledgeForm, ResolveForm),
        filters=AnomalyFilters,
    ),
    Collection(
        "tokens",
        "What tools show to act as an account; one is issued in the admin, where it is told once.",
        TokenRow,
        tokens_visible_to,
        (RevokeToken,),
        filters=TokenFilters,
    ),
    Collection(
        "accounts",
        "Accounts by name, for superusers.",
        AccountRow,
        accounts_visible_to,
        of_accounts.ACTS,
        (of_accounts.CreateAccount,),
    ),
)
