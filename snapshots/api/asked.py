"""What curated views are asked about: a project, and snapshots or moments of it, of those that the viewer may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404

from audit.moments import Unreadable, span_of
from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from roles.api.curated import CuratedView
from roles.api.problems import Problem, WrongParameter
from roles.api.views import TEXT, Parameter
from roles.matrix import Can
from roles.selectors import can

from ..models import Snapshot
from ..selectors import snapshots_visible_to
from ..statement import is_long

A_SNAPSHOT = "The number of a snapshot, or its name."
BETWEEN: Mapping[str, Parameter] = {
    "from": Parameter(f"{A_SNAPSHOT} Left out, all since the beginning.", TEXT),
    "to": Parameter(A_SNAPSHOT, TEXT, required=True),
}


class OfAProject(CuratedView):
    """Something told of one project to who may do something there; to anybody else it is not there."""

    tag = "projects"
    ability: ClassVar[Can] = Can.SEE_PROJECT

    @property
    def project(self) -> Project:
        project = get_object_or_404(projects_visible_to(self.viewer), slug=self.kwargs["slug"])
        if not can(self.viewer, self.ability, project):
            raise Http404
        return project

    def snapshot(self, project: Project, name: str) -> Snapshot | None:
        """The snapshot that a parameter names; None where it is left out."""
        asked = self.request.GET.get(name, "").strip()
        found = _snapshot(project, asked, self.viewer) if asked else None
        if asked and found is None:
            raise WrongParameter(name, f"There is no snapshot {asked} here.")
        return found

    def moment_or_snapshot(self, project: Project, name: str) -> Snapshot | datetime | None:
        asked = self.request.GET.get(name, "").strip()
        if not asked:
            return None
        found = _snapshot(project, asked, self.viewer)
        if found is not None:
            return found
        try:
            return span_of(asked).begin
        except Unreadable:
            raise WrongParameter(name, f"{asked} is neither a snapshot nor a day or moment.") from None

    def two_snapshots(self, project: Project) -> tuple[Snapshot | None, Snapshot]:
        """The two that are held against each other, as long as that is not too long for an answer."""
        before, after = self.snapshot(project, "from"), self.snapshot(project, "to")
        if after is None:
            raise WrongParameter("to", "to is wanted.")
        if before is not None and before.number > after.number:
            raise WrongParameter("from", "The earlier snapshot comes first.")
        if is_long(project, before, after):
            detail = "So much lies between these snapshots that the command of the same name tells it."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        return before, after


def _snapshot(project: Project, asked: str, viewer: Any) -> Snapshot | None:
    known = snapshots_visible_to(viewer).filter(project=project).defer("states")
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return known.filter(number=int(asked)).first() or known.filter(name=asked).first()
    return known.filter(name=asked).first()
