"""YOLO: a text file of classes and places for each image, and one that names the classes."""

from .layout import names_classes
from .reader import read

__all__ = ["names_classes", "read"]
