"""Sentences and images made up at random, and the ways in which annotators change them."""

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from .stream import COCO_FIELDS, COLUMNS, CONLLU_FIELDS, Label

SPLITS = ["train", "dev", "test"]
PICTOGRAMS = ["😀", "👩🏽\u200d🚀", "e\u0301te\u0301", "שלום", "مرحبا", "中文"]
WORDS = ["cat", "sees", "naïve", "it's", 'a"b\\c', "x\u2028y", *PICTOGRAMS]

Edit = Callable[[Label], None]


class Sentences:
    """Labels of kind conllu: token ids may be ranges (`4-5`), empty nodes (`8.1`) and, rarely, doubled."""

    header = {"fields": CONLLU_FIELDS, "columns": COLUMNS}
    classes = ["NOUN", "VERB", "ADJ", "PUNCT", "INTJ", "X"]
    ids = [f"doc{number // 3}/s{number}" for number in range(7)] + [f"{n}-søk😀" for n in range(18)]

    def __init__(self, random: Random) -> None:
        self.random = random

    def label(self) -> Label:
        words = [self.random.choice(WORDS) for _ in range(self.random.randint(1, 9))]
        tokens = [self.token(word) for word in words]
        label = {"split": self.random.choice(SPLITS), "text": " ".join(words), "meta": [], "tokens": tokens}
        self.number(tokens)
        for _ in range(self.random.choice([0, 0, 1])):
            self.cut_anew(label)
        return label

    def token(self, form: str) -> list[str]:
        lemma, upos, deprel = (
            form.lower(),
            self.random.choice(self.classes),
            self.random.choice(["obj", "root"]),
        )
        return ["", form, lemma, upos, "_", "_", str(self.random.randint(0, 9)), deprel, "_", "_"]

    def number(self, tokens: list[list[str]]) -> None:
        """Ids 1, 2, 3 …, as for tokens that have just been split or joined."""
        for position, row in enumerate(tokens):
            row[0] = str(position + 1)

    def edits(self) -> list[Edit]:
        cells = [self.change_a_cell] * 5
        return [*cells, self.cut_anew, self.cut_anew, self.change_text, self.change_meta, self.move_split]

    def change_a_cell(self, label: Label) -> None:
        row = self.random.choice(label["tokens"])
        if self.random.random() < 0.5:
            row[3] = self.random.choice([one for one in self.classes if one != row[3]])
        else:
            row[self.random.choice([1, 2, 4, 5, 6, 7, 8, 9])] = self.random.choice(["_", "Number=Sing", "amod", *WORDS])

    def cut_anew(self, label: Label) -> None:
        """Split or join tokens; or give the table a range, an empty node, or one id twice."""
        tokens = [row for row in label["tokens"] if row[0].isdecimal()] or label["tokens"]
        at = self.random.randrange(len(tokens))
        way = self.random.choice(["split", "join", "range", "empty", "doubled"])
        if way == "split":
            tokens.insert(at, self.token("part"))
        elif way == "join" and len(tokens) > 1:
            del tokens[at]
        self.number(tokens)
        if way == "range" and at + 1 < len(tokens):
            tokens.insert(at, [f"{at + 1}-{at + 2}", "du", *["_"] * 8])
        elif way == "empty":
            tokens.insert(at + 1, [f"{at + 1}.1", *self.token("ellipsis")[1:]])
        elif way == "doubled" and self.random.random() < 0.3:
            tokens.insert(at, [str(at + 1), *self.token("again")[1:]])
        label["tokens"] = tokens

    def change_text(self, label: Label) -> None:
        label["text"] += self.random.choice(PICTOGRAMS)

    def change_meta(self, label: Label) -> None:
        label["meta"] = [f"comment = {self.random.choice(WORDS)}" for _ in range(self.random.randint(0, 2))]

    def move_split(self, label: Label) -> None:
        label["split"] = self.random.choice([split for split in SPLITS if split != label["split"]])

    def renamed(self, label: Label, gone: str, instead: str) -> Label:
        tokens = [[*row[:3], instead if row[3] == gone else row[3], *row[4:]] for row in label["tokens"]]
        return label | {"tokens": tokens}

    def touched(self, before: Label, after: Label) -> list[str]:
        fields = [field for field in ("split", "text", "meta") if before[field] != after[field]]
        if self.cut_differently(before, after):
            return [*fields, "tokenization"]
        rows = list(zip(before["tokens"], after["tokens"], strict=True))
        return fields + [name for n, name in enumerate(COLUMNS) if any(old[n] != new[n] for old, new in rows)]

    def patch(self, before: Label, after: Label) -> dict[str, Any]:
        """The patch between two labels; one time in eight none, so that the whole label is written."""
        if self.random.random() < 1 / 8:
            return {}
        pairs = ("text", "meta", "split")
        patch: dict[str, Any] = {f: [before[f], after[f]] for f in pairs if before[f] != after[f]}
        if self.cut_differently(before, after):
            return patch | {"tokens": after["tokens"]}
        cells = [
            [row, name, old[n], new[n]]
            for row, (old, new) in enumerate(zip(before["tokens"], after["tokens"], strict=True))
            for n, name in enumerate(COLUMNS)
            if old[n] != new[n]
        ]
        return patch | ({"cells": cells} if cells else {})

    def cut_differently(self, before: Label, after: Label) -> bool:
        return [row[0] for row in before["tokens"]] != [row[0] for row in after["tokens"]]


