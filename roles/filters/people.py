"""Asking for people as they are told: by role and number, by name only where it was revealed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db.models import Q

from .strict import ValuesFilter

# How those who acted are told without a name.
TOLD = re.compile(
    r"me|labelop( itself)?|(?P<role>owner|reviewer|annotator|member) (?P<number>\d{1,9})"
    r"|person (?P<person>\d{1,9})( of the imported history)?",
    re.ASCII,
)

Place = tuple[int | None, int | None]


def as_said(value: str) -> str:
    return " ".join(value.split()).lower()


class PersonFilter(ValuesFilter):
    """A member, as rows tell of them: in the role they hold, or held last."""

    wants = "role and number as they are told, such as Reviewer 3; me; a name once it is revealed to you"

    def condition_of(self, value: str) -> Q:
        said = as_said(value)
        told = TOLD.fullmatch(said)
        condition = self.as_told(said, told) if told else self.by_revealed_name(said)
        if condition is None:
            raise ValidationError(
                f"Nobody is told here as {value}. Write role and number as they stand on the trail, such as"
                f' {self.label}:"Reviewer 3"; a name is known only once it was revealed to you.',
                "person",
            )
        return condition

    def as_told(self, said: str, told: re.Match[str]) -> Q | None:
        if told["role"]:
            return self.by_number(told["role"], int(told["number"]))
        return Q(**{self.field_name: self.parent.viewer.pk}) if said == "me" else None

    def by_number(self, role: str, number: int) -> Q | None:
        roles = {} if role == "member" else self.parent.roles
        return self.any_of(place for place in self.numbered(number) if role in ("member", roles.get(_known(place))))

    def by_revealed_name(self, said: str) -> Q | None:
        return self.any_of(place for place, name in self.parent.pseudonyms.names.items() if name.lower() == said)

    def numbered(self, number: int) -> list[Place]:
        return [place for place, known in self.parent.pseudonyms.numbers.items() if known == number]

    def any_of(self, places: Iterable[Place]) -> Q | None:
        """The rows of these members, each in their project; None where there are none."""
        projects: dict[int | None, list[int | None]] = {}
        for project, user in places:
            projects.setdefault(user, []).append(project)
        each = [Q(**{self.field_name: user, "project__in": found}) for user, found in projects.items()]
        return reduce(or_, each) if each else None


def _known(place: Place) -> tuple[int, int]:
    return place[0] or 0, place[1] or 0
