from __future__ import annotations

from typing import ClassVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ..forms import ActForm, project_of
from .audited import AuditedAdmin


class SecretAdmin(AuditedAdmin):
    """Rows with a secret, which is told right after it was made; `told_in` extends `admin/secret.html`."""

    told_in: ClassVar[str]

    def after(self, request: HttpRequest, form: ActForm, made: Model) -> HttpResponse:
        """A secret is told on the page itself, and nowhere else: no message, no session, no log keeps it."""
        if not form.secret:
            return super().after(request, form, made)
        context = {
            **self.admin_site.each_context(request),
            "title": form.done,
            "opts": self.opts,
            "made": made,
            "project": project_of(made),
            "secret": form.secret,
            "address": self.address_after(made),
        }
        answer = TemplateResponse(request, self.told_in, context)
        answer["Cache-Control"] = "no-store"
        return answer
