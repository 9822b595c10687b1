from .access import access, change_member, end_member
from .find import find
from .index import index
from .item import item
from .log_review import read_log_review
from .log_reviews import list_log_reviews
from .outside import review_file, review_markdown
from .project import project
from .quality import quality, quality_signal
from .releases import list_releases
from .restore import restore
from .snapshot import snapshot
from .snapshot_export import export_snapshot
from .trail import trail
from .trail_export import export_trail

__all__ = [
    "access",
    "change_member",
    "end_member",
    "export_snapshot",
    "export_trail",
    "find",
    "index",
    "item",
    "list_log_reviews",
    "list_releases",
    "project",
    "quality",
    "quality_signal",
    "read_log_review",
    "restore",
    "review_file",
    "review_markdown",
    "snapshot",
    "trail",
]
