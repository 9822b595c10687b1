"""Random histories in `labelhist/1`: small, valid, and full of what real ones hold. No code of ours is used.

`random_history(seed, "conllu" or "coco")` gives the lines, without line ends, and their truth.
"""

from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

from .made_labels import Images, Sentences
from .stream import Label, Stream
from .truth import truth_of

ACTORS = ["user001", "user002", "Zoë Ångström", "o'brien; drop", "=cmd|x", "שרה", "a/b"]
MESSAGES = [
    "",
    "fix tags",
    "Über-correction 😀",
    " trailing space ",
    "two\nlines",
    "תיקון",
    "#12: relabel (again)",
]


def random_history(seed: int, kind: str) -> tuple[list[str], dict[str, Any]]:
    lines = Course(seed, kind).written()
    return lines, truth_of(lines)


class Course:
    """The course of a history, whatever its labels: an opening import, then batches and releases."""

    def __init__(self, seed: int, kind: str) -> None:
        self.random = Random(f"{kind} {seed}")
        self.made = Sentences(self.random) if kind == "conllu" else Images(self.random)
        self.names = [f"r{number}" for number in range(1, self.random.randint(3, 6) + 1)]
        source = {"corpus": f"random-{seed}", "source": "made up", "source_head": "0" * 40, "license": "CC0"}
        actors = {"releases": self.names, "actors": ["user000", *ACTORS]}
        self.stream = Stream(source | actors | self.made.header)
        self.gone: dict[str, list[Label]] = {}
        self.earlier: dict[str, list[Label]] = {}
        self.fresh = iter(self.made.ids)
        self.left = self.random.randint(10, 45)

    def written(self) -> list[str]:
        for _ in range(self.random.choice([1, 1, 2])):
            self.begin("user000", baseline=True)
            for _ in range(self.random.randint(5, 9)):
                self.add()
        for position, name in enumerate(self.names):
            self.chapter(self.left // (len(self.names) - position) + 1)
            while name == self.names[-1] and self.stream.seq < 10 + position:
                self.batch(8)
            self.stream.release(name)
        return self.stream.lines

    def chapter(self, at_most: int) -> None:
        """What happens before a release: nothing, something that cancels out, or a few batches."""
        course = self.random.random()
        if course < 0.2:
            return
        if course < 0.3:
            self.go_there_and_back()
            return
        for _ in range(self.random.randint(1, 4)):
            if at_most > 0:
                at_most -= self.batch(at_most)

    def begin(self, actor: str, **flags: bool) -> None:
        if self.random.random() < 0.8:
            self.stream.at += timedelta(minutes=self.random.randint(0, 90_000))
        rev = f"{self.random.getrandbits(48):012x}"
        self.stream.begin(rev, actor, self.random.choice(MESSAGES), **flags)

    def batch(self, at_most: int) -> int:
        before = self.stream.seq
        flags = {"merge": True} if self.random.random() < 0.2 else {}
        self.begin(self.random.choice(ACTORS), **flags)
        if self.random.random() < 0.15:
            self.let_a_class_vanish()
        for _ in range(self.random.randint(1, min(8, at_most))):
            self.random.choices([self.edit, self.add, self.remove, self.revert], [12, 2, 2, 3])[0]()
        self.left -= self.stream.seq - before
        return self.stream.seq - before

    def go_there_and_back(self) -> None:
        item = self.pick()
        before = deepcopy(self.stream.labels[item])
        self.begin(self.random.choice(ACTORS))
        self.edit(item)
        self.begin(self.random.choice(ACTORS))
        self.update(item, before)

    def add(self) -> None:
        """A new item, or one that was removed, as it was or otherwise."""
        back = [item for item in sorted(self.gone) if item not in self.stream.labels]
        if back and self.random.random() < 0.5:
            item = self.random.choice(back)
            label = self.random.choice([self.gone[item][-1], self.made.label()])
        elif (item := next(self.fresh, "")) == "":
            return
        else:
            label = self.made.label()
        self.stream.change("add", item, label, [])

    def remove(self) -> None:
        if len(self.stream.labels) > 5:
            item = self.pick()
            self.gone.setdefault(item, []).append(self.stream.labels[item])
            self.stream.change("remove", item, None, [])

    def edit(self, item: str = "") -> None:
        item = item or self.pick()
        label = deepcopy(self.stream.labels[item])
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self.random.choice(self.made.edits())(label)
        self.update(item, label)

    def revert(self) -> None:
        """Set an item back to a label that it had before."""
        item = self.pick()
        if self.earlier.get(item):
            self.update(item, deepcopy(self.random.choice(self.earlier[item])))

    def update(self, item: str, label: Label) -> None:
        before = self.stream.labels[item]
        if label != before:
            self.earlier.setdefault(item, []).append(before)
            self.stream.change(
                "update", item, label, self.made.touched(before, label), **self.made.patch(before, label)
            )

    def pick(self) -> str:
        return self.random.choice(sorted(self.stream.labels))

    def let_a_class_vanish(self) -> None:
        """Every token or object of one class becomes one of another, wherever it is."""
        gone, instead = self.random.sample(self.made.classes, 2)
        for item, label in sorted(self.stream.labels.items()):
            self.update(item, self.made.renamed(label, gone, instead))
