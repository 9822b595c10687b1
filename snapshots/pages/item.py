"""The page of one item: how it stands, who set each value, and its versions beside the entries that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from labelop.drawing import draw_scene
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.trail import work_entries_visible_to
from labelop.selectors.work import items_visible_to
from roles.pages import member_behind
from roles.selectors import abilities_of
from roles.telling import Told, told
from roles.words import plainly

from ..differences import values_by_field
from ..item_past import Ground, ItemPast, ground_of, item_past, past_at, scene_now
from ..past import Step, blame_of
from ..standing import standings_of
from .tabs import tabs_of

# Values beyond these are told by the command `blame`.
VALUES = 300


@dataclass(frozen=True)
class Blame:
    """One value the item has, and the act that last set it."""

    mark: str
    field: str
    value: str
    at: datetime
    told: Told | None


@require_safe
def item(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show one item; `before` turns the page, `version` shows that one alone."""
    project = get_object_or_404(projects_visible_to(request.user), slug=slug)
    shown = get_object_or_404(items_visible_to(request.user), project=project, key=key)
    ground = ground_of(shown)
    past = _asked(request, ground)
    scene, palette, marks = scene_now(ground)
    places = {name: ("annotations", pk) for name, pk in marks.items() if name in scene.marks}
    standings = standings_of(request.user, [("items", shown.pk), *places.values()])
    of_item = standings.get(("items", shown.pk))
    # Of an item that is new, each mark is.
    telling = {place for place, one in standings.items() if one.approved_at or not (of_item and of_item.new)}
    blame = [] if ground.long else _blame(request, ground)
    context = {
        **admin.site.each_context(request),
        "title": shown.key,
        "project": project,
        "tabs": tabs_of(project, abilities_of(member_behind(request), project)),
        "item": shown,
        "drawing": draw_scene(scene, palette),
        "marks": len(scene.marks),
        "standing": of_item,
        "standings": [(name, standings[place]) for name, place in places.items() if place in telling],
        "blame": blame[:VALUES],
        "crowded": ground.crowded,
        "long": ground.long,
        "more_values": max(0, len(blame) - VALUES),
        "past": past,
        "alone": request.GET.get("version", ""),
    }
    return TemplateResponse(request, "snapshots/item.html", context)


def _asked(request: HttpRequest, ground: Ground) -> ItemPast:
    visible = work_entries_visible_to(request.user)
    asked = request.GET.get("version", "")
    if not asked:
        return item_past(ground, request.user, visible, request.GET.get("before", ""))
    past = past_at(ground, request.user, visible, asked)
    if past is None:
        raise Http404
    return past


def _blame(request: HttpRequest, ground: Ground) -> list[Blame]:
    steps = blame_of(ground.item, work_entries_visible_to(request.user))
    entries = {step.entry.pk: step.entry for step in steps.values() if step.entry}
    lines = {line.entry.pk: line for line in told(entries.values(), request.user)}
    return [
        Blame(mark, name, _value(step, name), step.version.history_date, lines[step.entry.pk] if step.entry else None)
        for (mark, name), step in steps.items()
    ]


def _value(step: Step, name: str) -> str:
    return plainly(values_by_field(step.after or {}).get(name))
