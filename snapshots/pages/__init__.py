from .index import index
from .project import project
from .snapshot import snapshot
from .trail import trail

__all__ = ["index", "project", "snapshot", "trail"]
