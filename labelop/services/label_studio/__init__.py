"""Bringing a project in from Label Studio: its webhooks are hints, and a pull compares and applies."""

from .hints import keep_hint
from .pulling import Pulled, pull

__all__ = ["Pulled", "keep_hint", "pull"]
