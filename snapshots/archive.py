"""A folder as one zip, packed while it is sent: memory stays small, and the same files are the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

AT_ONCE = 1 << 16
# When a file was written is nothing that an archive has to tell; this is the earliest that a zip can say.
NO_TIME = (1980, 1, 1, 0, 0, 0)
UNIX, READ_BY_ALL = 3, 0o100644 << 16


class Archive:
    """Iterate it once. What the folder stands in goes then, or when it is closed before, which a response does."""

    def __init__(self, folder: Path, within: TemporaryDirectory[str]) -> None:
        self.folder = folder
        self.within = within

    def __iter__(self) -> Iterator[bytes]:
        written = _Written()
        with self.within:
            with ZipFile(written, "w") as archive:
                for path in files_in(self.folder):
                    with path.open("rb") as file, archive.open(self._told_of(path), "w") as packed:
                        while piece := file.read(AT_ONCE):
                            packed.write(piece)
                            if written.size >= AT_ONCE:
                                yield written.taken()
            yield written.taken()

    def close(self) -> None:
        self.within.cleanup()

    def _told_of(self, path: Path) -> ZipInfo:
        told = ZipInfo(path.relative_to(self.folder).as_posix(), NO_TIME)
        told.compress_type, told.create_system, told.external_attr = ZIP_DEFLATED, UNIX, READ_BY_ALL
        # From its size follows whether a file needs the longer numbers of ZIP64, which nobody can come back to write.
        told.file_size = path.stat().st_size
        return told


class _Written(RawIOBase):
    """What a zip has written and nobody has taken yet; that it cannot seek tells `zipfile` to write straight on."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: Any, /) -> int:
        self.pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces, self.size = [], 0
        return taken


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder, in an order that does not change."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
