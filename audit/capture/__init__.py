"""The triggers by which the database itself writes a version of every change of a tracked row.

`migrate` installs them; `check --database default` says where they are not what the models need.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from . import postgresql, sqlite

__all__ = ["check_triggers", "engine_of", "install", "install_after_migrate", "prepare_connection"]


def engine_of(connection: BaseDatabaseWrapper) -> ModuleType:
    if connection.vendor == "postgresql":
        return postgresql
    if connection.vendor == "sqlite":
        return sqlite
    raise ImproperlyConfigured(f"LabelOp runs on PostgreSQL or SQLite, not on {connection.vendor}.")


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Install the triggers that the models need; cheap when nothing has changed."""
    engine_of(connections[using]).install(connections[using])


def prepare_connection(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Do on each new connection what the triggers rely on."""
    engine_of(connection).prepare(connection)


def install_after_migrate(sender: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Install once for each `migrate` or `flush`, which announce each app, with the last of them."""
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if sender == last:
        install(using)


def check_triggers(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Name each table whose triggers are not what the models need.

    A warning, since an error would stop the `migrate` that cures it.
    """
    return [
        checks.Warning(str(difference), hint="Run `migrate`.", obj=difference.table, id="audit.W001")
        for alias in databases or ()
        for difference in engine_of(connections[alias]).differences(connections[alias])
    ]
