from .index import index
from .project import project
from .restore import restore
from .snapshot import snapshot
from .trail import trail

__all__ = ["index", "project", "restore", "snapshot", "trail"]
