from .index import index
from .item import item
from .project import project
from .restore import restore
from .snapshot import snapshot
from .trail import trail
from .trail_export import export_trail

__all__ = ["export_trail", "index", "item", "project", "restore", "snapshot", "trail"]
