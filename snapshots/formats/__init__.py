"""A snapshot in the formats that training reads. To add one, write `write(state, folder, progress)`, name it here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import models

from labelop.drawing.shapes import Shape

from ..content import State
from . import coco, jsonl, yolo
from .written import Progress, Written

__all__ = ["OBSTACLES", "WRITERS", "Format", "Written"]


class Format(models.TextChoices):
    """How a dataset is written down for others."""

    COCO = "coco", "COCO"
    YOLO = "yolo", "YOLO"
    JSONL = "jsonl", "JSON lines"


WRITERS: dict[Format, Callable[[State, Path, Progress], Written]] = {
    Format.COCO: coco.write,
    Format.YOLO: yolo.write,
    Format.JSONL: jsonl.write,
}

# Why a format cannot hold a mark, from its value, its shape and what its item is; empty where it can.
OBSTACLES: dict[Format, Callable[[Any, Shape | None, Any], str]] = {
    Format.COCO: coco.obstacle,
    Format.YOLO: yolo.obstacle,
    Format.JSONL: lambda value, shape, data: "",
}
