"""Set hash, format 1: one hash for a set of records, which costs what changed and not what there is.

LtHash, after Bellare and Micciancio 1997 and Lewi, Kim, Maykov and Weis 2019. Each record is a leaf: SHAKE128
read out to 1,024 little-endian lanes of 16 bits. The state is their sum, lane by lane, modulo 2^16.

It proves that two sets are equal, not that a record belongs to one, nor where two differ. A record that is
added twice counts twice, so whoever adds sees to it that each key comes once.
"""

from hashlib import sha256, shake_128

STATE_BYTES = 2048

_LANES = STATE_BYTES // 2
_EVERY = (1 << 8 * STATE_BYTES) - 1
_EVEN = int.from_bytes(b"\xff\xff\0\0" * (_LANES // 2), "little")
_ONES = int.from_bytes(b"\1\0\0\0" * (_LANES // 2), "little")

# A sum of so many 16-bit lanes, and as many ones, still fits into 32 bits.
_FOLD_AFTER = 60_000


class SetHash:
    """The sum of the leaves of a set of records.

    Neighbouring lanes would carry into each other. So the even ones are summed by themselves, with 32 bits
    each, and the odd ones are what the total has beyond them. Only now and then all are cut back to 16 bits.
    """

    def __init__(self) -> None:
        self.count = 0
        self._evens = 0
        self._total = 0
        self._pending = 0
        self._removed = 0

    @classmethod
    def from_state(cls, count: int, state: bytes) -> "SetHash":
        """Go on from a state kept earlier."""
        if len(state) != STATE_BYTES or count < 0:
            raise ValueError(f"a set hash has a count and {STATE_BYTES} bytes of state")
        found = cls()
        found.count = count
        found._sum_up(int.from_bytes(state, "little"))
        return found

    def add(self, key: str, content: str) -> None:
        """Add a record: its key, as `record_key` makes it, and the canonical JSON of its content."""
        self.count += 1
        self._sum_up(_leaf(key, content))

    def remove(self, key: str, content: str) -> None:
        """Take out a record that was added with this very content; no one can tell if it was not."""
        if self.count == 0:
            raise ValueError("nothing can be taken out of an empty set")
        self.count -= 1
        self._removed += 1
        # In each lane, -x is the complement of x and one more; the ones are added when lanes are cut back.
        self._sum_up(_leaf(key, content) ^ _EVERY)

    def state(self) -> bytes:
        """The lanes, to be kept with the count and handed to `from_state` the next time."""
        self._fold()
        return self._total.to_bytes(STATE_BYTES, "little")

    def digest(self) -> bytes:
        return sha256(b"\x01" + self.count.to_bytes(8, "big") + self.state()).digest()

    def hexdigest(self) -> str:
        return self.digest().hex()

    def _sum_up(self, lanes: int) -> None:
        self._evens += lanes & _EVEN
        self._total += lanes
        self._pending += 1
        if self._pending == _FOLD_AFTER:
            self._fold()

    def _fold(self) -> None:
        odds = (self._total - self._evens) >> 16
        ones = self._removed * _ONES
        self._evens = (self._evens + ones) & _EVEN
        self._total = self._evens | ((odds + ones) & _EVEN) << 16
        self._pending = 1
        self._removed = 0


def content_hash(items: SetHash, annotations: SetHash, schema: SetHash) -> str:
    """The hash of a dataset's content: of its three sections and of nothing else."""
    return sha256(b"\x02" + items.digest() + annotations.digest() + schema.digest()).hexdigest()


def record_key(kind: str, first: str, *others: str) -> str:
    """Name a record: `item/<key>`, `annotation/<item key>/<key>`, `class/<key>`, a `/` inside a key doubled.

    Doubling alone would give ("a/", "b") and ("a", "/b") one name. So a part behind the first that begins
    with `/`, or with dots and a `/`, gets one dot in front, and no two records share a name.
    """
    return "/".join([kind, _doubled(first), *(_doubled(_dotted(part)) for part in others)])


def _dotted(part: str) -> str:
    return f".{part}" if part.lstrip(".").startswith("/") else part


def _doubled(part: str) -> str:
    return part.replace("/", "//")


def _leaf(key: str, content: str) -> int:
    name = key.encode()
    leaf = shake_128(b"\0" + len(name).to_bytes(4, "big") + name + content.encode())
    return int.from_bytes(leaf.digest(STATE_BYTES), "little")
