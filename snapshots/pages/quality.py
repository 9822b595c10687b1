"""The page of quality: metrics of a project and its classes over time, and the signals that they raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from labelop.models import LabelClass, Metric, Project, QualitySignal
from labelop.quality import (
    DEFINITIONS,
    LEAST_NOW,
    LEAST_PAST,
    LEAST_PAST_WEEKS,
    PAST_WEEKS,
    Weekly,
    iso_week,
    latest_decision_of,
    monday_of,
    pooled,
    sentence_of,
    weekly_of,
)
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.quality import quality_signals_visible_to
from labelop.selectors.schema import classes_visible_to
from roles.matrix import Can
from roles.pages import member_behind
from roles.selectors import abilities_of

from ..charts import ControlChart
from .chips import Chip, chip
from .signal import signal_page
from .tabs import tabs_of
from .weeks import chart_of, figures_of, weeks_among

WEEKS, WEEKS_POOLED, FEWEST_WEEKS = 26, 4, 8
SIGNALS, CLASSES = 20, 200
ONE_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Line:
    """The latest weeks of the project or of a class, pooled."""

    name: str
    query: str
    figures: list[str]
    chosen: bool


@dataclass(frozen=True)
class Raised:
    """A signal in the words of its own page."""

    signal: QualitySignal
    week: str
    about: str
    sentence: str


@dataclass(frozen=True)
class Chart:
    """A metric over time, and what it counts."""

    id: str
    drawn: ControlChart
    definition: str


@require_safe
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    """Show half a year of weeks; `class` chooses a class, `until` an earlier Monday to end with."""
    viewer = member_behind(request)
    project, abilities = _project_or_404(request, slug)
    classes = list(classes_visible_to(viewer).filter(project=project).order_by("name", "id")[:CLASSES])
    chosen = _chosen(classes, request.GET.get("class", ""))
    mondays = _mondays(project, request.GET.get("until", ""))
    signals = quality_signals_visible_to(viewer).filter(project=project)
    context = {
        **admin.site.each_context(request),
        "title": "Quality",
        "project": project,
        "tabs": tabs_of(project, abilities, "Quality"),
        "chosen": chosen,
        "chips": _chips(classes, chosen, request.GET),
        "signals": [_raised(signal) for signal in signals.order_by("-week", "-id")[:SIGNALS]],
        "needed": {"now": LEAST_NOW, "past": LEAST_PAST, "weeks": LEAST_PAST_WEEKS, "past_weeks": PAST_WEEKS},
        **_figures(project, classes, chosen, mondays, request.GET),
    }
    return TemplateResponse(request, "snapshots/quality.html", context)


@require_safe
def quality_signal(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show where an inquiry into a signal may begin."""
    project, abilities = _project_or_404(request, slug)
    signal = get_object_or_404(quality_signals_visible_to(request.user), project=project, pk=pk)
    context = {
        **admin.site.each_context(request),
        "title": str(signal),
        "project": project,
        "tabs": tabs_of(project, abilities, "Quality"),
        **signal_page(signal, request.user),
    }
    return TemplateResponse(request, "snapshots/signal.html", context)


def _figures(
    project: Project, classes: list[LabelClass], chosen: LabelClass | None, mondays: list[date], asked: QueryDict
) -> dict[str, Any]:
    """What is told of these weeks: charts and figures of what is chosen, and the latest ones class by class."""
    weekly = weekly_of(project, mondays[0] - PAST_WEEKS * ONE_WEEK)
    series = weekly.get(chosen.pk if chosen else None, {})
    shown = _from_the_first(mondays, weekly.get(None, {}))
    signals = project.quality_signals.filter(label_class=chosen, week__gte=shown[0], week__lte=shown[-1])
    raised = set(signals.values_list("metric", "week"))
    latest = _latest(shown)
    return {
        "charts": [Chart(each.value, chart_of(each, series, shown, raised), DEFINITIONS[each]) for each in Metric],
        "weeks": weeks_among(series, reversed(shown), {week for _, week in raised}),
        "lines": _lines(weekly, classes, chosen, latest, asked),
        "pooled": f"{iso_week(latest[0])} to {iso_week(latest[-1])}",
        "first": iso_week(shown[0]),
        "last": iso_week(shown[-1]),
        "earlier": _query(asked, "until", (mondays[0] - ONE_WEEK).isoformat()) if shown == mondays else "",
    }


def _project_or_404(request: HttpRequest, slug: str) -> tuple[Project, frozenset[Can]]:
    """Annotators see their own work, and quality is everybody's."""
    viewer = member_behind(request)
    project = get_object_or_404(projects_visible_to(viewer), slug=slug)
    abilities = abilities_of(viewer, project)
    if Can.SEE_ALL_WORK not in abilities:
        raise Http404
    return project, abilities


def _chosen(classes: Iterable[LabelClass], key: str) -> LabelClass | None:
    if not key:
        return None
    for label_class in classes:
        if label_class.key == key:
            return label_class
    raise Http404


def _mondays(project: Project, until: str) -> list[date]:
    """The weeks that are shown: up to the one asked for, else up to the latest that has a decision."""
    if until:
        try:
            last = date.fromisoformat(until)
        except ValueError:
            raise Http404 from None
        last -= last.weekday() * timedelta(days=1)
    else:
        last = monday_of(latest_decision_of(project) or timezone.now())
    if not date(1970, 1, 5) < last <= monday_of(timezone.now()):
        raise Http404
    return [last - back * ONE_WEEK for back in reversed(range(WEEKS))]


def _from_the_first(mondays: list[date], series: dict[date, Any]) -> list[date]:
    """Without the weeks before the project's first decision, which would push the others into a corner."""
    if any(week < mondays[0] for week in series):
        return mondays
    first = min(series, default=mondays[-1])
    return [monday for monday in mondays if monday >= min(first, mondays[-FEWEST_WEEKS])]


def _latest(mondays: list[date]) -> list[date]:
    """The latest weeks that are over."""
    return [monday for monday in mondays if monday < monday_of(timezone.now())][-WEEKS_POOLED:] or mondays[-1:]


def _lines(
    weekly: Weekly, classes: Iterable[LabelClass], chosen: LabelClass | None, latest: list[date], asked: QueryDict
) -> list[Line]:
    """The project first, then its classes; those without a decision in these weeks are left out."""
    lines = []
    for label_class in (None, *classes):
        series = weekly.get(label_class.pk if label_class else None, {})
        found = [series[monday] for monday in latest if monday in series]
        if found:
            name = label_class.name if label_class else "the whole project"
            query = _query(asked, "class", label_class.key if label_class else "")
            lines.append(Line(name, query, figures_of(pooled(found)), label_class == chosen))
    return lines


def _chips(classes: Iterable[LabelClass], chosen: LabelClass | None, asked: QueryDict) -> list[Chip]:
    chips = [chip("Whole project", "", asked, "class", "", chosen is None)]
    for label_class in classes:
        chips.append(chip(label_class.name, "", asked, "class", label_class.key, label_class == chosen))
    return chips


def _raised(signal: QualitySignal) -> Raised:
    about = str(signal.label_class) if signal.label_class else "the whole project"
    return Raised(signal, iso_week(signal.week), about, sentence_of(signal))


def _query(asked: QueryDict, field: str, value: str) -> str:
    return chip("", "", asked, field, value, False).query
