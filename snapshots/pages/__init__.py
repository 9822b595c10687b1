from .access import access, change_member, end_member
from .index import index
from .project import project
from .quality import quality, quality_signal
from .restore import restore
from .snapshot import snapshot
from .trail import trail

__all__ = [
    "access",
    "change_member",
    "end_member",
    "index",
    "project",
    "quality",
    "quality_signal",
    "restore",
    "snapshot",
    "trail",
]
