"""The releases of one project: those on their way first, then what went out; and the snapshots behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.models import Entry
from labelop.models import Project
from roles.matrix import Can
from roles.pages import member_behind
from roles.paging import newest_first
from roles.selectors import abilities_of, project_or_404
from roles.telling import Told, told

from ..forms.snapshots import TakeSnapshot
from ..models import LogReview, Release, Snapshot, Step
from ..selectors import log_reviews_visible_to, releases_visible_to, snapshots_visible_to
from .held import when_of
from .release import ON_THE_WAY, StepLine, is_overdue
from .tabs import hidden_without, tabs_of

ON_ONE_PAGE, WENT_OUT, SNAPSHOTS = 50, 20, 20


@dataclass(frozen=True)
class Line:
    """One release: its last step, the last time its gates were read, and its log reviews."""

    release: Release
    last: StepLine | None
    read: StepLine | None
    log_reviews: list[tuple[LogReview, str]]

    @property
    def overdue(self) -> bool:
        return is_overdue(self.release)


@dataclass(frozen=True)
class SnapshotLine:
    """A snapshot, who took it, and the release made of it."""

    snapshot: Snapshot
    taken: Told
    release: Release | None


@require_safe
def list_releases(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the releases; `before` turns the page of those that went out, `snapshots` that of the snapshots."""
    viewer = member_behind(request)
    project = project_or_404(viewer, slug)
    abilities = abilities_of(viewer, project)
    hidden_without(Can.COMPARE_SNAPSHOTS, abilities)
    visible = releases_visible_to(viewer).filter(project=project).defer("snapshot__states")
    on_the_way = visible.filter(state__in=ON_THE_WAY).order_by(F("planned_on").asc(nulls_last=True), "id")
    coming = list(on_the_way[:ON_ONE_PAGE])
    past = newest_first(visible.exclude(state__in=ON_THE_WAY), request.GET.get("before"), WENT_OUT)
    lines = _lines([*coming, *past.rows], request)
    snapshots = newest_first(
        snapshots_visible_to(viewer).filter(project=project).defer("states"), request.GET.get("snapshots"), SNAPSHOTS
    )
    context = {
        **admin.site.each_context(request),
        "title": "Releases",
        "project": project,
        "tabs": tabs_of(project, abilities, "Releases"),
        "coming": lines[: len(coming)],
        "past": lines[len(coming) :],
        "older_than": past.older_than,
        "snapshots": _snapshots(project, snapshots.rows, request),
        "older_snapshots": snapshots.older_than,
        "takes": TakeSnapshot if Can.TAKE_SNAPSHOTS in abilities else None,
    }
    return TemplateResponse(request, "snapshots/releases.html", context)


def _lines(releases: list[Release], request: HttpRequest) -> list[Line]:
    viewer = member_behind(request)
    steps = list(Step.objects.filter(release__in=releases).select_related("entry__project").order_by("id"))
    lines = {line.entry.pk: line for line in told(_entries(steps), viewer)}
    last: dict[int, StepLine] = {}
    read: dict[int, StepLine] = {}
    for step in steps:
        last[step.release_id] = StepLine(step, lines[step.entry_id])
        if step.gate_report:
            read[step.release_id] = last[step.release_id]
    held: dict[int, list[tuple[LogReview, str]]] = {}
    for one in log_reviews_visible_to(viewer).filter(release__in=releases).defer("checklist").order_by("id"):
        held.setdefault(one.release_id or 0, []).append((one, when_of(one)))
    return [Line(one, last.get(one.pk), read.get(one.pk), held.get(one.pk, [])) for one in releases]


def _entries(steps: Iterable[Step]) -> list[Entry]:
    return [step.entry for step in steps]


def _snapshots(project: Project, snapshots: list[Snapshot], request: HttpRequest) -> list[SnapshotLine]:
    made = {one.snapshot_id: one for one in Release.objects.filter(snapshot__in=snapshots).order_by("id")}
    for snapshot in snapshots:
        snapshot.entry.project = project
    taken = told([snapshot.entry for snapshot in snapshots], member_behind(request))
    return [
        SnapshotLine(snapshot, line, made.get(snapshot.pk)) for snapshot, line in zip(snapshots, taken, strict=True)
    ]
