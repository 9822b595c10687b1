"""Log reviews in a line or two: how far each is, when it is due, who signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.utils import timezone

from roles.models import User
from roles.selectors import latest_roles_in
from roles.telling import Pseudonyms, pseudonyms_in

from ..log_reviews import points_of
from ..models import Disposition, LogReview, SignOff

# A log review is called due from so many days before its day on.
SOON = timedelta(days=2)


class Names:
    """What members of projects are called: by the role they hold or held last, and a number."""

    def __init__(self, project_ids: Iterable[int], reader: User | AnonymousUser) -> None:
        self._projects = set(project_ids)
        self.pseudonyms: Pseudonyms = pseudonyms_in(self._projects, reader)

    @cached_property
    def roles(self) -> dict[tuple[int, int], str]:
        return latest_roles_in(self._projects)

    def of(self, project_id: int, user_id: int | None) -> str:
        if user_id is None:
            return "LabelOp itself"
        return self.pseudonyms.of(project_id, user_id, self.roles.get((project_id, user_id), ""))

    def signer(self, sign_off: SignOff) -> str:
        return self.pseudonyms.of(sign_off.project_id, sign_off.signed_by_id, sign_off.role)


@dataclass(frozen=True)
class Held:
    """One log review; `when` is "overdue", "due", "open", "signed" or "voided"."""

    log_review: LogReview
    when: str
    points: int
    decided: int
    verdicts: list[tuple[str, int]]
    sign_off: SignOff | None
    signed_by: str

    @property
    def answered(self) -> int:
        return sum(1 for line in self.log_review.checklist if line["answer"])

    @property
    def questions(self) -> int:
        return len(self.log_review.checklist)

    @property
    def is_open(self) -> bool:
        return self.log_review.state == LogReview.State.OPEN

    @property
    def late(self) -> bool:
        return self.when == "overdue"


def held(log_reviews: Sequence[LogReview], names: Names) -> list[Held]:
    """These log reviews in the order given; the number of queries does not follow theirs."""
    points = points_of(log_reviews)
    signed = {one.log_review_id: one for one in SignOff.objects.filter(log_review__in=log_reviews)}
    verdicts = _verdicts(log_reviews)
    return [
        Held(
            each,
            when_of(each),
            *points[each.pk],
            verdicts.get(each.pk, []),
            signed.get(each.pk),
            names.signer(signed[each.pk]) if each.pk in signed else "",
        )
        for each in log_reviews
    ]


def when_of(log_review: LogReview) -> str:
    if log_review.state != LogReview.State.OPEN:
        return str(log_review.state)
    today = timezone.now().date()
    if log_review.due_on < today:
        return "overdue"
    return "due" if log_review.due_on <= today + SOON else "open"


def _verdicts(log_reviews: Sequence[LogReview]) -> dict[int, list[tuple[str, int]]]:
    """What was made of the entries, in the order of the verdicts."""
    given = Disposition.objects.filter(log_review__in=log_reviews).order_by().values_list("log_review_id", "verdict")
    counted = {(pk, verdict): number for pk, verdict, number in given.annotate(number=Count("pk"))}
    return {
        each.pk: [
            (str(verdict.label).lower(), counted[each.pk, verdict.value])
            for verdict in Disposition.Verdict
            if (each.pk, verdict.value) in counted
        ]
        for each in log_reviews
    }