class Images:
    """Labels of kind coco: objects without ids, some of them exactly alike, in canonical order."""

    header = {"fields": COCO_FIELDS}
    classes = ["car", "bus", "person", "traffic light", "жираф"]
    ids = [f"train/2019/{number:04}.jpg" for number in range(7)] + [f"img {n}é.png" for n in range(18)]

    def __init__(self, random: Random) -> None:
        self.random = random
        self.with_splits = random.random() < 0.5

    def label(self) -> Label:
        scene = self.random.sample(["indoor", "night", "雨"], self.random.randint(0, 2))
        label = {"size": [640, 480], "scene": scene, "objects": []}
        if self.with_splits:
            label["split"] = self.random.choice(SPLITS)
        for _ in range(self.random.randint(0, 6)):
            self.add_an_object(label)
        return label

    def edits(self) -> list[Edit]:
        of_objects = [self.relabel, self.relabel, self.nudge, self.redraw, self.add_an_object, self.drop]
        of_images = [self.duplicate, self.change_scene, self.change_size]
        return [*of_objects, *of_images, *([self.move_split] if self.with_splits else [])]

    def add_an_object(self, label: Label) -> None:
        one: Label = {"category": self.random.choice(self.classes), "bbox": self.box(), "seg": self.polygon()}
        if self.random.random() < 0.1:
            one["iscrowd"] = 1
        self.put(label, [*label["objects"], one])

    def duplicate(self, label: Label) -> None:
        self.put(label, label["objects"] + deepcopy(label["objects"][:2]))

    def drop(self, label: Label) -> None:
        self.put(label, label["objects"][1:])

    def relabel(self, label: Label) -> None:
        for one in self.some(label):
            one["category"] = self.random.choice(self.classes)
        self.put(label, label["objects"])

    def nudge(self, label: Label) -> None:
        for one in self.some(label):
            one["bbox"] = self.box()
        self.put(label, label["objects"])

    def redraw(self, label: Label) -> None:
        for one in self.some(label):
            one["seg"] = self.polygon()
        self.put(label, label["objects"])

    def change_scene(self, label: Label) -> None:
        label["scene"] = self.random.sample(["indoor", "night", "雨"], self.random.randint(0, 3))

    def change_size(self, label: Label) -> None:
        label["size"] = [self.random.randint(1, 4000), 480]

    def move_split(self, label: Label) -> None:
        label["split"] = self.random.choice([split for split in SPLITS if split != label["split"]])

    def some(self, label: Label) -> list[Label]:
        return self.random.sample(label["objects"], min(len(label["objects"]), self.random.randint(1, 2)))

    def box(self) -> list[float]:
        return [self.random.choice([10, 12.5, 300, 0.1]), 20, self.random.randint(1, 9), 33.25]

    def polygon(self) -> str | None:
        """The hash of a polygon; few different ones, so that some objects share one, and sometimes none."""
        return self.random.choice([None, *(f"{number:016x}" for number in range(12))])

    def put(self, label: Label, objects: list[Label]) -> None:
        label["objects"] = sorted(objects, key=lambda one: json.dumps(one, sort_keys=True))

    def renamed(self, label: Label, gone: str, instead: str) -> Label:
        after = deepcopy(label)
        for one in after["objects"]:
            one["category"] = instead if one["category"] == gone else one["category"]
        self.put(after, after["objects"])
        return after

    def touched(self, before: Label, after: Label) -> list[str]:
        return [field for field in COCO_FIELDS if before.get(field) != after.get(field)]

    def patch(self, before: Label, after: Label) -> dict[str, Any]:
        return {}
