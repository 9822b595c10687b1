"""Small files of every format, written as their tools write them: two items, and what became of them later.

Of the first item, later, one mark is of another class, one is gone and one is new; the second is as it was, and a
third has come. `spoiled` is the first version with something wrong in its second item.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Box = tuple[str, tuple[int, int, int, int]]
Span = tuple[str, tuple[int, int]]

BOXES: dict[str, list[Box]] = {
    "a.jpg": [("cat", (10, 20, 30, 40)), ("dog", (50, 60, 20, 10))],
    "b.jpg": [("cat", (0, 0, 100, 80))],
}
LATER_BOXES: dict[str, list[Box]] = {
    "a.jpg": [("dog", (10, 20, 30, 40)), ("bird", (1, 2, 3, 4))],
    "b.jpg": BOXES["b.jpg"],
    "c.jpg": [("cat", (5, 5, 5, 5))],
}
TEXT = "Smad upregulates Id1 and Id2."
SPANS: dict[str, list[Span]] = {"1": [("cat", (0, 4)), ("dog", (17, 20))], "2": [("cat", (25, 28))]}
LATER_SPANS: dict[str, list[Span]] = {
    "1": [("dog", (0, 4)), ("bird", (5, 16))],
    "2": SPANS["2"],
    "3": [("cat", (17, 20))],
}


@dataclass(frozen=True)
class Small:
    """How a format is written: each gives the path of a file or folder below the one it is given."""

    write: Callable[[Path, bool], Path]
    spoiled: Callable[[Path], Path]


def coco(folder: Path, later: bool = False) -> Path:
    # A newer export numbers anew.
    first = 100 if later else 1
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    labels = ["cat", "dog", "bird"]
    for number, (name, boxes) in enumerate(_boxes(later).items(), first):
        images.append({"id": number, "file_name": name, "width": 100, "height": 80, "license": 7})
        for label, box in boxes:
            annotations.append(
                {
                    "id": first + len(annotations),
                    "image_id": number,
                    "category_id": labels.index(label) + first,
                    "bbox": list(box),
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                    "segmentation": [],
                }
            )
    used = labels if later else labels[:2]
    categories = [{"id": first + place, "name": label, "supercategory": "animal"} for place, label in enumerate(used)]
    told = {"info": {"version": "1"}, "images": images, "annotations": annotations, "categories": categories}
    return _json(folder / "instances_val2017.json", told)


def spoiled_coco(folder: Path) -> Path:
    return _spoiled(coco(folder), '"category_id": 1, "bbox": [0', '"category_id": 9, "bbox": [0')


def cvat(folder: Path, later: bool = False) -> Path:
    images = []
    for number, (name, boxes) in enumerate(_boxes(later).items()):
        shapes = "".join(
            f'<box label="{label}" source="manual" occluded="0" xtl="{x}.00" ytl="{y}.00" xbr="{x + w}.00"'
            f' ybr="{y + h}.00" z_order="0"><attribute name="sure">yes</attribute></box>'
            for label, (x, y, w, h) in boxes
        )
        images.append(f'<image id="{number}" name="{name}" width="100" height="80">{shapes}</image>')
    labels = "".join(f"<label><name>{label}</name><color>#ff0000</color></label>" for label in ("cat", "dog"))
    people = "<owner><username>maria</username><email>maria@example.test</email></owner>"
    meta = f"<meta><task><id>1</id><name>pets</name><labels>{labels}</labels>{people}</task></meta>"
    text = f"<?xml version='1.0'?>\n<annotations><version>1.1</version>{meta}{''.join(images)}</annotations>"
    return _text(folder / "val.xml", text)


def spoiled_cvat(folder: Path) -> Path:
    return _spoiled(cvat(folder), 'xtl="0.00"', 'xtl="left"')


def voc(folder: Path, later: bool = False) -> Path:
    root = folder / "voc"
    for name, boxes in _boxes(later).items():
        objects = "".join(
            f"<object><name>{label}</name><pose>Left</pose><bndbox><xmin>{x}</xmin><ymin>{y}</ymin>"
            f"<xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
            for label, (x, y, w, h) in boxes
        )
        size = "<size><width>100</width><height>80</height><depth>3</depth></size>"
        text = f"<annotation><filename>{name}</filename>{size}{objects}</annotation>"
        _text(root / "Annotations" / f"{Path(name).stem}.xml", text)
    _text(root / "ImageSets" / "Main" / "val.txt", "".join(f"{Path(name).stem}\n" for name in _boxes(later)))
    return root


def spoiled_voc(folder: Path) -> Path:
    root = voc(folder)
    _spoiled(root / "Annotations" / "b.xml", "<xmin>0</xmin>", "")
    return root


def yolo(folder: Path, later: bool = False) -> Path:
    root = folder / "yolo"
    labels = ["cat", "dog", "bird"]
    for name, boxes in _boxes(later).items():
        lines = [
            f"{labels.index(label)} {(x + w / 2) / 100:.6f} {(y + h / 2) / 80:.6f} {w / 100:.6f} {h / 80:.6f}\n"
            for label, (x, y, w, h) in boxes
        ]
        _text(root / "labels" / "val" / f"{Path(name).stem}.txt", "".join(lines))
    _text(root / "data.yaml", f"path: .\nval: images/val\nnames: [{', '.join(labels if later else labels[:2])}]\n")
    return root


def spoiled_yolo(folder: Path) -> Path:
    root = yolo(folder)
    _text(root / "labels" / "val" / "b.txt", "0 0.5 0.5\n")
    return root


def label_studio(folder: Path, later: bool = False) -> Path:
    tasks = []
    for number, (name, boxes) in enumerate(_boxes(later).items(), 1):
        regions = [region(label, box) for label, box in boxes]
        tasks.append(task(number, name, [annotation(10 + number, regions)]))
    return _json(folder / "export.json", tasks)


def spoiled_label_studio(folder: Path) -> Path:
    path = label_studio(folder)
    tasks = json.loads(path.read_text())
    tasks[1]["annotations"][0]["result"][0]["type"] = "hologramlabels"
    return _json(path, tasks)


def region(label: str, box: tuple[int, int, int, int]) -> dict[str, Any]:
    x, y, width, height = box
    value = {"x": x, "y": y / 0.8, "width": width, "height": height / 0.8, "rotation": 0, "rectanglelabels": [label]}
    sizes = {"original_width": 100, "original_height": 80, "image_rotation": 0}
    # A region that is labelled anew keeps its id.
    names = {"type": "rectanglelabels", "from_name": "label", "to_name": "image"}
    return {"id": f"r{x}-{y}", "value": value, **names, **sizes}


def annotation(number: int, regions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    told = {
        "id": number,
        "completed_by": {"id": 7, "email": "ana@example.test", "first_name": "Ana", "last_name": "Lima"},
        "result": regions,
        "was_cancelled": False,
        "created_at": "2026-03-01T10:00:00.000000Z",
        "updated_at": "2026-03-01T10:00:00.000000Z",
        "lead_time": 4.5,
    }
    return told | more


def task(number: int, name: str, annotations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"id": number, "data": {"image": name}, "meta": {}, "annotations": annotations, "predictions": []} | more


def conllu(folder: Path, later: bool = False) -> Path:
    sentences = {"s1": [("1", "NOUN"), ("2", "VERB")], "s2": [("1", "NOUN")]}
    if later:
        sentences = {"s1": [("1", "VERB"), ("3", "X")], "s2": [("1", "NOUN")], "s3": [("1", "NOUN")]}
    text = ""
    for key, tokens in sentences.items():
        text += f"# newdoc id = d\n# sent_id = {key}\n# text = word word\n"
        text += "".join(f"{token}\tword\tword\t{upos}\t_\t_\t0\troot\t_\t_\n" for token, upos in tokens) + "\n"
    return _text(folder / "en_x-ud-val.conllu", text)


def spoiled_conllu(folder: Path) -> Path:
    path = conllu(folder)
    place = path.read_text().rindex("\tword\t")
    return _text(path, path.read_text()[:place] + path.read_text()[place + 5 :])


def doccano(folder: Path, later: bool = False) -> Path:
    lines = []
    for number, (key, spans) in enumerate(_spans(later).items(), 1):
        label = [[start, end, name] for name, (start, end) in spans]
        lines.append({"id": number, "text": f"{TEXT} {key}", "label": label, "Comments": ["look"]})
    return _lines(folder / "val.jsonl", lines)


def spoiled_doccano(folder: Path) -> Path:
    return _spoiled(doccano(folder), "[[25, 28,", "[[25, 280,")


def prodigy(folder: Path, later: bool = False) -> Path:
    lines = []
    for number, (key, spans) in enumerate(_spans(later).items(), 1):
        told = [{"start": start, "end": end, "label": name, "token_start": 1} for name, (start, end) in spans]
        hashes = {"_input_hash": -number, "_task_hash": 100 + number}
        lines.append({"text": f"{TEXT} {key}", "spans": told, **hashes, "answer": "accept", "_view_id": "ner_manual"})
    return _lines(folder / "val.jsonl", lines)


def spoiled_prodigy(folder: Path) -> Path:
    return _spoiled(prodigy(folder), '"start": 25', '"start": "25"')


def jsonl(folder: Path, later: bool = False) -> Path:
    lines = []
    for key, spans in _spans(later).items():
        # A span that is of another class keeps its key, as it does in LabelOp.
        told = [
            {"key": str(start), "class": name, "value": {"start": start, "end": end}} for name, (start, end) in spans
        ]
        lines.append({"item": key, "data": {"text": TEXT}, "metadata": {}, "split": "val", "annotations": told})
    return _lines(folder / "items.jsonl", lines)


def spoiled_jsonl(folder: Path) -> Path:
    return _spoiled(jsonl(folder), '{"start": 25, "end": 28}', "[25, 28]")


SMALL: dict[str, Small] = {
    "label_studio": Small(label_studio, spoiled_label_studio),
    "coco": Small(coco, spoiled_coco),
    "cvat": Small(cvat, spoiled_cvat),
    "voc": Small(voc, spoiled_voc),
    "yolo": Small(yolo, spoiled_yolo),
    "conllu": Small(conllu, spoiled_conllu),
    "doccano": Small(doccano, spoiled_doccano),
    "prodigy": Small(prodigy, spoiled_prodigy),
    "jsonl": Small(jsonl, spoiled_jsonl),
}


def _boxes(later: bool) -> dict[str, list[Box]]:
    return LATER_BOXES if later else BOXES


def _spans(later: bool) -> dict[str, list[Span]]:
    return LATER_SPANS if later else SPANS


def _spoiled(path: Path, right: str, wrong: str) -> Path:
    text = path.read_text()
    assert text.count(right) == 1
    return _text(path, text.replace(right, wrong))


def _json(path: Path, value: Any) -> Path:
    return _text(path, json.dumps(value))


def _lines(path: Path, values: list[dict[str, Any]]) -> Path:
    return _text(path, "".join(f"{json.dumps(value)}\n" for value in values))


def _text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
