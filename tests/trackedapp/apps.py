from __future__ import annotations

from django.apps import AppConfig


class TrackedAppConfig(AppConfig):
    name = "tests.trackedapp"
    label = "trackedapp"
