"""Reminding of overdue log reviews, by e-mail."""

from __future__ import annotations

from datetime import date

from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import timezone

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.services import record

from ..models import LogReview
from ..selectors import who_could_sign


def remind_of(log_review: LogReview) -> bool:
    """Write to whoever could sign this overdue log review, at most once a day; answers whether it was done.

    The act ends before the mail goes out, since a slow mail server must not hold the project's gate. What the
    server refuses raises `OSError`, and is tried again the next day.
    """
    addresses = list(
        who_could_sign(log_review).exclude(email="").order_by("id").values_list("email", flat=True).distinct()
    )
    if not addresses or not _mark_reminded(log_review, timezone.now().date()):
        return False
    get_connection().send_messages([_message(log_review, address) for address in addresses])
    return True


@operation()
def _mark_reminded(log_review: LogReview, today: date) -> bool:
    log_review = locked(log_review)
    if log_review.reminded_on == today or log_review.state != LogReview.State.OPEN or log_review.due_on >= today:
        return False
    log_review.reminded_on = today
    log_review.save()
    record(Event.LOG_REVIEW_REMINDED, log_review, Actor(None), after=today.isoformat())
    return True


def _message(log_review: LogReview, address: str) -> EmailMessage:
    """Names the project, the title and the day, and nothing of people or of the trail."""
    title = " ".join(log_review.title.split())
    lines = (
        "A log review is overdue, and you could sign it.",
        "",
        f"Project: {' '.join(log_review.project.name.split())}",
        f"Log review: {title}",
        f"Due: {log_review.due_on.day} {log_review.due_on:%B %Y}",
        f"Where: {reverse('log_review', args=[log_review.project.slug, log_review.pk])}",
    )
    return EmailMessage(f"Overdue log review: {title}", "\n".join(lines), to=[address])
