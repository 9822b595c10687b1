from .log_reviews import DispositionAdmin, FindingAdmin, LogReviewAdmin, SignOffAdmin
from .snapshots import SnapshotAdmin

__all__ = ["DispositionAdmin", "FindingAdmin", "LogReviewAdmin", "SignOffAdmin", "SnapshotAdmin"]
