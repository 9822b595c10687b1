from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from ..filters import TokenFilters
from ..forms.tokens import IssueOwnToken, IssueServiceToken, RevokeToken
from ..models import Token, User
from ..selectors import projects_of, tokens_visible_to
from .secrets import SecretAdmin


@admin.register(Token)
class TokenAdmin(SecretAdmin):
    told_in = "admin/roles/token/issued.html"
    list_display = ("name", "user", "good_for", "allowed", "state", "expiry", "last_used_on")
    filters = TokenFilters
    empty = "No tool acts as you yet: issue a token for one, and it is told once."
    fields = ("name", "user", "good_for", "allowed", "state", "issued_by", "created", "expiry", "last_used_on")
    readonly_fields = ("good_for", "allowed", "state")
    called: ClassVar = {"user": "acts as"}
    acts = (RevokeToken,)
    list_acts = (IssueOwnToken, IssueServiceToken)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Token]:
        return tokens_visible_to(viewer)

    @admin.display(description="projects")
    def good_for(self, token: Token) -> str:
        # Of several, those on which its account still holds a role: a page is of nobody, and only they see it.
        projects = ", ".join(projects_of(token, token.user)) or "none any more"
        return projects if token.projects else str(token.project or "all of the account")

    @admin.display(description="may")
    def allowed(self, token: Token) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: Token) -> str:
        return token.state
