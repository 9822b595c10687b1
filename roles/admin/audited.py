"""Members' rows in the admin: what they may see, and nothing changed but through services.

To register a model, subclass `AuditedAdmin`, name its selector in `visible_to` and what narrows it in `filters`. To let
an act be done there, add its `ActForm` to `acts` (on a row) or to `list_acts` (which begins something).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, DateTimeField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from audit.fields import CanonicalJSONField
from audit.history import project_id_of
from audit.models import Entry

from ..filters import StrictFilterSet
from ..forms import ActForm, project_of, take_errors
from ..models import User
from ..pages import member_behind
from ..past import DrawnVersion, PastVersion, past_of
from ..selectors import entries_visible_to, latest_roles_in
from ..services import authorize
from ..telling import Pseudonyms, pseudonyms_in
from .lists import NarrowedList
from .values import told_on_its_page

NOT_AS_DJANGO_TELLS_THEM = (BooleanField, CanonicalJSONField, DateTimeField)


class AuditedAdmin(admin.ModelAdmin):
    """Shows the rows a viewer may see. A subclass that lets them change hands the change to a service."""

    actions = None
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()

    filters: type[StrictFilterSet] = StrictFilterSet
    # What would stand in the list, and how it comes to stand there: said where it is empty.
    empty = ""
    acts: tuple[type[ActForm], ...] = ()
    list_acts: tuple[type[ActForm], ...] = ()
    # What a column that points to a user is called, where its own name would mislead.
    called: ClassVar[dict[str, str]] = {}
    change_form_template = "admin/audited_change_form.html"
    change_list_template = "admin/audited_change_list.html"

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Any]:
        raise NotImplementedError(f"{type(self).__name__} names no selector.")

    def entries_visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Entry]:
        """What of the trail stands beside the versions of a row."""
        return entries_visible_to(viewer)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.visible_to(request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row at an address, read once for all parts of its page; after an act on it another page is asked for."""
        read = request.__dict__.setdefault("labelop_rows", {})
        if (object_id, from_field) not in read:
            read[object_id, from_field] = super().get_object(request, object_id, from_field)
        return read[object_id, from_field]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NarrowedList]:
        return NarrowedList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._told(request, column) for column in self.list_display]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [self._told(request, field) for field in super().get_fields(request, obj)]

    def _told(self, request: HttpRequest, column: Any) -> Any:
        """A column as a page tells it: people by role and number, and what Django tells otherwise."""
        field = {field.name: field for field in self.opts.concrete_fields}.get(column)
        if field is None or not (field.related_model is User or isinstance(field, NOT_AS_DJANGO_TELLS_THEM)):
            return column

        def told(row: Any) -> Any:
            value = getattr(row, field.attname)
            if field.related_model is User and value is not None:
                return member_told(request, project_id_of(row), value)
            # Django says None beside a field where its lists say that nothing is there.
            return self.get_empty_value_display() if value in (None, {}, []) else told_on_its_page(value)

        return admin.display(description=self.called.get(column, field.verbose_name))(told)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        raise NotImplementedError(f"{type(self).__name__} hands its changes to no service.")

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        raise NotImplementedError("Nothing is deleted here.")

    def name_of(self, row: Any) -> str:
        return str(row)

    def _get_obj_does_not_exist_redirect(self, *args: Any, **kwargs: Any) -> HttpResponse:
        # Django would send the viewer to the index with the id in a message; hidden is 404.
        raise Http404

    def get_urls(self) -> list[Any]:
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        reading = super().get_urls()
        for page in reading:
            page.callback = require_safe(page.callback)
        return [
            path("acts/<slug:name>/", self.admin_site.admin_view(self.list_act_view), name=f"{prefix}_list_act"),
            path("<int:pk>/acts/<slug:name>/", self.admin_site.admin_view(self.act_view), name=f"{prefix}_act"),
            *reading,
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": str(self.opts.verbose_name_plural).capitalize(),
            "acts": self._offered(request, self.list_acts, None),
            "empty": self.empty,
        }
        page = super().changelist_view(request, {**(extra_context or {}), **context})
        if isinstance(page, TemplateResponse) and page.context_data and page.context_data["cl"].wrong:
            page.status_code = 400
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        context = {
            "title": self.name_of(row),
            "subtitle": None,
            "project": project_of(row),
            "acts": self._offered(request, self.acts, row),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """One act on one row: what it asks, and handing the answers to its service."""
        row = self.get_object(request, str(pk))
        form_class = next((form for form in self.acts if form.name == name), None)
        if row is None or form_class is None:
            raise Http404
        project = project_of(row)
        # What belongs to the site only superusers see; its services ask again.
        if project is not None:
            authorize(member_behind(request), form_class.can, project)
        return self._ask(request, form_class, row)

    def list_act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """An act that begins something in one of the viewer's projects."""
        form_class = next((form for form in self.list_acts if form.name == name), None)
        if form_class is None or not form_class.offered(None, member_behind(request)):
            raise Http404
        return self._ask(request, form_class, None)

    def _ask(self, request: HttpRequest, form_class: type[ActForm], row: Any) -> HttpResponse:
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = form_class(
            *sent,
            # What the link that led here has filled in already.
            initial=request.GET.dict(),
            subject=row,
            viewer=member_behind(request),
        )
        if form.is_valid():
            try:
                made = form.act(**form.cleaned_data)
            except ValidationError as error:
                take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
            else:
                return self.after(request, form, made)
        context = {
            **self.admin_site.each_context(request),
            "title": form_class.label,
            "opts": self.opts,
            "object": row,
            "project": project_of(row) if row is not None else None,
            "name": self.name_of(row) if row is not None else "",
            "form": form,
        }
        return TemplateResponse(request, "admin/act.html", context, status=422 if form.is_bound else 200)

    def after(self, request: HttpRequest, form: ActForm, made: Model) -> HttpResponse:
        """What follows an act that is done: the row that it made or changed."""
        messages.success(request, form.done)
        for warning in form.warnings:
            messages.warning(request, warning)
        return redirect(self.address_after(made))

    def _offered(self, request: HttpRequest, forms: tuple[type[ActForm], ...], row: Any) -> list[type[ActForm]]:
        return [form for form in forms if form.offered(row, member_behind(request))]

    def drawn(self, row: Any, versions: list[PastVersion]) -> list[DrawnVersion]:
        """Each version with what to draw of it, if anything, and the changes that the drawing leaves to be told."""
        return [(version, None, version.changes) for version in versions]

    def address_after(self, made: Model) -> str:
        """Where to go once an act is done: to the row that it made or changed."""
        return reverse(f"admin:{made._meta.app_label}_{made._meta.model_name}_change", args=[made.pk])

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The versions of a row beside the entries that explain them."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        past = past_of(row, request.user, request.GET.get("before"), self.entries_visible_to(request.user))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {self.name_of(row)}",
            "opts": self.opts,
            "object": row,
            "project": project_of(row),
            "name": self.name_of(row),
            "past": past,
            "drawn": self.drawn(row, past.versions),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


def member_told(request: HttpRequest, project_id: int | None, user_id: int) -> str:
    """A member of a project in the role they hold, or held last; each project is asked for once on a page."""
    known: dict[int | None, tuple[Pseudonyms, dict[tuple[int, int], str]]]
    known = request.__dict__.setdefault("labelop_members", {})
    if project_id not in known:
        known[project_id] = pseudonyms_in([project_id], request.user), latest_roles_in([project_id])
    pseudonyms, roles = known[project_id]
    return pseudonyms.of(project_id, user_id, roles.get((project_id or 0, user_id), ""))
