"""The lines that LabelOp itself exports: an item with its annotations on each."""

from .reader import read

__all__ = ["read"]
