"""Marks, texts and tables before and after, as what a template needs to draw them; nothing here reads or writes."""

from .marks import Mark, Palette, Scene, Swatch
from .records import Drawing, draw_class, draw_item, draw_mark, draw_scene, draw_sentence

__all__ = [
    "Drawing",
    "Mark",
    "Palette",
    "Scene",
    "Swatch",
    "draw_class",
    "draw_item",
    "draw_mark",
    "draw_scene",
    "draw_sentence",
]
