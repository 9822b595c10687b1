from .adjustments import AdjustmentAdmin
from .log_reviews import DispositionAdmin, FindingAdmin, LogReviewAdmin, SignOffAdmin
from .snapshots import SnapshotAdmin

__all__ = ["AdjustmentAdmin", "DispositionAdmin", "FindingAdmin", "LogReviewAdmin", "SignOffAdmin", "SnapshotAdmin"]
