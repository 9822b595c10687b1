from .index import index
from .project import project
from .restore import restore
from .snapshot import snapshot
from .trail import trail
from .trail_export import export_trail

__all__ = ["export_trail", "index", "project", "restore", "snapshot", "trail"]
