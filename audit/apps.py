from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Trail"

    def ready(self) -> None:
        from . import capture

        connection_created.connect(capture.prepare_connection, dispatch_uid="audit.capture")
        post_migrate.connect(capture.install_after_migrate, dispatch_uid="audit.capture")
        checks.register(capture.check_triggers, checks.Tags.database)
