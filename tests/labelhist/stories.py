"""Two short histories told by hand, to be spoilt by tests."""

from pathlib import Path

from labelop.connectors.labelhist import Batch, Change, Release

from .stream import COCO_FIELDS, COLUMNS, CONLLU_FIELDS, Label, Stream


def sentence(*classes: str, split: str = "train") -> Label:
    tokens = [[str(n + 1), "w", "w", one, "_", "_", "0", "root", "_", "_"] for n, one in enumerate(classes)]
    return {"split": split, "text": "w", "meta": [], "tokens": tokens}


def image(*objects: tuple[str, str]) -> Label:
    shapes = [{"category": one, "bbox": [1, 2, 3, 4.5], "seg": seg} for one, seg in objects]
    return {"size": [640, 480], "scene": [], "objects": shapes}


def sentences() -> Stream:
    """Line 2 to 4: two adds and an update; 5: r1; 6 and 7: tokens and a removal; 8: r2."""
    stream = Stream(
        {"corpus": "c", "releases": ["r1", "r2"], "fields": CONLLU_FIELDS, "columns": COLUMNS, "actors": []}
    )
    stream.begin("a" * 12, "user000", "import", baseline=True)
    stream.change("add", "s1", sentence("NOUN", "VERB"), [])
    stream.change("add", "s2", sentence("X"), [])
    stream.begin("b" * 12, "ana", "fix")
    cells = [[1, "upos", "VERB", "AUX"]]
    stream.change("update", "s1", sentence("NOUN", "AUX", split="test"), ["upos"], cells=cells, split=["train", "test"])
    stream.release("r1")
    stream.begin("c" * 12, "bob", merge=True)
    joined = sentence("X", "NUM")
    stream.change("update", "s2", joined, ["tokenization"], tokens=joined["tokens"])
    stream.change("remove", "s1", None, [])
    stream.release("r2")
    return stream


def images() -> Stream:
    """Line 2: an add; 3: an update; 4: r1."""
    stream = Stream({"corpus": "c", "releases": ["r1"], "fields": COCO_FIELDS, "actors": []})
    stream.begin("a" * 12, "ana")
    stream.change("add", "i1", image(("car", "a"), ("bus", "b")), [])
    stream.change("update", "i1", image(("car", "a")), ["objects"])
    stream.release("r1")
    return stream


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def changes_of(steps: list[Batch | Release]) -> list[Change]:
    return [change for step in steps if isinstance(step, Batch) for change in step.changes]
