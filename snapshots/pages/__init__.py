from .index import index
from .item import item
from .project import project
from .restore import restore
from .snapshot import snapshot
from .trail import trail

__all__ = ["index", "item", "project", "restore", "snapshot", "trail"]
