"""Writes well-formed `labelhist/1`, line by line, without any code of ours."""

import hashlib
import json
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

Label = dict[str, Any]

COLUMNS = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]
CONLLU_FIELDS = ["split", "text", "meta", "tokenization", *COLUMNS[1:]]
COCO_FIELDS = ["split", "size", "scene", "objects"]


def hash_of(label: Label) -> str:
    text = json.dumps(label, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stream:
    """Keeps the state that its lines have led to, so that hashes and sequence come out right."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.lines = [json.dumps({"type": "header", "schema": "labelhist/1"} | header, ensure_ascii=False)]
        self.labels: dict[str, Label] = {}
        self.seq = 0
        self.at = datetime(2020, 1, 1)  # noqa: DTZ001 - UTC, and written so
        self.rev = ""
        self.act: dict[str, Any] = {}

    def begin(self, rev: str, actor: str, message: str = "", **flags: bool) -> None:
        """Open a batch; the changes that follow are its."""
        self.rev = rev
        self.act = {"actor": actor, "rev": rev, "message": message} | flags

    def change(self, op: str, item: str, after: Label | None, fields: list[str], **state: Any) -> None:
        """One change to that label, told by its patch, or by nothing else by the whole label."""
        before = self.labels.get(item)
        hashes = {"before_hash": before and hash_of(before), "after_hash": after and hash_of(after)}
        if not state and after is not None:
            state = {"label": after}
        self._write("change", {"op": op, "item": item, **hashes, "fields": fields} | self.act | state)
        if after is None:
            del self.labels[item]
        else:
            self.labels[item] = deepcopy(after)

    def release(self, name: str) -> None:
        lines = "\n".join(f"{item} {hash_of(label)}" for item, label in sorted(self.labels.items()))
        state_hash = hashlib.sha256(lines.encode()).hexdigest()
        named = {
            "name": name,
            "rev": self.rev or "0" * 12,
            "items": len(self.labels),
            "state_hash": state_hash,
        }
        self._write("release", named)

    def _write(self, kind: str, rest: dict[str, Any]) -> None:
        self.seq += 1
        times = {"ts": f"{self.at:%Y-%m-%dT%H:%M:%SZ}"}
        if kind == "change":
            times["authored"] = f"{self.at - timedelta(hours=self.seq % 50):%Y-%m-%dT%H:%M:%SZ}"
        record = {"type": kind, "seq": self.seq} | times | rest
        self.lines.append(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
