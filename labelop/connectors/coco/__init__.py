"""COCO's instances, captions and keypoints in one JSON file."""

from .reader import read

__all__ = ["read"]
