from .access import access, change_member, end_member
from .index import index
from .item import item
from .log_review import log_review
from .log_reviews import log_reviews
from .outside import review_file, review_markdown
from .project import project
from .quality import quality, quality_signal
from .releases import releases
from .restore import restore
from .snapshot import snapshot
from .trail import trail
from .trail_export import export_trail

__all__ = [
    "access",
    "change_member",
    "end_member",
    "export_trail",
    "index",
    "item",
    "log_review",
    "log_reviews",
    "project",
    "quality",
    "quality_signal",
    "releases",
    "restore",
    "review_file",
    "review_markdown",
    "snapshot",
    "trail",
]
