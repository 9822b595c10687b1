"""The only way onto the trail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from .acting import Act, Actor, Refused, act_under_way, current_channel, current_request_id, current_token, operation
from .events import Event, Reason
from .history import project_id_of
from .models import Entry
from .selectors import versions_by_project


class OutsideAnOperation(RuntimeError):
    """A service recorded something without `@operation()`."""


def record(
    event: Event,
    subject: models.Model,
    actor: Actor,
    *,
    reason: str = "",
    before: Any = None,
    after: Any = None,
    records: int = 1,
    attributed_to: models.Model | None = None,
    source: str = "",
) -> Entry:
    """Write down what happened to `subject`, as part of the operation under way.

    `before` and `after` are plain JSON; `records` is how many rows one entry speaks for. Raises
    `ValidationError` when the event must have a reason and has none.
    """
    act = act_under_way()
    if act is None:
        raise OutsideAnOperation(f"{event.value} was recorded outside an operation.")
    reason = reason.strip()
    if event.reason is Reason.REQUIRED and not reason:
        raise ValidationError({"reason": f"{event.label}: say why."}, code="reason_required")
    if actor.overriding:
        _record_override(act, subject, actor, reason)
    return _write(
        act,
        event,
        actor,
        project_id=project_id_of(subject),
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_name=str(subject)[:500],
        reason=reason,
        before=before,
        after=after,
        records=records,
        attributed_to=attributed_to,
        source=source,
    )


@operation()
def record_refusal(refusal: Refused) -> Entry:
    """Record an attempt that was refused. It opens an operation of its own: the attempt's was rolled back."""
    act = act_under_way()
    if act is None:
        raise OutsideAnOperation("A refusal was recorded outside an operation.")
    return _write(
        act,
        Event.ACCESS_DENIED,
        Actor(refusal.user, refusal.role),
        project_id=refusal.project_id,
        subject_name=refusal.asked,
        reason="",
    )


@transaction.atomic
def record_command(event: Event, said: str, act: Act) -> list[Entry]:
    """Account for all that a command of Django's own has written in this act.

    One entry for each project it touched, one for what belongs to the site; none where nothing was written.
    """
    written = versions_by_project(act.operation)
    return [
        _write(act, event, Actor(None), project_id=project_id, subject_name=said[:500], records=written[project_id])
        for project_id in sorted(written, key=lambda project_id: project_id or 0)
    ]


def _record_override(act: Act, subject: models.Model, actor: Actor, reason: str) -> None:
    project_id = project_id_of(subject)
    if project_id in act.overridden:
        return
    if not reason:
        raise ValidationError(
            {"reason": "You act without a membership of this project: say why."}, code="reason_required"
        )
    act.overridden.add(project_id)
    _write(
        act,
        Event.ACCESS_OVERRIDDEN,
        actor,
        project_id=project_id,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_name=str(subject)[:500],
        reason=reason,
    )


def _write(act: Act, event: Event, actor: Actor, **columns: Any) -> Entry:
    now = timezone.now()
    return Entry.objects.create(
        operation=act.operation,
        event=event.value,
        impact=event.impact,
        actor=actor.user,
        actor_name=str(actor.user) if actor.user else "",
        role=actor.role,
        channel=current_channel(),
        request_id=current_request_id(),
        token=current_token(),
        at=act.at or now,
        recorded_at=now,
        **columns,
    )
