from __future__ import annotations

from django.apps import AppConfig


class LabelopConfig(AppConfig):
    name = "labelop"
    verbose_name = "Work"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django_structlog.signals import bind_extra_request_failed_metadata

        from .middleware import begin_session
        from .pages.errors import say_that_the_database_is_away

        user_logged_in.connect(begin_session)
        bind_extra_request_failed_metadata.connect(say_that_the_database_is_away)
