"""Read a history line by line, and believe nothing that its own hashes do not bear out."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from os import PathLike
from typing import Any

from ..errors import BadField
from .errors import BadHistory
from .header import Header, read_header
from .lines import numbered_lines, parsed
from .state import State
from .steps import Batch, Change, ChangeLine, Release, read_change, read_release, read_seq

NumberedLine = tuple[int, bytes | None]
Record = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class LeftOut:
    """A line that was passed over, and why."""

    line: int
    field: str | None
    reason: str


class History:
    """A header, and the batches and releases that follow it in order; they can be gone through once.

    `left_out` grows on the way, and only if the reader keeps going. `unreached` holds the releases that the
    header names and that have not come yet; at the end, those of a file that stops too early.
    """

    def __init__(self, header: Header, lines: Iterator[NumberedLine], keep_going: bool) -> None:
        self.header = header
        self.left_out: list[LeftOut] = []
        self.unreached = list(header.releases)
        self._lines = lines
        self._keep_going = keep_going
        self._state = State(header.kind)
        self._line = 1
        self._seq = 0
        self._ts: datetime | None = None
        self._doubtful: dict[str, int] = {}
        self._steps = self._read()

    def __iter__(self) -> Iterator[Batch | Release]:
        return self._steps

    def _read(self) -> Iterator[Batch | Release]:
        """Group the changes: a batch ends where another revision begins, a release comes or the file ends."""
        batch: list[tuple[ChangeLine, Change]] = []
        for line, record in self._records_in_order():
            try:
                if record.get("type") == "release":
                    release = read_release(line, record)
                    if batch:
                        yield _batch_of(batch)
                        batch = []
                    yield self._verified(release)
                else:
                    change = self._read_change(line, record)
                    if batch and batch[0][0].rev != change.rev:
                        yield _batch_of(batch)
                        batch = []
                    batch.append((change, self._applied(change, batch)))
            except BadField as error:
                self._doubt(line, record)
                self._leave_out(line, error)
        if batch:
            yield _batch_of(batch)

    def _read_change(self, line: int, record: dict[str, Any]) -> ChangeLine:
        if record.get("type") != "change":
            raise BadField("type", f"{record.get('type')!r} is neither a change nor a release")
        return read_change(line, record, self.header)

    def _applied(self, change: ChangeLine, batch: list[tuple[ChangeLine, Change]]) -> Change:
        self._check_clock(change.ts)
        if batch and batch[0][0].actor != change.actor:
            raise BadField("actor", f"{change.actor!r} in a batch by {batch[0][0].actor!r}")
        try:
            before, after = self._state.apply(change)
        except BadField as error:
            if change.item not in self._doubtful:
                raise
            cause = f"the change of this item in line {self._doubtful[change.item]} was left out"
            raise BadField(error.field, f"{error.reason} ({cause})") from error
        self._doubtful.pop(change.item, None)
        return Change(change.seq, change.line, change.op, change.item, before, after, change.fields, change.authored)

    def _verified(self, release: Release) -> Release:
        """The release, if the header names it next and its state is the one reached, or we keep going."""
        self._check_clock(release.ts)
        if release.name not in self.unreached:
            raise BadField("name", f"the header names no release {release.name!r} that is still to come")
        if release.name != self.unreached[0] and not self._keep_going:
            raise BadField("name", f"{release.name!r} where the header names {self.unreached[0]!r} next")
        self.unreached.remove(release.name)
        if release.items != len(self._state):
            field, doubt = "items", f"says {release.items}, but {len(self._state)} are reached"
        elif release.state_hash != self._state.hash():
            field, doubt = "state_hash", f"says {release.state_hash}, but {self._state.hash()} is reached"
        else:
            return release
        if not self._keep_going:
            raise BadField(field, doubt)
        return replace(release, verified=False, doubt=f"{field}: {doubt}")

    def _records_in_order(self) -> Iterator[Record]:
        records = self._records()
        # When not going on, a look at the next line would report its faults before this line's.
        pairs = _with_following(records) if self._keep_going else ((record, None) for record in records)
        for (line, record), following in pairs:
            try:
                self._check_seq(line, record, following)
            except BadField as error:
                self._leave_out(line, error)
            else:
                yield line, record

    def _records(self) -> Iterator[Record]:
        try:
            for number, line in self._lines:
                try:
                    record = parsed(line)
                except BadField as error:
                    self._leave_out(number, error)
                else:
                    yield number, record
        except BadHistory as error:
            if not self._keep_going:
                raise
            self._tell(error.line, error.field, error.reason)

    def _check_seq(self, line: int, record: dict[str, Any], following: Record | None) -> None:
        """Strictly 1, 2, 3 …; when going on, a jump ahead counts as a gap unless the next line jumps back."""
        seq, expected = read_seq(record), self._seq + 1
        if seq < expected or (seq > expected and not self._keep_going):
            raise BadField("seq", f"{seq} where {expected} is next")
        if seq > expected and following is not None:
            after = following[1].get("seq")
            if isinstance(after, int) and expected <= after <= seq:
                raise BadField("seq", f"{seq} between {self._seq} and {after}")
        # Lines in between that were left out had numbers too.
        missing = seq - expected - (line - self._line - 1)
        if missing > 0:
            self._tell(line, "seq", f"lines missing before this one: {missing}")
        self._line, self._seq = line, seq

    def _check_clock(self, ts: datetime) -> None:
        """Time never runs backwards; when going on, one jump back costs one line and not all that follow."""
        latest, self._ts = self._ts, ts
        if latest is not None and ts < latest:
            raise BadField("ts", f"{ts:%Y-%m-%dT%H:%M:%SZ} after {latest:%Y-%m-%dT%H:%M:%SZ}")

    def _doubt(self, line: int, record: dict[str, Any]) -> None:
        if isinstance(record.get("item"), str):
            self._doubtful[record["item"]] = line

    def _leave_out(self, line: int, error: BadField) -> None:
        if not self._keep_going:
            raise BadHistory(line, error.field, error.reason) from error
        self._tell(line, error.field, error.reason)

    def _tell(self, line: int, field: str | None, reason: str) -> None:
        insort(self.left_out, LeftOut(line, field, reason), key=lambda one: one.line)


def read_history(path: str | PathLike[str], *, keep_going: bool = False) -> History:
    """Open a history, plain or gzip, and read its header; the rest is read while one goes through it.

    Whatever is wrong raises `BadHistory`, and of the batch it stands in nothing is yielded. With `keep_going`
    bad lines are left out instead; only a bad header still raises. Hashes then decide what can go on: a
    change is taken only if it starts from the label that we hold, so what builds on a lost change is left out
    too, until the item is back in that label; a release is unverified while the state reached is not its own.
    """
    lines = numbered_lines(path)
    try:
        _, line = next(lines, (1, b""))
        if not line and line is not None:
            raise BadField(None, "the file is empty")
        record = parsed(line)
        header = read_header(line or b"", record)
    except BadField as error:
        raise BadHistory(1, error.field, error.reason) from error
    return History(header, lines, keep_going)


def _with_following(records: Iterator[Record]) -> Iterator[tuple[Record, Record | None]]:
    current = next(records, None)
    while current is not None:
        following = next(records, None)
        yield current, following
        current = following


def _batch_of(lines: list[tuple[ChangeLine, Change]]) -> Batch:
    first, last = lines[0][0], lines[-1][0]
    messages = dict.fromkeys(line.message for line, _ in lines if line.message)
    return Batch(
        rev=first.rev,
        actor=first.actor,
        ts=last.ts,
        message="\n\n".join(messages),
        merge=any(line.merge for line, _ in lines),
        baseline=all(line.baseline for line, _ in lines),
        first_seq=first.seq,
        last_seq=last.seq,
        changes=tuple(change for _, change in lines),
    )
