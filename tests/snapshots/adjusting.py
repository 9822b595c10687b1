"""How the tests of adjustments spoil a project, and have two people account for it."""

from __future__ import annotations

from audit.events import Event
from audit.models import Entry
from snapshots.models import Adjustment
from snapshots.services.adjustments import accept_adjustment, propose_adjustment

from .stage import Stage, by_hand

WHY = "The database was moved; the box was rounded on the way"


def spoil(stage: Stage, place: int = 0, box: int = 5) -> Entry:
    """Somebody moves a box by hand; the entry that the database writes of it."""
    by_hand(stage.marks[place], value={"box": [box]})
    return Entry.objects.filter(project=stage.project, event=Event.CHANGE_UNEXPLAINED).latest("id")


def propose(stage: Stage, place: int = 0) -> Adjustment:
    return propose_adjustment(stage.project, spoil(stage, place).operation, by=stage.olga, reason=WHY)


def adjust(stage: Stage, place: int = 0) -> Adjustment:
    return accept_adjustment(propose(stage, place), by=stage.ravi)
