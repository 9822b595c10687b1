from .adjustments import AdjustmentAdmin
from .entries import EntryAdmin
from .log_reviews import DispositionAdmin, FindingAdmin, LogReviewAdmin, SignOffAdmin
from .releases import ReleaseAdmin
from .snapshots import SnapshotAdmin
from .views import SavedViewAdmin

__all__ = [
    "AdjustmentAdmin",
    "DispositionAdmin",
    "EntryAdmin",
    "FindingAdmin",
    "LogReviewAdmin",
    "ReleaseAdmin",
    "SavedViewAdmin",
    "SignOffAdmin",
    "SnapshotAdmin",
]
