from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.urls import reverse

from roles.admin import AuditedAdmin
from roles.models import User

from ..filters import SavedViewFilters
from ..forms.views import RemoveViewForm, RenameViewForm, SaveViewForm
from ..models import SavedView
from ..pages.places import address_of_view
from ..selectors import saved_views_visible_to


@admin.register(SavedView)
class SavedViewAdmin(AuditedAdmin):
    list_display = ("name", "project", "query", "shared", "made_by", "made_at")
    filters = SavedViewFilters
    empty = "Nobody keeps a question to the trail yet."
    fields = ("project", "name", "query", "shared", "made_by", "made_at")
    acts = (RenameViewForm, RemoveViewForm)
    list_acts = (SaveViewForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[SavedView]:
        return saved_views_visible_to(viewer)

    def address_after(self, made: Model) -> str:
        if isinstance(made, SavedView):
            return address_of_view(made)
        return reverse("admin:snapshots_savedview_changelist")
