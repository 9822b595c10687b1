"""Signals of quality: raised by LabelOp itself, and never taken back."""

from __future__ import annotations

from django.utils import timezone

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.services import record

from ..models import Project, QualitySignal
from ..quality import Comparison, monday_of, share, signals_in, weekly_of


def signal_quality(project: Project) -> list[QualitySignal]:
    """Raise what complete weeks show and nobody was told yet; asking again raises nothing more."""
    found = signals_in(weekly_of(project), before=monday_of(timezone.now()))
    known = set(project.quality_signals.values_list("label_class", "metric", "week"))
    new = [tested for tested in found if (tested.class_id, tested.metric, tested.week) not in known]
    return [signal for tested in new if (signal := _raise_signal(project, tested)) is not None]


@operation()
def _raise_signal(project: Project, tested: Comparison) -> QualitySignal | None:
    project = locked(project)
    about = {"label_class_id": tested.class_id, "metric": tested.metric, "week": tested.week}
    if project.quality_signals.filter(**about).exists():
        return None  # somebody else's reminder was faster
    signal = QualitySignal.objects.create(
        project=project,
        **about,
        weeks=tested.weeks,
        count=tested.count,
        n=tested.n,
        past_count=tested.past_count,
        past_n=tested.past_n,
        p=tested.p,
        p_corrected=tested.p_corrected,
    )
    before, after = share(tested.past_count, tested.past_n), share(tested.count, tested.n)
    record(Event.QUALITY_SIGNALLED, signal, Actor(None), before=before, after=after)
    return signal
