"""How fast files of other tools are imported, and how much memory that takes.

    DATABASE_URL=… python benchmarks/connect.py [--annotations 100000] [--format F …] [--json]

Writes a file of each format with that many annotations, twenty on an item, and imports it into a new database, each
in a process of its own, so that its peak memory is its own; then imports the same file again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up
from labelop.connectors.errors import Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS
from labelop.services.imports import import_file
from roles.services import operator_account

_ON_AN_ITEM = 20
_LABELS = ("cat", "dog", "bird", "fish")
Box = tuple[str, int, int, int, int]


def boxes(annotations: int) -> Iterator[tuple[str, list[Box]]]:
    chance = random.Random(7)
    for number in range(annotations // _ON_AN_ITEM):
        found = []
        for _ in range(_ON_AN_ITEM):
            x, y, width, height = (chance.randint(1, 300) for _ in range(4))
            found.append((chance.choice(_LABELS), x, y, width, height))
        yield f"image_{number:06}.jpg", found


def coco(root: Path, annotations: int) -> Path:
    images: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for name, found in boxes(annotations):
        images.append({"id": len(images), "file_name": name, "width": 640, "height": 640})
        for label, *box in found:
            here = {"id": len(marks), "image_id": len(images) - 1, "category_id": _LABELS.index(label)}
            marks.append({**here, "bbox": box, "area": box[2] * box[3], "iscrowd": 0, "segmentation": []})
    categories = [{"id": number, "name": label} for number, label in enumerate(_LABELS)]
    return written(root / "coco.json", json.dumps({"images": images, "annotations": marks, "categories": categories}))


def cvat(root: Path, annotations: int) -> Path:
    images = [
        f'<image id="{number}" name="{name}" width="640" height="640">'
        + "".join(
            f'<box label="{label}" source="manual" occluded="0" xtl="{x}.00" ytl="{y}.00" xbr="{x + width}.00"'
            f' ybr="{y + height}.00" z_order="0"></box>\n'
            for label, x, y, width, height in found
        )
        + "</image>\n"
        for number, (name, found) in enumerate(boxes(annotations))
    ]
    return written(root / "cvat.xml", f"<annotations><version>1.1</version><meta/>{''.join(images)}</annotations>")


def voc(root: Path, annotations: int) -> Path:
    for name, found in boxes(annotations):
        objects = "".join(
            f"<object><name>{label}</name><pose>Left</pose><truncated>0</truncated><difficult>0</difficult><bndbox>"
            f"<xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + width}</xmax><ymax>{y + height}</ymax></bndbox></object>"
            for label, x, y, width, height in found
        )
        size = "<size><width>640</width><height>640</height><depth>3</depth></size>"
        text = f"<annotation><filename>{name}</filename>{size}{objects}</annotation>"
        written(root / "voc" / f"{Path(name).stem}.xml", text)
    return root / "voc"


def yolo(root: Path, annotations: int) -> Path:
    for name, found in boxes(annotations):
        lines = [
            f"{_LABELS.index(label)} {(x + width / 2) / 640:.6f} {(y + height / 2) / 640:.6f}"
            f" {width / 640:.6f} {height / 640:.6f}\n"
            for label, x, y, width, height in found
        ]
        written(root / "yolo" / "labels" / f"{Path(name).stem}.txt", "".join(lines))
    written(root / "yolo" / "classes.txt", "\n".join(_LABELS))
    return root / "yolo"


def label_studio(root: Path, annotations: int) -> Path:
    tasks = []
    for number, (name, found) in enumerate(boxes(annotations), 1):
        result = [
            {
                "id": f"r{place}",
                "type": "rectanglelabels",
                "from_name": "label",
                "to_name": "image",
                "original_width": 640,
                "original_height": 640,
                "image_rotation": 0,
                "origin": "manual",
                "value": {
                    "x": x / 6.4,
                    "y": y / 6.4,
                    "width": width / 6.4,
                    "height": height / 6.4,
                    "rotation": 0,
                    "rectanglelabels": [label],
                },
            }
            for place, (label, x, y, width, height) in enumerate(found)
        ]
        at = f"2026-03-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00Z"
        annotation = {"id": number, "completed_by": number % 9, "result": result, "was_cancelled": False}
        annotation |= {"created_at": at, "updated_at": at, "lead_time": 12.5, "ground_truth": False}
        tasks.append({"id": number, "data": {"image": name}, "annotations": [annotation], "predictions": []})
    return written(root / "tasks.json", json.dumps(tasks))


def conllu(root: Path, annotations: int) -> Path:
    row = "{}\tword{}\tword\t{}\tNN\tNumber=Sing\t0\troot\t0:root\t_\n"
    sentences = []
    for number in range(annotations // _ON_AN_ITEM):
        tokens = [row.format(place, place, "NOUN" if place % 2 else "VERB") for place in range(1, _ON_AN_ITEM + 1)]
        sentences.append(f"# sent_id = s{number}\n# text = words of {number}\n{''.join(tokens)}\n")
    return written(root / "words.conllu", "".join(sentences))


def spans(number: int) -> tuple[str, list[tuple[int, int, str]]]:
    text = f"{'word ' * _ON_AN_ITEM}{number}"
    return text, [(5 * place, 5 * place + 4, _LABELS[place % len(_LABELS)]) for place in range(_ON_AN_ITEM)]


def doccano(root: Path, annotations: int) -> Path:
    lines = []
    for number in range(annotations // _ON_AN_ITEM):
        text, found = spans(number)
        lines.append(json.dumps({"id": number, "text": text, "label": found, "Comments": []}))
    return written(root / "doccano.jsonl", "\n".join(lines))


def prodigy(root: Path, annotations: int) -> Path:
    lines = []
    for number in range(annotations // _ON_AN_ITEM):
        text, found = spans(number)
        told = [{"start": start, "end": end, "label": label, "token_start": start // 5} for start, end, label in found]
        hashes = {"_input_hash": number, "_task_hash": -number, "answer": "accept", "_session_id": f"s-{number % 9}"}
        lines.append(json.dumps({"text": text, "spans": told, **hashes}))
    return written(root / "prodigy.jsonl", "\n".join(lines))


def jsonl(root: Path, annotations: int) -> Path:
    lines = []
    for number in range(annotations // _ON_AN_ITEM):
        text, found = spans(number)
        marks = [
            {"key": str(place), "class": label, "value": {"start": start, "end": end}}
            for place, (start, end, label) in enumerate(found)
        ]
        item = {"item": f"i{number}", "data": {"text": text}, "metadata": {}, "split": "", "annotations": marks}
        lines.append(json.dumps(item))
    return written(root / "items.jsonl", "\n".join(lines))


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


WRITERS: dict[str, Callable[[Path, int], Path]] = {
    "label_studio": label_studio,
    "coco": coco,
    "cvat": cvat,
    "voc": voc,
    "yolo": yolo,
    "conllu": conllu,
    "doccano": doccano,
    "prodigy": prodigy,
    "jsonl": jsonl,
}


def figures_of(name: str, path: Path) -> dict[str, Any]:
    """Import one file into a new database, twice, and tell what it took."""
    at_start = peak()
    reading = measure.Spent()
    with reading, files_at(path) as files:
        for _ in READERS[name](files, Faults(), ""):
            pass
    read = peak()
    with measure.scratch_database():
        operator = operator_account()
        with measure.Spent() as first:
            imported = import_file(path, "first", by=operator)
        with measure.Spent() as again:
            repeated = import_file(path, "first", by=operator)
    if repeated.changes:
        raise SystemExit(f"{name}: the same file changed {repeated.changes}")
    return {
        "annotations": imported.annotations,
        "acts": imported.taken.acts,
        "wall, s": first.wall,
        "annotations a second of wall": imported.annotations / first.wall,
        "annotations a second of CPU": imported.annotations / first.cpu,
        "again, annotations a second of wall": imported.annotations / again.wall,
        "reading alone, annotations a second of wall": imported.annotations / reading.wall,
        "memory before, MB": at_start,
        "peak memory after reading alone, MB": read,
        "peak memory, MB": peak(),
    }


def peak() -> float:
    """The most memory that this process has held, in MB; a process counts anew what its parent held for getrusage."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Import files of other tools.")
    parser.add_argument("--annotations", type=int, default=100_000)
    parser.add_argument("--format", action="append", choices=list(WRITERS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("FORMAT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, path = options.one
        measure.report(name, figures_of(name, Path(path)), as_json=options.json)
        return 0
    for name in options.format or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            path = WRITERS[name](Path(folder), options.annotations)
            command = [sys.executable, __file__, "--one", name, str(path), *(["--json"] if options.json else [])]
            subprocess.run(command, check=True)  # noqa: S603 - this very script
    return 0


if __name__ == "__main__":
    sys.exit(main())
