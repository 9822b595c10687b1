from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.events import Impact
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.schema import classes_visible_to
from roles.matrix import MATRIX, Can, Role
from roles.models import Membership
from roles.pages import member_behind
from roles.selectors import abilities_of, entries_visible_to
from roles.telling import told

from ..selectors import snapshots_visible_to
from .days import latest_days
from .tabs import tabs_of

SNAPSHOTS = 50


@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Team and playbook, schema, chapters, the latest decisions, settings."""
    viewer = member_behind(request)
    project = get_object_or_404(projects_visible_to(viewer), slug=slug)
    abilities = abilities_of(viewer, project)
    compares, inspects = Can.COMPARE_SNAPSHOTS in abilities, Can.INSPECT_TRAIL in abilities
    visible = snapshots_visible_to(viewer).filter(project=project).defer("states")
    snapshots = list(visible.order_by("-number")[:SNAPSHOTS])
    held = list(Membership.objects.in_force().filter(project=project).values_list("role", flat=True))
    entries = entries_visible_to(viewer).filter(project=project, impact=Impact.HIGH)[:8]
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
        "team": [(role.label, held.count(role)) for role in Role],
        "roles": list(Role),
        "matrix": [(ability.label, [role in roles for role in Role]) for ability, roles in MATRIX.items()],
        "classes": classes_visible_to(viewer).filter(project=project).order_by("key")[:200],
        "compares": compares,
        "snapshots": snapshots,
        "inspects": inspects,
        "days": latest_days(project, snapshots) if inspects else None,
        "entries": told(entries, viewer),
        "latest": snapshots[0] if snapshots else None,
    }
    return TemplateResponse(request, "snapshots/project.html", context)
