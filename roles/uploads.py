"""Files that are sent with a form: on disk while they are asked for, and never more of them than the site takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

# What may stand around a file in the body of a request: the other answers, and the names of all.
AROUND = 2**20


def is_too_large(size: int) -> bool:
    return bool(size > settings.LABELOP_UPLOAD_BYTES)


def too_large() -> str:
    return f"A file that is sent is at most {settings.LABELOP_UPLOAD_BYTES:,} bytes long."


class UploadHandler(TemporaryFileUploadHandler):
    """Keeps the files of one request in temporary files, as far as the site takes them.

    What is more is read past and kept nowhere; the size that a file then tells is that of all that was sent, so that
    whoever asked for it refuses it. The other answers of the form are there to do so with.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803
        # A request that says at once that it is too large leaves nothing at all.
        self.left = 0 if is_too_large(content_length - AROUND) else settings.LABELOP_UPLOAD_BYTES

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        # What it lies under here is made of nothing that somebody chose, and could be too long.
        super().new_file(field_name, "sent", *args, **kwargs)
        self.file.name = file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        super().receive_data_chunk(raw_data[: self.left], start)
        self.left = max(0, self.left - len(raw_data))


class UploadField(forms.FileField):
    """A file that is sent: it lies where `temporary_file_path` says until its request is answered."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, UploadedFile) and is_too_large(data.size or 0):
            raise ValidationError(too_large(), code="too_large")
        return super().clean(data, initial)
