from .adjustments import AdjustmentAdmin
from .log_reviews import DispositionAdmin, FindingAdmin, LogReviewAdmin, SignOffAdmin
from .releases import ReleaseAdmin
from .snapshots import SnapshotAdmin
from .work import AnnotationInTheDatasetAdmin, ItemInTheDatasetAdmin

__all__ = [
    "AdjustmentAdmin",
    "AnnotationInTheDatasetAdmin",
    "DispositionAdmin",
    "FindingAdmin",
    "ItemInTheDatasetAdmin",
    "LogReviewAdmin",
    "ReleaseAdmin",
    "SignOffAdmin",
    "SnapshotAdmin",
]
