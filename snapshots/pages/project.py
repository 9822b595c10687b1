from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.events import Impact
from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.schema import classes_visible_to
from roles.matrix import MATRIX, Can, Role
from roles.models import Membership, User
from roles.pages import member_behind
from roles.selectors import abilities_of, entries_visible_to
from roles.telling import Pseudonyms, told

from ..models import LogReview, Release, Snapshot
from ..selectors import log_reviews_visible_to, snapshots_visible_to
from .days import latest_days
from .held import Held, Names, held
from .tabs import tabs_of
from .timeline import folded

SNAPSHOTS, DECISIONS, LOG_REVIEWS = 50, 20, 3


@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Team and playbook, schema, chapters, the latest decisions, settings."""
    viewer = member_behind(request)
    project = get_object_or_404(projects_visible_to(viewer), slug=slug)
    abilities = abilities_of(viewer, project)
    compares, inspects = Can.COMPARE_SNAPSHOTS in abilities, Can.INSPECT_TRAIL in abilities
    visible = snapshots_visible_to(viewer).filter(project=project).defer("states")
    snapshots = list(visible.order_by("-number")[:SNAPSHOTS])
    entries = entries_visible_to(viewer).filter(project=project, impact=Impact.HIGH)[:DECISIONS]
    names = Names([project.pk], viewer)
    context = {
        **admin.site.each_context(request),
        "title": project.name,
        "project": project,
        "tabs": tabs_of(project, abilities, "Overview"),
        "settings": [
            ("State", project.get_state_display()),
            ("Risk", project.get_risk_tier_display()),
            ("Customer-facing", "yes" if project.customer_facing else "no"),
            ("Review policy", project.get_review_policy_display()),
            ("Sample", f"{project.sample_percent} %"),
            ("Separation of duties", f"level {project.separation_of_duties} of 3"),
            ("Schema", "frozen" if project.schema_frozen else "open"),
        ],
        "team": _team(project, names.pseudonyms),
        "roles": list(Role),
        "matrix": [(ability.label, [role in roles for role in Role]) for ability, roles in MATRIX.items()],
        "classes": classes_visible_to(viewer).filter(project=project).order_by("key")[:200],
        "compares": compares,
        "chapters": _with_releases(snapshots),
        "log_reviews": _next_log_reviews(project, viewer, names),
        "runs_log_reviews": Can.RUN_LOG_REVIEWS in abilities,
        "inspects": inspects,
        "days": latest_days(project, snapshots) if inspects else None,
        "decisions": folded(told(entries, viewer, names.pseudonyms)),
        "latest": snapshots[0] if snapshots else None,
    }
    return TemplateResponse(request, "snapshots/project.html", context)


def _team(project: Project, pseudonyms: Pseudonyms) -> list[tuple[str, list[str]]]:
    """Who holds each role now, by role and number."""
    memberships = Membership.objects.in_force().filter(project=project).order_by("id")
    holders = memberships.values_list("role", "user_id")
    return [
        (str(role.label), [pseudonyms.of(project.pk, user_id, held) for held, user_id in holders if held == role])
        for role in Role
    ]


def _with_releases(snapshots: list[Snapshot]) -> list[tuple[Snapshot, Release | None]]:
    """Each snapshot with the release made of it, the last where one was turned down."""
    made = {one.snapshot_id: one for one in Release.objects.filter(snapshot__in=snapshots).order_by("id")}
    return [(snapshot, made.get(snapshot.pk)) for snapshot in snapshots]


def _next_log_reviews(project: Project, viewer: User, names: Names) -> list[Held]:
    """The open ones that are due first."""
    owed = log_reviews_visible_to(viewer).filter(project=project, state=LogReview.State.OPEN)
    return held(list(owed.order_by("due_on", "id")[:LOG_REVIEWS]), names)
