"""What is made of the trail while it is read: answers, dispositions and findings."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError

from audit.acting import locked, moment_of_act, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from roles.matrix import MATRIX, Can
from roles.models import Membership, User
from roles.services import authorize

from ..log_reviews import entries_in_scope
from ..models import Disposition, Finding, LogReview
from .log_reviews import must_be_open


@operation()
def answer_question(log_review: LogReview, place: int, answer: str, *, by: User, reason: str = "") -> LogReview:
    """Answer a question of the checklist, counted from 0; another answer replaces the one before."""
    log_review = locked(log_review)
    actor = authorize(by, Can.RUN_LOG_REVIEWS, log_review.project)
    must_be_open(log_review)
    if not 0 <= place < len(log_review.checklist):
        raise ValidationError({"place": "The checklist has no such question."})
    if not answer.strip():
        raise ValidationError({"answer": "An answer says something."})
    line = log_review.checklist[place]
    before, line["answer"] = line["answer"], answer.strip()
    log_review.save()
    after = {"question": line["question"], "answer": line["answer"]}
    record(Event.LOG_REVIEW_ANSWERED, log_review, actor, reason=reason, before=before or None, after=after)
    return log_review


@operation()
def dispose(
    log_review: LogReview, entry: Entry, verdict: Disposition.Verdict, *, by: User, note: str = ""
) -> Disposition:
    """Say what to make of one entry of the scope; until the signature another verdict replaces the one before."""
    log_review = locked(log_review)
    actor = authorize(by, Can.RUN_LOG_REVIEWS, log_review.project)
    must_be_open(log_review)
    verdict, note = Disposition.Verdict(verdict), note.strip()
    if not entries_in_scope(log_review).filter(pk=entry.pk).exists():
        raise ValidationError({"entry": f"Entry {entry.pk} is not in the scope."})
    if verdict != Disposition.Verdict.EXPECTED and not note:
        raise ValidationError({"note": f"{verdict.label}: say why."})
    disposition = Disposition.objects.filter(log_review=log_review, entry=entry).first()
    before = disposition.verdict if disposition else None
    if disposition is None:
        disposition = Disposition(project=log_review.project, log_review=log_review, entry=entry)
    disposition.verdict, disposition.note = verdict, note
    disposition.decided_by, disposition.decided_at = by, moment_of_act()
    disposition.save()
    record(Event.ENTRY_DISPOSITIONED, disposition, actor, reason=note, before=before, after=verdict.value)
    return disposition


@operation()
def open_finding(
    log_review: LogReview,
    factor: Finding.Factor,
    description: str,
    action: str,
    *,
    by: User,
    owner: User,
    due_on: date,
    entry: Entry | None = None,
) -> Finding:
    """Note what contributed, what is done about it, by when, and who sees to it."""
    log_review = locked(log_review)
    actor = authorize(by, Can.RESOLVE_FINDINGS, log_review.project)
    must_be_open(log_review)
    if entry is not None and not entries_in_scope(log_review).filter(pk=entry.pk).exists():
        raise ValidationError({"entry": f"Entry {entry.pk} is not in the scope."})
    _must_see_findings(owner, log_review)
    finding = Finding(
        project=log_review.project,
        log_review=log_review,
        entry=entry,
        factor=factor,
        description=description.strip(),
        action=action.strip(),
        owner=owner,
        due_on=due_on,
        opened_at=moment_of_act(),
    )
    finding.clean_fields()
    finding.save()
    after = {"factor": str(finding.factor), "action": finding.action, "due_on": due_on.isoformat()}
    record(Event.FINDING_OPENED, finding, actor, reason=finding.description, after=after)
    return finding


@operation()
def close_finding(finding: Finding, *, by: User, outcome: str) -> Finding:
    """Say what came of a finding; the signature of its log review does not stand in the way."""
    finding = locked(finding)
    actor = authorize(by, Can.RESOLVE_FINDINGS, finding.project)
    if finding.closed_at is not None:
        raise ValidationError("This finding is closed already.")
    if not outcome.strip():
        raise ValidationError({"outcome": "Say what came of it."})
    finding.outcome, finding.closed_at = outcome.strip(), moment_of_act()
    finding.save()
    record(Event.FINDING_CLOSED, finding, actor, reason=finding.outcome)
    return finding


def _must_see_findings(owner: User, log_review: LogReview) -> None:
    held = Membership.objects.in_force().filter(
        project=log_review.project_id, user=owner, user__is_active=True, role__in=MATRIX[Can.RESOLVE_FINDINGS]
    )
    if not held.exists():
        raise ValidationError({"owner": "A finding is seen to by an owner or reviewer of the project."})
