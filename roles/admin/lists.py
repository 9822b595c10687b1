"""Lists of the admin: narrowed by the model's filter set, newest first, in pages that nobody counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.http import urlencode

from ..filters import ChoicesFilter, NameFilter, ProjectFilter, ValuesFilter
from ..pages import Facet, Option
from ..paging import newest_first

if TYPE_CHECKING:
    from .audited import AuditedAdmin

# Of more projects than these one is asked for by its name.
FEW_PROJECTS = 12
# The row below which a page begins.
BEFORE = "before"


class NarrowedList(ChangeList):
    """One page of a list. What is `wrong` with the question is told by parameter, and then nothing is found."""

    model_admin: AuditedAdmin

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.has_filters = self.has_active_filters = False
        given = {name: [value for value in values if value.strip()] for name, values in request.GET.lists()}
        before = given.pop(BEFORE, [""])
        # A form sends the fields that nobody filled in, too.
        self.asked = {name: values for name, values in given.items() if values or name not in self.known}
        self.narrowing = self.model_admin.filters(self.asked, self.root_queryset, viewer=request.user)
        self.wrong: dict[str, list[str]] = {}
        try:
            if not (
                len(before) < 2 and all(one.isascii() and one.isdigit() and len(one) < 19 for one in before if one)
            ):
                raise ValidationError({BEFORE: "A page begins below the number of a row."})
            return self.narrowing.narrowed()
        except ValidationError as error:
            self.wrong = error.message_dict
            return self.root_queryset.none()

    def get_results(self, request: HttpRequest) -> None:
        before = request.GET.get(BEFORE, "")
        page = newest_first(self.queryset, before, self.list_per_page, self.narrowing.whole_projects)
        self.result_list = page.rows
        self.result_count = len(page.rows)
        self.multi_page = self.can_show_all = self.show_admin_actions = False
        self.newest = self.address(self.asked) if before else ""
        self.older = self.address({**self.asked, BEFORE: [str(page.older_than)]}) if page.older_than else ""

    @property
    def known(self) -> dict[str, ValuesFilter]:
        filters: dict[str, ValuesFilter] = self.model_admin.filters.base_filters
        return filters

    @property
    def says(self) -> str:
        """What the list can be narrowed by, in a few words."""
        labels = [facet.label.lower() for facet in self.facets] + [str(field["label"]).lower() for field in self.fields]
        return f"{', '.join(labels[:-1])} or {labels[-1]}" if len(labels) > 1 else "".join(labels)

    def address(self, asked: dict[str, list[str]]) -> str:
        return f"?{urlencode(asked, doseq=True)}"

    @cached_property
    def terms(self) -> list[Option]:
        """What the list is narrowed by, each with the address of the list without it."""
        return [
            Option(f"{self._label(name)}: {self._told(name, value)}", self._toggled(name, value), chosen=True)
            for name, values in self.asked.items()
            for value in values
        ]

    @cached_property
    def facets(self) -> list[Facet]:
        """The vocabularies of the list, each value a link that puts it into the address or takes it out."""
        offered = {name: list(one.choices) for name, one in self.known.items() if isinstance(one, ChoicesFilter)}
        for name in self._named_projects:
            offered = {name: list(self.narrowing.projects), **offered}
        return [
            Facet(
                self._label(name),
                [
                    Option(self._told(name, value), self._toggled(name, value), value in self.asked.get(name, []))
                    for value in values
                ],
            )
            for name, values in offered.items()
        ]

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """What is asked for in words: names before all else."""
        names = [
            name
            for name, one in self.known.items()
            if not isinstance(one, ChoicesFilter) and not (isinstance(one, ProjectFilter) and self._few_projects)
        ]
        return [
            {
                "name": name,
                "label": self._label(name),
                "wants": self.known[name].wants,
                "values": self.asked.get(name) or [""],
                "wrong": self.wrong.get(name, []),
            }
            for name in sorted(names, key=lambda name: not isinstance(self.known[name], NameFilter))
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What stands in the address beside the fields, and is to stay there when they are sent."""
        written = {field["name"] for field in self.fields}
        return [(name, value) for name, values in self.asked.items() if name not in written for value in values]

    @property
    def _few_projects(self) -> bool:
        return len(self.narrowing.projects) <= FEW_PROJECTS

    @property
    def _named_projects(self) -> list[str]:
        """The parameter for a project, where there are several to choose from and few enough to list."""
        several = 1 < len(self.narrowing.projects) <= FEW_PROJECTS
        return [name for name, one in self.known.items() if isinstance(one, ProjectFilter) and several]

    def _label(self, name: str) -> str:
        one = self.known.get(name)
        return str(one.label if one else name).capitalize()

    def _told(self, name: str, value: str) -> str:
        one = self.known.get(name)
        return one.told(value) if isinstance(one, ChoicesFilter) and value in one.choices else value

    def _toggled(self, name: str, value: str) -> str:
        values = self.asked.get(name, [])
        others = [other for other in values if other != value] if value in values else [*values, value]
        return self.address({**self.asked, name: others})


def _check_the_page(before: list[str]) -> None:
    if any(not (one.isascii() and one.isdigit() and len(one) < 19) for one in before if one):
        raise ValidationError({BEFORE: "A page begins below the number of a row."})
