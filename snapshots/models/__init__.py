from .adjustments import Adjustment
from .log_reviews import Disposition, Finding, LogReview, Occasion, SignOff
from .releases import MOVES, Release, Step
from .snapshots import Purpose, Snapshot

__all__ = [
    "MOVES",
    "Adjustment",
    "Disposition",
    "Finding",
    "LogReview",
    "Occasion",
    "Purpose",
    "Release",
    "SignOff",
    "Snapshot",
    "Step",
]
