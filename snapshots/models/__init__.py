from .adjustments import Adjustment
from .days import CountedDays, DayCount, DayKind
from .log_reviews import Disposition, Finding, LogReview, Occasion, SignOff
from .releases import MOVES, Release, Step
from .snapshots import Purpose, Snapshot
from .views import SavedView

__all__ = [
    "MOVES",
    "Adjustment",
    "CountedDays",
    "DayCount",
    "DayKind",
    "Disposition",
    "Finding",
    "LogReview",
    "Occasion",
    "Purpose",
    "Release",
    "SavedView",
    "SignOff",
    "Snapshot",
    "Step",
]
