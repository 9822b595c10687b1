"""The labels of all items that are there, at one point of a history."""

from dataclasses import dataclass
from hashlib import sha256

from ..errors import BadField
from .labels import Kind, Label, checked_label, item_hash, patched
from .steps import ChangeLine


@dataclass(frozen=True)
class _Held:
    label: Label
    hash: str


class State:
    """What the changes so far led to; one that does not fit raises `BadField` and alters nothing."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._held: dict[str, _Held] = {}
        self._hash: str | None = None

    def __len__(self) -> int:
        return len(self._held)

    def apply(self, change: ChangeLine) -> tuple[Label | None, Label | None]:
        """The item's label before and after."""
        held = self._held.get(change.item)
        before = None if held is None else held.label
        _check_start(change, held)
        after = self._label_after(change, before)
        if after is None:
            del self._held[change.item]
        else:
            reached = item_hash(after)
            if reached != change.after_hash:
                raise BadField("after_hash", f"says {change.after_hash}, but the change leads to {reached}")
            self._held[change.item] = _Held(after, reached)
        self._hash = None
        return before, after

    def hash(self) -> str:
        """The SHA-256 of the lines `item_id item_hash`, sorted by id."""
        if self._hash is None:
            lines = "\n".join(f"{item} {self._held[item].hash}" for item in sorted(self._held))
            self._hash = sha256(lines.encode()).hexdigest()
        return self._hash

    def _label_after(self, change: ChangeLine, before: Label | None) -> Label | None:
        if change.op == "remove":
            return None
        if change.patch and before is not None:
            return patched(before, change.patch, self._kind)
        return checked_label(change.label, self._kind)


def _check_start(change: ChangeLine, held: _Held | None) -> None:
    if change.op == "add":
        if held is not None:
            raise BadField("item", f"{change.item!r} is added, but is there already")
    elif held is None:
        raise BadField("item", f"{change.item!r} is not there; the operation {change.op} needs it")
    elif held.hash != change.before_hash:
        raise BadField("before_hash", f"says {change.before_hash}, but the item is at {held.hash}")
