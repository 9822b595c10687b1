"""List a project's metrics week by week, and the signals they raised."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.management.command import ReportingCommand
from labelop.models import LabelClass, Metric, Project, QualitySignal
from labelop.quality import (
    ORDER_IS_NOT_CAUSE,
    Candidate,
    Tally,
    candidates_of,
    iso_week,
    monday_of,
    sentence_of,
    weekly_of,
)
from roles.telling import told

from ..arguments import project_called

CANDIDATES_LISTED = 20


class Command(ReportingCommand):
    help = "List a project's metrics by ISO week (UTC), each with its n, and the signals that they raised."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("--class", dest="label_class", metavar="KEY", help="only this class")

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        classes = {each.pk: each for each in project.classes.all()}
        signals = project.quality_signals.select_related("label_class", "project").order_by("week", "id")
        weekly = weekly_of(project)
        if options["label_class"]:
            chosen = _class_called(project, options["label_class"])
            weekly = {chosen.pk: weekly.get(chosen.pk, {})}
            signals = signals.filter(label_class=chosen)
        current = monday_of(timezone.now())
        return {
            "project": project.slug,
            "weeks": [
                _week(classes.get(class_id or 0), monday, tally, current)
                for class_id, series in weekly.items()
                for monday, tally in sorted(series.items())
            ],
            "signals": [_signal(signal) for signal in signals],
            "order_is_not_cause": ORDER_IS_NOT_CAUSE,
        }

    def told(self, report: dict[str, Any]) -> str:
        if not report["weeks"]:
            return f"No decision on {report['project']} is on record here."
        lines = [_line(week) for week in report["weeks"]]
        for signal in report["signals"]:
            lines += ["", signal["sentence"], ORDER_IS_NOT_CAUSE, *_listed(signal["candidates"])]
        return "\n".join(lines)


def _class_called(project: Project, key: str) -> LabelClass:
    label_class = project.classes.filter(key=key).first()
    if label_class is None:
        raise ValidationError(f"{project.slug} has no class {key}.")
    return label_class


def _week(label_class: LabelClass | None, monday: date, tally: Tally, current: date) -> dict[str, Any]:
    return {
        "class": label_class.key if label_class else None,
        "week": iso_week(monday),
        "monday": monday.isoformat(),
        "complete": monday < current,
        "rejection_rate": _rate(*tally.of(Metric.REJECTION_RATE)),
        "churn": _rate(tally.churn, tally.approved_marks),
        "first_pass_yield": _rate(*tally.of(Metric.FIRST_PASS_YIELD)),
        "rework_rounds": {"count": tally.extra_rounds, "n": tally.decisions},
        "seconds_in_review": {
            "median": tally.median_wait.total_seconds() if tally.median_wait is not None else None,
            "p90": tally.long_wait.total_seconds() if tally.long_wait is not None else None,
            "n": len(tally.waits),
        },
    }


def _rate(count: int, n: int) -> dict[str, Any]:
    return {"value": count / n if n else None, "count": count, "n": n}


def _signal(signal: QualitySignal) -> dict[str, Any]:
    return {
        "class": signal.label_class.key if signal.label_class else None,
        "metric": signal.metric,
        "week": iso_week(signal.week),
        "weeks": signal.weeks,
        "count": signal.count,
        "n": signal.n,
        "past_count": signal.past_count,
        "past_n": signal.past_n,
        "p": signal.p,
        "p_corrected": signal.p_corrected,
        "sentence": sentence_of(signal),
        "candidates": _candidates(candidates_of(signal)[:CANDIDATES_LISTED]),
    }


def _candidates(candidates: list[Candidate]) -> list[dict[str, Any]]:
    """In the words of the pages, which name nobody."""
    lines = told((candidate.entry for candidate in candidates), AnonymousUser())
    return [
        {
            "entry": line.entry.pk,
            "event": line.entry.event,
            "label": line.entry.label,
            "subject": line.subject,
            "actor": line.actor,
            "at": line.entry.at.isoformat(),
            "reason": line.entry.reason,
            "weight": candidate.weight,
            "days": round(candidate.days, 1),
        }
        for candidate, line in zip(candidates, lines, strict=True)
    ]


def _line(week: dict[str, Any]) -> str:
    running = "" if week["complete"] else "  (running)"
    rates = "  ".join(
        f"{name.replace('_', ' ')} {_plain(week[name])}" for name in ("rejection_rate", "churn", "first_pass_yield")
    )
    waits = week["seconds_in_review"]
    hours = f"{waits['median'] / 3600:.1f} h" if waits["median"] is not None else "–"
    return (
        f"{week['week']}  {week['class'] or 'whole project':<20} {rates}  "
        f"rework rounds {week['rework_rounds']['count']}  median in review {hours} (n={waits['n']}){running}"
    )


def _plain(rate: dict[str, Any]) -> str:
    value = f"{rate['value']:.3f}" if rate["value"] is not None else "–"
    return f"{value} (n={rate['n']})"


def _listed(candidates: list[dict[str, Any]]) -> Iterator[str]:
    for each in candidates:
        why = each["reason"] or "reason not recorded"
        yield f"  {each['at'][:16]}  {each['label']}  {each['subject']}  by {each['actor']}: {why}"
