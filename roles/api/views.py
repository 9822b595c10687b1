"""What every view of the API does: it asks who asks, takes the parameters it names and no other, and says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.views import APIView

from ..models import User
from ..pages import member_behind
from ..paging import KeysetPage, newest_first
from .described import Described
from .problems import WrongParameter

MOST, USUAL = 200, 50
LONGEST_VALUE = 2000


@dataclass(frozen=True)
class Parameter:
    """One parameter of an address: what it says, and the JSON schema of its value."""

    about: str
    schema: Mapping[str, Any]
    required: bool = False
    many: bool = False


TEXT: Mapping[str, Any] = {"type": "string"}
CURSOR = Parameter(
    "Where to go on: what `next` of the page before says.", {"type": "string", "pattern": r"^[0-9]{1,18}$"}
)
LIMIT = Parameter("How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL})
PAGED: Mapping[str, Parameter] = {"cursor": CURSOR, "limit": LIMIT}


class ApiView(APIView):
    """A view with the parameters that it names. Its answers are described beside them, for `roles.api.schema`."""

    http_method_names = ["get", "head", "post"]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    tag: str = ""
    summary: str = ""

    def described(self, method: str) -> Described:
        """What this view is when it is asked with a method."""
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, values in request.GET.lists():
            self._must_be_a_parameter(name, values)
        for name, parameter in self.known_parameters().items():
            if parameter.required and not request.GET.get(name, "").strip():
                raise WrongParameter(name, f"{name} is wanted.")

    def known_parameters(self) -> Mapping[str, Parameter]:
        return self.parameters

    def _must_be_a_parameter(self, name: str, values: list[str]) -> None:
        known = self.known_parameters()
        if name not in known:
            raise WrongParameter(name, f"There is no parameter {name} here.")
        if len(values) > 1 and not known[name].many:
            raise WrongParameter(name, f"{name} stands here once.")
        if any("\0" in value or len(value) > LONGEST_VALUE for value in values):
            raise WrongParameter(name, f"{name} has no such value.")

    @property
    def viewer(self) -> User:
        return member_behind(self.request)

    def page_of(self, rows: QuerySet[Any], project_ids: Sequence[int] = ()) -> KeysetPage[Any]:
        """The newest rows below the cursor, read by these projects where they are given."""
        return newest_first(rows, str(self.cursor or ""), self.limit, project_ids)

    @property
    def cursor(self) -> int | None:
        return _whole(self.request, "cursor", 10**18 - 1)

    @property
    def limit(self) -> int:
        return _whole(self.request, "limit", MOST) or USUAL

    def next_of(self, older_than: int | None) -> str | None:
        """The address of the next page, which asks the same."""
        if older_than is None:
            return None
        asked = self.request.GET.copy()
        asked["cursor"] = str(older_than)
        return f"{self.request.path}?{asked.urlencode()}"


def _whole(request: Request, name: str, most: int) -> int | None:
    """A whole number from 1 on."""
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19 and 1 <= int(text) <= most):
        raise WrongParameter(name, f"{name} is a whole number from 1 to {most:,}.")
    return int(text)
