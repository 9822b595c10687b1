"""Weeks of decisions on stage, for the tests of quality."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from audit.acting import operation
from labelop.models import Annotation, Item, LabelClass, Review, Verdict
from labelop.quality import monday_of
from tests.snapshots.stage import Stage, set_the_stage

BEFORE_ALL = datetime(2026, 1, 1, tzinfo=UTC)
ONE_WEEK = timedelta(weeks=1)


def staged(photos: int = 4) -> Stage:
    """The stage as it stood before the first decision."""
    with operation(at=BEFORE_ALL):
        return set_the_stage(photos=photos)


def at(monday: date, days: float = 0, hours: float = 0) -> datetime:
    return datetime.combine(monday, time.min, UTC) + timedelta(days=days, hours=hours)


def this_monday() -> date:
    return monday_of(datetime.now(UTC))


def review_many(stage: Stage, label_class: LabelClass, monday: date, rejected: int, of: int) -> None:
    """Ravi decides on so many new items in a week; written plainly, since services would take minutes."""
    moment, first = at(monday, hours=1), Item.objects.count()
    with operation(at=moment):
        items = Item.objects.bulk_create(
            Item(project=stage.project, key=f"later/{number}") for number in range(first, first + of)
        )
        Annotation.objects.bulk_create(
            Annotation(project=stage.project, item=item, key="1", label_class=label_class, author=stage.ana)
            for item in items
        )
        Review.objects.bulk_create(
            Review(
                project=stage.project,
                item=item,
                verdict=Verdict.REJECTED if number < rejected else Verdict.APPROVED,
                reviewer=stage.ravi,
                decided_at=moment,
            )
            for number, item in enumerate(items)
        )


def bad_week(stage: Stage, monday: date) -> None:
    """Four ordinary weeks with gulls, and then a bad one."""
    for back in range(4, 0, -1):
        review_many(stage, stage.gull, monday - back * ONE_WEEK, rejected=1, of=15)
    review_many(stage, stage.gull, monday, rejected=16, of=20)
