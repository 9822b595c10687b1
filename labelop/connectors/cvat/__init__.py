"""CVAT's XML 1.1, for images and for videos."""

from .reader import read

__all__ = ["read"]
