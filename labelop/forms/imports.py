"""What the import of a file asks."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from roles.forms import ActForm, Unreadable
from roles.matrix import Can
from roles.uploads import UploadField

from ..connectors.errors import BadFile
from ..connectors.formats import READERS
from ..models import Project, ProjectState
from ..services.imports import ImportedTold, import_file, sentences_of

# So many of the records that were left out are named on a page; the API names all.
NAMED = 20


class ImportFileForm(ActForm):
    """Bring the project to what a file of another tool says: all of it or nothing; the same again changes nothing."""

    name, label, can = "import", "Import a file", Can.IMPORT_HISTORY
    done, several, tells = "The file is imported.", True, ImportedTold

    file = UploadField(
        help_text="Of Label Studio, COCO, CVAT, Pascal VOC, YOLO, CoNLL-U, doccano, Prodigy, or JSON lines as LabelOp "
        f"exports them; a folder as a zip archive; {filesizeformat(settings.LABELOP_UPLOAD_BYTES)} at most. All of it "
        "comes in, or nothing. The same file again changes nothing; a newer one makes the differences."
    )
    format = forms.ChoiceField(
        choices=[("", "Recognise it by its content"), *((name, name) for name in READERS)],
        required=False,
        help_text="To be said where an archive holds several.",
    )
    split = forms.CharField(
        required=False, max_length=255, help_text="The split of all its items, whatever the file says."
    )
    whole = forms.BooleanField(
        required=False,
        label="The file is the whole",
        help_text="The project’s items that the file does not hold are excluded; otherwise they stay as they are.",
    )
    keep_going = forms.BooleanField(
        required=False,
        label="Leave bad records out",
        help_text="They are listed, each an item with all its marks; otherwise the first one ends the import.",
    )

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state in (ProjectState.DRAFT, ProjectState.ACTIVE)

    def act(self, file: Any, format: str, **answers: Any) -> Project:  # noqa: A002 - as the command calls it
        path = Path(file.temporary_file_path())
        try:
            self.imported = import_file(
                path, self.subject.slug, by=self.viewer, called=file.name, format_name=format, **answers
            )
        except BadFile as error:
            raise Unreadable({"file": str(error)}) from error
        self.told = told = self.imported.as_dict()
        self.done, self.warnings = " ".join(sentences_of(told)), _left_out(told)
        return Project.objects.get(pk=self.subject.pk)

    def operation_of(self, made: Any) -> uuid.UUID | None:
        """The last of its acts; none where the project held all of it already."""
        return self.imported.taken.operation


def _left_out(told: ImportedTold) -> list[str]:
    named = [f"Left out: {record}" for record in told["left_out"][:NAMED]]
    unnamed = told["skipped"] - len(named)
    return named + ([f"Left out: {unnamed:,} more."] if unnamed else []) + told["notes"][:NAMED]
