"""Pascal VOC: one XML file for each image."""

from .reader import read

__all__ = ["read"]
