from .adjustments import AdjustmentAdmin
from .entries import EntryAdmin
from .log_reviews import DispositionAdmin, FindingAdmin, LogReviewAdmin, SignOffAdmin
from .releases import ReleaseAdmin
from .snapshots import SnapshotAdmin
from .views import SavedViewAdmin
from .work import AnnotationInTheDatasetAdmin, ItemInTheDatasetAdmin

__all__ = [
    "AdjustmentAdmin",
    "AnnotationInTheDatasetAdmin",
    "DispositionAdmin",
    "EntryAdmin",
    "FindingAdmin",
    "ItemInTheDatasetAdmin",
    "LogReviewAdmin",
    "ReleaseAdmin",
    "SavedViewAdmin",
    "SignOffAdmin",
    "SnapshotAdmin",
]
