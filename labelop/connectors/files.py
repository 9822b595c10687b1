"""The files of what is imported: one file, a folder, or a zip archive, within limits and never beyond their root."""

from __future__ import annotations

import codecs
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from .errors import BadField, BadFile

MAX_RECORD_BYTES = 16 * 2**20
MAX_FILE_BYTES = 2 * 2**30
MAX_ALL_BYTES = 4 * 2**30
MAX_FILES = 500_000
# What packs better than this is no annotation file but made to fill memory.
MAX_RATIO = 200
_SMALL = 2**20
_TOO_MANY = f"more than {MAX_FILES:,} files"
# Each member of an archive stands in its directory behind these octets.
_MEMBER = b"PK\x01\x02"

_PICTURES = frozenset(
    {
        *("jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp", "avif", "heic", "pdf"),
        *("mp4", "avi", "mov", "mkv", "webm", "wav", "mp3", "flac", "ogg"),
    }
)
_BESIDE_EXPORTS = frozenset({"manifest.json", "left_out.jsonl"})
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True)
class Files:
    """The files under a root, by their paths in it, in order; pictures and recordings are not among them.

    `called` is the name that whoever brought them knows the root by.
    """

    root: Path
    called: str
    names: tuple[str, ...]
    archive: zipfile.ZipFile | None = None

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of one file; whatever stops them from being read raises `BadFile`."""
        try:
            with self.archive.open(name) if self.archive else self._path(name).open("rb") as file:
                yield file
        except _UNREADABLE as error:
            raise BadFile(name, None, f"cannot be read ({_reason_of(error)})") from error

    def whole(self, name: str) -> bytes:
        """All of a small file."""
        with self.opened(name) as file:
            content = file.read(MAX_RECORD_BYTES + 1)
        if len(content) > MAX_RECORD_BYTES:
            raise BadFile(name, None, f"larger than {MAX_RECORD_BYTES:,} bytes")
        return content

    def text(self, name: str) -> str:
        return decoded(self.whole(name), name)

    def head(self, name: str, size: int = 65536) -> bytes:
        with self.opened(name) as file:
            return file.read(size)

    def ending(self, *endings: str) -> list[str]:
        return [name for name in self.names if PurePosixPath(name).suffix.lower() in endings]

    def _path(self, name: str) -> Path:
        return self.root / name if self.root.is_dir() else self.root


def decoded(content: bytes, place: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(place, None, f"not UTF-8 ({error.reason} at byte {error.start})") from error


@contextmanager
def files_at(path: Path, called: str = "") -> Iterator[Files]:
    """The files of a path, which somebody may know by another name; a zip archive is known by its content."""
    called = called or path.name
    if path.is_dir():
        yield Files(path, called, tuple(_in_folder(path, called)))
        return
    if not path.is_file():
        raise BadFile(str(path), None, "there is no such file or folder")
    if not zipfile.is_zipfile(path):
        _check_size(called, path.stat().st_size)
        yield Files(path, called, (called,))
        return
    _must_have_few_members(path, called)
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise BadFile(called, None, f"cannot be read as a zip archive ({_reason_of(error)})") from error
    with archive:
        yield Files(path, called, tuple(_in_archive(archive, called)), archive)


def numbered_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number, without its end; None for one over the limit, which is never held."""
    number = 0
    while line := file.readline(MAX_RECORD_BYTES + 1):
        number += 1
        if len(line) <= MAX_RECORD_BYTES:
            yield number, (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_RECORD_BYTES)
        yield number, None


def line_text(line: bytes | None) -> str:
    if line is None:
        raise BadField(None, f"longer than {MAX_RECORD_BYTES:,} bytes")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadField(None, f"not UTF-8 ({error.reason} at byte {error.start})") from error


def _reason_of(error: Exception) -> str:
    """What stopped a file from being read; not where on this machine it lies."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _in_folder(root: Path, called: str) -> list[str]:
    found: list[str] = []
    inside = root.resolve()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() or _is_aside(name):
            continue
        if not path.resolve().is_relative_to(inside):
            raise BadFile(name, None, "a link that leads out of the folder")
        _check_size(name, path.stat().st_size)
        found.append(name)
    if len(found) > MAX_FILES:
        raise BadFile(called, None, _TOO_MANY)
    return found


def _must_have_few_members(path: Path, called: str) -> None:
    """Refuse an archive of too many members before its directory is held in memory, pictures among them."""
    members, end = 0, b""
    with path.open("rb") as file:
        while piece := file.read(2**20):
            members += (end + piece).count(_MEMBER)
            end = piece[-len(_MEMBER) + 1 :]
    if members > MAX_FILES:
        raise BadFile(called, None, _TOO_MANY)


def _in_archive(archive: zipfile.ZipFile, called: str) -> list[str]:
    found: list[str] = []
    total = 0
    for entry in archive.infolist():
        name = entry.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            raise BadFile(name, None, "a path that leads out of the archive")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadFile(name, None, "a link inside an archive")
        if entry.is_dir() or _is_aside(name):
            continue
        if entry.flag_bits & 1:
            raise BadFile(name, None, "encrypted")
        _check_size(name, entry.file_size)
        if entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise BadFile(name, None, f"unpacks to more than {MAX_RATIO} times its size")
        total += entry.file_size
        if total > MAX_ALL_BYTES:
            raise BadFile(name, None, f"the archive unpacks to more than {MAX_ALL_BYTES:,} bytes")
        found.append(name)
    if doubled := {name for name, times in Counter(found).items() if times > 1}:
        raise BadFile(min(doubled), None, "stands twice in the archive")
    return sorted(found)


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise BadFile(name, None, f"larger than {MAX_FILE_BYTES:,} bytes")


def _is_aside(name: str) -> bool:
    """Pictures and recordings, what LabelOp writes beside an export, what operating systems leave lying about."""
    path = PurePosixPath(name)
    return (
        name in _BESIDE_EXPORTS
        or path.suffix.lower()[1:] in _PICTURES
        or path.name.startswith(".")
        or "__MACOSX" in path.parts
    )
