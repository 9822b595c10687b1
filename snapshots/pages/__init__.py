from .access import access, change_member, end_member
from .find import find
from .index import index
from .item import item
from .project import project
from .quality import quality, quality_signal
from .restore import restore
from .snapshot import snapshot
from .trail import trail
from .trail_export import export_trail

__all__ = [
    "access",
    "change_member",
    "end_member",
    "export_trail",
    "find",
    "index",
    "item",
    "project",
    "quality",
    "quality_signal",
    "restore",
    "snapshot",
    "trail",
]
