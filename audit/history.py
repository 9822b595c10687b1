"""Versions: django-simple-history's tables and its reading API, without its recorder.

`history = tracked()` on a model defines its table of versions. The database writes them (`audit.capture`);
simple-history's receivers stay silent, and its ways of changing the past are switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.signals import post_delete, post_save, pre_delete
from simple_history.manager import HistoricalQuerySet, HistoryManager
from simple_history.models import HistoricalRecords
from simple_history.utils import get_history_manager_from_history


class HistoryIsWrittenByTheDatabase(RuntimeError):
    """Somebody asked simple-history to write or to rewrite the past."""


def _refuse(*args: object, **kwargs: object) -> NoReturn:
    raise HistoryIsWrittenByTheDatabase("Versions are written by the database, and nothing rewrites them.")


class Version(models.Model):
    """One saved state of one row, as the database held it."""

    operation = models.UUIDField(editable=False)
    project_id = models.BigIntegerField(null=True, editable=False)

    class Meta:
        abstract = True


class VersionQuerySet(HistoricalQuerySet):
    """Ordered by version id: times repeat, ids do not."""

    def latest_of_each(self) -> VersionQuerySet:
        later = self.filter(**{self._pk_attr: OuterRef(self._pk_attr)}, history_id__gt=OuterRef("history_id"))
        latest: VersionQuerySet = self.filter(~Exists(later))
        return latest

    def up_to(self, cut: int) -> VersionQuerySet:
        """The newest version of each row that is not beyond the version id `cut`; deletions are left out."""
        newest: VersionQuerySet = self.filter(history_id__lte=cut).latest_of_each().exclude(history_type="-")
        return newest


class VersionManager(HistoryManager):
    bulk_history_create = _refuse


@dataclass(frozen=True)
class DeletedUser:
    """Stands for a user whose row is gone, so that their versions keep their author."""

    pk: int

    def __str__(self) -> str:
        return f"deleted user #{self.pk}"


def _user_of(version: Any) -> Any:
    if version.history_user_id is None:
        return None
    user = get_user_model()._base_manager.filter(pk=version.history_user_id).first()
    return user or DeletedUser(version.history_user_id)


class Tracked(HistoricalRecords):
    """How simple-history defines a table of versions here.

    `project` names what the row's project is: a foreign key of the model, `"self"` (the model is the project),
    `(foreign key, its project field)`, or None for what belongs to the site. `indexed` names a field by which
    versions are looked up beside the row's own id; each costs every write something. `deleted_from` names one by which
    only deletions are looked up; where no service deletes, that costs nothing.
    """

    def __init__(
        self,
        project: str | tuple[str, str] | None = "project",
        *,
        indexed: str = "",
        deleted_from: str = "",
        **options: Any,
    ) -> None:
        self.project = project
        self.indexed = indexed
        self.deleted_from = deleted_from
        options.setdefault("bases", [Version])
        super().__init__(
            history_id_field=models.BigAutoField(),
            history_user_id_field=models.BigIntegerField(null=True),
            history_user_getter=_user_of,
            history_manager=VersionManager,
            historical_queryset=VersionQuerySet,
            **options,
        )

    def add_extra_methods(self, cls: type[models.Model]) -> None:
        cls.save_without_historical_record = _refuse  # type: ignore[attr-defined]

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        fields: dict[str, Any] = super().copy_fields(model)
        for copied in fields.values():
            copied.db_index = False
        return fields

    def get_extra_fields(self, model: type[models.Model], fields: Any) -> dict[str, Any]:
        if clash := {field.name for field in Version._meta.fields} & fields.keys() - {"project_id"}:
            raise TypeError(f"{model.__name__}.{clash.pop()} would be overwritten in its versions: rename it.")
        extra: dict[str, Any] = super().get_extra_fields(model, fields)
        extra["next_record"] = property(
            lambda version: (
                get_history_manager_from_history(version)
                .filter(history_id__gt=version.history_id)
                .order_by("history_id")
                .first()
            )
        )
        extra["prev_record"] = property(
            lambda version: (
                get_history_manager_from_history(version)
                .filter(history_id__lt=version.history_id)
                .order_by("history_id")
                .last()
            )
        )
        return extra

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options: dict[str, Any] = super().get_meta_options(model)
        copied = {field.name for field in self.fields_included(model)}
        options["ordering"] = ("-history_id",)
        options["get_latest_by"] = ("history_id",)
        options["indexes"] = [
            models.Index(fields=["project" if "project" in copied else "project_id", "history_id"]),
            models.Index(fields=[model._meta.pk.attname, "-history_id"]),
            models.Index(fields=["operation"]),
            *([models.Index(fields=[self.indexed])] if self.indexed else []),
            *([self._index_of_deletions(model)] if self.deleted_from else []),
        ]
        return options

    def _index_of_deletions(self, model: type[models.Model]) -> models.Index:
        name = f"{model._meta.model_name}s_deleted"
        return models.Index(fields=[self.deleted_from], condition=models.Q(history_type="-"), name=name)

    def finalize(self, sender: type[models.Model], **kwargs: Any) -> None:
        super().finalize(sender, **kwargs)
        if getattr(sender._meta, "simple_history_manager_attribute", None) and self.cls is sender:
            # A listening post_delete would also switch off Django's fast deletes.
            post_save.disconnect(self.post_save, sender=sender)
            post_delete.disconnect(self.post_delete, sender=sender)
            pre_delete.disconnect(self.pre_delete, sender=sender)
            sender._meta.labelop_project = self.project

    create_historical_record = _refuse


def tracked(project: str | tuple[str, str] | None = "project", **options: Any) -> Tracked:
    """Keep a version of every change of this model; see `Tracked` for `project`."""
    return Tracked(project=project, **options)


def tracked_models() -> list[type[models.Model]]:
    """Automatic through models of many-to-many fields among them."""
    every_model = apps.get_models(include_auto_created=True)
    return [model for model in every_model if hasattr(model._meta, "labelop_project")]


@cache
def versions_of(model: type[models.Model]) -> type[models.Model]:
    """The model of the versions of a tracked model; kept, for simple-history makes a class at each look."""
    manager = getattr(model, model._meta.simple_history_manager_attribute)  # type: ignore[attr-defined]
    versions: type[models.Model] = manager.model
    return versions


def project_rule(model: type[models.Model]) -> str | tuple[str, str] | None:
    rule: str | tuple[str, str] | None = model._meta.labelop_project  # type: ignore[attr-defined]
    return rule


def project_id_of(subject: models.Model) -> int | None:
    """The project a row belongs to; None for what belongs to the site."""
    if subject._meta.label == "labelop.Project":
        return int(subject.pk)
    if any(field.name == "project" for field in subject._meta.concrete_fields):
        project_id: int | None = subject.project_id  # type: ignore[attr-defined]
        return project_id
    return None
