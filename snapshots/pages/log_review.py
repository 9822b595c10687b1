"""What the page of one log review shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from audit.models import Entry
from audit.query import asked_by
from roles.models import User
from roles.paging import newest_first
from roles.selectors import latest_roles_in
from roles.telling import Told, pseudonyms_in, told

from ..log_reviews import Verified, decision_points, entries_in_scope, progress_of, verify_sign_off, who_acted
from ..models import Disposition, Finding, LogReview, SignOff
from ..selectors import who_could_sign

PAGE = 50
# A signature under more entries than this is verified when somebody asks.
VERIFIED_AT_ONCE = 1000


@dataclass(frozen=True)
class Point:
    """One entry of the scope, and what was made of it."""

    told: Told
    disposition: Disposition | None
    by: str

    @property
    def badge(self) -> str:
        return "ok" if self.disposition and self.disposition.verdict == Disposition.Verdict.EXPECTED else "no"


class Names:
    """What members of one project are called: by the role they hold or held last, and a number."""

    def __init__(self, project_id: int, viewer: User) -> None:
        self.project_id = project_id
        self.pseudonyms = pseudonyms_in([project_id], viewer)
        self.roles = latest_roles_in([project_id])

    def of(self, user_id: int | None) -> str:
        if user_id is None:
            return "LabelOp itself"
        return self.pseudonyms.of(self.project_id, user_id, self.roles.get((self.project_id, user_id), ""))


def page_of(log_review: LogReview, viewer: User, asked: QueryDict) -> dict[str, Any]:
    """Scope, checklist, entries with their dispositions, findings, progress, and the signature."""
    names = Names(log_review.project_id, viewer)
    everything = asked.get("entries") == "all"
    entries = entries_in_scope(log_review) if everything else decision_points(log_review)
    page = newest_first(entries.select_related("project"), asked.get("before"), PAGE)
    sign_off = SignOff.objects.filter(log_review=log_review).first()
    is_open = log_review.state == LogReview.State.OPEN
    return {
        "log_review": log_review,
        "overdue": is_open and log_review.due_on < timezone.now().date(),
        "is_open": is_open,
        "opened_by": names.of(log_review.opened_by_id),
        "asked": str(asked_by(log_review.query.items())),
        "size": entries_in_scope(log_review).count(),
        "everything": everything,
        "points": _points(log_review, page.rows, names, viewer),
        "older_than": page.older_than,
        "progress": progress_of(log_review),
        "findings": [(finding, names.of(finding.owner_id)) for finding in _findings(log_review)],
        "sign_off": sign_off,
        "signed_by": names.pseudonyms.of(names.project_id, sign_off.signed_by_id, sign_off.role) if sign_off else "",
        "verified": _verified(log_review, sign_off, asked),
        "acted": is_open and viewer.pk in who_acted(log_review),
        "nobody_could_sign": is_open and not who_could_sign(log_review).exists(),
    }


def _points(log_review: LogReview, entries: list[Entry], names: Names, viewer: User) -> list[Point]:
    given = {
        disposition.entry_id: disposition
        for disposition in Disposition.objects.filter(log_review=log_review, entry__in=entries)
    }
    points = []
    for line in told(entries, viewer):
        disposition = given.get(line.entry.pk)
        by = names.of(disposition.decided_by_id) if disposition else ""
        points.append(Point(line, disposition, by))
    return points


def _findings(log_review: LogReview) -> list[Finding]:
    return list(log_review.findings.order_by("id"))


def _verified(log_review: LogReview, sign_off: SignOff | None, asked: QueryDict) -> Verified | None:
    if sign_off is None or (sign_off.entries > VERIFIED_AT_ONCE and "verify" not in asked):
        return None
    return verify_sign_off(log_review)
