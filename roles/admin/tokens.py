from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ..filters import TokenFilters
from ..forms import ActForm
from ..forms.tokens import IssueOwnToken, IssueServiceToken, RevokeToken, TokenForm
from ..models import Token, User
from ..selectors import tokens_visible_to
from .audited import AuditedAdmin


@admin.register(Token)
class TokenAdmin(AuditedAdmin):
    list_display = ("name", "user", "project", "allowed", "state", "expiry", "last_used_on")
    filters = TokenFilters
    empty = "No tool acts as you yet: issue a token for one, and it is told once."
    fields = ("name", "user", "project", "allowed", "state", "issued_by", "created", "expiry", "last_used_on")
    readonly_fields = ("allowed", "state")
    called: ClassVar = {"user": "acts as"}
    acts = (RevokeToken,)
    list_acts = (IssueOwnToken, IssueServiceToken)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Token]:
        return tokens_visible_to(viewer)

    @admin.display(description="may")
    def allowed(self, token: Token) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: Token) -> str:
        return token.state

    def after(self, request: HttpRequest, form: ActForm, made: Model) -> HttpResponse:
        """A new token is told on the page itself, and nowhere else: no message, no session, no log keeps it."""
        if not isinstance(form, TokenForm):
            return super().after(request, form, made)
        context = {
            **self.admin_site.each_context(request),
            "title": form.done,
            "opts": self.opts,
            "token": made,
            "secret": form.secret,
            "address": self.address_after(made),
        }
        # The admin's pages are stored by no cache.
        return TemplateResponse(request, "admin/roles/token/issued.html", context)
