"""CoNLL-U: sentences of tokens in ten columns."""

from .reader import read

__all__ = ["read"]
