"""What is due: memberships whose time is over, anomalies, signals of complete weeks, log reviews, reminders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from audit.acting import GateBusy
from audit.management.command import FOUND, ReportingCommand
from labelop.models import Project
from labelop.services.quality import signal_quality
from roles.models import Membership
from roles.services import expire_membership
from snapshots.models import LogReview
from snapshots.selectors import overdue_log_reviews
from snapshots.services.anomalies import note_what_stands_out
from snapshots.services.days import count_days
from snapshots.services.log_reviews import open_due_log_reviews
from snapshots.services.reminders import remind_of
from snapshots.services.weeks import count_weeks

# The keys of the report, in the order in which things are done, and how each is told.
WORDS = {
    "expired": "Expired",
    "anomalies": "Anomaly",
    "signals": "Quality signal",
    "log_reviews_opened": "Log review opened",
    "reminded": "Reminded of",
    "unsent": "Reminder not sent",
}


class Command(ReportingCommand):
    help = (
        "Do what is due: end memberships whose time is over, note anomalies, raise the quality signals of complete"
        " weeks, open due log reviews, remind of overdue ones. Run it daily; running it again does no harm."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        # Memberships first: the permissions of one whose time is over are gone before strays are looked for.
        # Log reviews last: what was found before may call for one.
        return {
            "expired": self.expired(),
            "anomalies": self.anomalies(),
            "weeks_counted": self.counted(count_weeks),
            "signals": self.signals(),
            "log_reviews_opened": self.log_reviews_opened(),
            **self.reminded(),
            # Last, so that what was done above is counted as well.
            "days_counted": self.counted(count_days),
        }

    def expired(self) -> list[str]:
        over = Membership.objects.filter(ended_at=None, valid_until__lte=timezone.now()).order_by("id")
        return [f"membership {expire_membership(membership).pk}" for membership in over]

    def anomalies(self) -> list[str]:
        return [f"{anomaly.pk}, {anomaly}" for anomaly in note_what_stands_out()]

    def signals(self) -> list[str]:
        projects = Project.objects.order_by("id")
        return [f"{project.slug}: {signal}" for project in projects for signal in signal_quality(project)]

    def log_reviews_opened(self) -> list[str]:
        opened: list[str] = []
        for project in Project.objects.order_by("id"):
            try:
                opened.extend(_named(log_review) for log_review in open_due_log_reviews(project))
            except GateBusy as error:
                self.stderr.write(f"{project.slug}: {error} Its log reviews wait for the next run.")
        return opened

    def reminded(self) -> dict[str, list[str]]:
        """Of which was reminded, and which reminders no mail server took."""
        reminded, unsent = [], []
        for log_review in overdue_log_reviews(timezone.now().date()):
            try:
                if remind_of(log_review):
                    reminded.append(_named(log_review))
            except OSError as error:
                unsent.append(_named(log_review))
                self.stderr.write(f"{_named(log_review)}: the reminder could not be sent: {error}")
        return {"reminded": reminded, "unsent": unsent}

    def counted(self, count: Callable[[Project], int]) -> list[str]:
        """For the charts. Nobody need be told."""
        counted = []
        for project in Project.objects.order_by("id"):
            try:
                if number := count(project):
                    counted.append(f"{project.slug}: {number}")
            except GateBusy as error:
                self.stderr.write(f"{project.slug}: {error} Counting for its charts waits for the next run.")
        return counted

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"{word}: {name}" for key, word in WORDS.items() for name in report[key]]
        return "\n".join(lines or ["Nothing is due."])

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["unsent"] else 0


def _named(log_review: LogReview) -> str:
    return f"{log_review.project.slug}: {log_review.title}"
