from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.events import Event, Impact
from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from roles.matrix import Role
from roles.models import Membership, User
from roles.pages import member_behind
from roles.selectors import entries_visible_to

from ..models import Adjustment, LogReview, Release, Snapshot
from ..selectors import log_reviews_visible_to, releases_visible_to, snapshots_visible_to
from .held import when_of
from .release import ON_THE_WAY, is_overdue

SHOWN = 60
LOG_REVIEWS = 5


@dataclass(frozen=True)
class Owed:
    """A log review that is open; `when` is "overdue", "due" or "open"."""

    log_review: LogReview
    when: str


@dataclass(frozen=True)
class Coming:
    """A release on its way."""

    release: Release
    overdue: bool


@dataclass(frozen=True)
class Line:
    """One of the viewer's projects."""

    project: Project
    role: str
    latest: Snapshot | None
    coming: list[Coming]
    unexplained: int | None
    adjusted: int
    log_reviews: list[Owed]
    more_log_reviews: int


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The viewer's projects, and nothing of others."""
    viewer = member_behind(request)
    visible = snapshots_visible_to(viewer).defer("states")
    newest = visible.filter(project=OuterRef("pk")).order_by("-number").values("pk")[:1]
    projects = list(projects_visible_to(viewer).annotate(latest_id=Subquery(newest)).order_by("slug")[:SHOWN])
    snapshots = visible.in_bulk([project.latest_id for project in projects if project.latest_id])
    roles = dict(
        Membership.objects.in_force().filter(user_id=viewer.pk, project__in=projects).values_list("project_id", "role")
    )
    unexplained, adjusted = _unexplained_by_project(viewer, projects)
    coming = _coming(releases_visible_to(viewer).filter(project__in=projects))
    owed = _owed(log_reviews_visible_to(viewer).filter(project__in=projects))
    lines = [
        Line(
            project,
            Role(roles[project.pk]).label if project.pk in roles else "no role: superuser",
            snapshots.get(project.latest_id),
            coming.get(project.pk, []),
            None if roles.get(project.pk) == Role.ANNOTATOR else unexplained.get(project.pk, 0),
            adjusted.get(project.pk, 0),
            owed.get(project.pk, [])[:LOG_REVIEWS],
            len(owed.get(project.pk, [])[LOG_REVIEWS:]),
        )
        for project in projects
    ]
    context = {**admin.site.each_context(request), "title": "Projects", "lines": lines}
    return TemplateResponse(request, "snapshots/index.html", context)


def _unexplained_by_project(viewer: User, projects: Sequence[Project]) -> tuple[dict[int, int], dict[int, int]]:
    """How many changes without an explanation each project has: those that nobody accounted for, and the adjusted."""
    entries = entries_visible_to(viewer).filter(
        project__in=projects, impact=Impact.HIGH, event=Event.CHANGE_UNEXPLAINED
    )
    adjustments = Adjustment.objects.filter(project=OuterRef("project"), adjusts=OuterRef("operation")).accepted()
    counted = entries.annotate(adjusted=Exists(adjustments)).order_by()
    found: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for project_id, adjusted, number in counted.values_list("project_id", "adjusted").annotate(Count("pk")):
        found[adjusted][project_id] = number
    return found


def _coming(releases: QuerySet[Release]) -> dict[int, list[Coming]]:
    """The releases on their way in each project, the first planned first."""
    coming: dict[int, list[Coming]] = {}
    on_the_way = releases.filter(state__in=ON_THE_WAY).defer("snapshot__states")
    for release in on_the_way.order_by(F("planned_on").asc(nulls_last=True), "id"):
        coming.setdefault(release.project_id, []).append(Coming(release, is_overdue(release)))
    return coming


def _owed(log_reviews: QuerySet[LogReview]) -> dict[int, list[Owed]]:
    """What is open in each project, the most urgent first."""
    owed: dict[int, list[Owed]] = {}
    for log_review in log_reviews.filter(state=LogReview.State.OPEN).order_by("due_on", "id").defer("checklist"):
        owed.setdefault(log_review.project_id, []).append(Owed(log_review, when_of(log_review)))
    return owed
