from __future__ import annotations

from django.apps import AppConfig


class LabelopConfig(AppConfig):
    name = "labelop"
    verbose_name = "Work"
