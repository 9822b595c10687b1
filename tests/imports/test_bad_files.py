"""Files that are none of ours, that are made to do harm, or that chance has spoiled."""

from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Entry
from labelop.connectors import files
from labelop.connectors.checking import checked
from labelop.connectors.errors import BadField, BadFile, Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS, recognised
from labelop.connectors.records import Incoming
from labelop.models import Annotation, Item, Project
from labelop.services.imports import import_file
from labelop.services.projects import freeze_project
from labelop.services.schema import freeze_schema
from roles.services import operator_account
from tests.cast import Cast, assemble, what_is_left

from .small import SMALL, coco, voc


def format_of(path: Path) -> str:
    with files_at(path) as found:
        return recognised(found)


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(path: Path, **content: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


class TestWhatIsNotKnown:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("", "empty"),
            ("a,b\n1,2\n", "none of label_studio, coco"),
            ("<html><body/></html>", "XML of the root <html>"),
            ('{"a": 1}', "JSON with the keys a"),
            ('[{"id": 1, "annotation_id": 2, "annotator": 3, "label": []}]', "JSON_MIN"),
            ('{"id": 1, "data": {}, "annotations": []}', "one task of Label Studio"),
            ('{"type": "header", "releases": [], "fields": []}', "`replay` takes it"),
            ("[", "cut short"),
        ],
    )
    def test_is_refused_by_name(self, tmp_path: Path, content: str, reason: str) -> None:
        with pytest.raises(BadFile, match=r"file\.any") as refused:
            format_of(written(tmp_path / "file.any", content))
        assert reason in str(refused.value)

    def test_two_formats_in_one_folder_are_ambiguous(self, tmp_path: Path) -> None:
        coco(tmp_path)
        written(tmp_path / "b.json", '[{"data": {}, "annotations": []}]')
        with pytest.raises(BadFile, match="holds coco and label_studio: say which is meant"):
            format_of(tmp_path)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile, match="there is no such file"):
            format_of(tmp_path / "nowhere")

    @pytest.mark.django_db
    def test_no_such_format(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="none of the formats"):
            import_file(tmp_path, "pets", by=operator_account(), format_name="xls")


class TestHarm:
    def test_a_path_out_of_an_archive_is_refused(self, tmp_path: Path) -> None:
        for name in ("../b.xml", "/etc/b.xml", "a/../../b.xml", "..\\b.xml", "c:/b.xml"):
            with pytest.raises(BadFile, match="leads out of the archive"):
                format_of(zipped(tmp_path / "a.zip", **{name: "<annotation/>"}))

    def test_a_link_out_of_a_folder_is_refused(self, tmp_path: Path) -> None:
        outside = written(tmp_path / "outside.xml", "<annotation/>")
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.xml").symlink_to(outside)
        with pytest.raises(BadFile, match="a link that leads out of the folder"):
            format_of(tmp_path / "in")

    def test_an_archive_that_unpacks_beyond_measure_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile, match="unpacks to more than 200 times its size"):
            format_of(zipped(tmp_path / "a.zip", **{"a.xml": " " * 3_000_000}))

    def test_an_archive_of_too_many_files_is_refused_before_it_is_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = zipped(tmp_path / "a.zip", **{f"{number}.jpg": "" for number in range(11)})
        monkeypatch.setattr(files, "MAX_FILES", 11)
        with files_at(path) as found:
            assert found.names == ()
        monkeypatch.setattr(files, "MAX_FILES", 10)
        monkeypatch.delattr(zipfile, "ZipFile")
        with pytest.raises(BadFile, match=r"a\.zip: more than"):
            format_of(path)

    def test_a_name_that_stands_many_times_in_an_archive_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings(action="ignore"):
            for _ in range(3):
                archive.writestr("b.xml", "")
        with pytest.raises(BadFile, match=r"b\.xml: stands twice in the archive"):
            format_of(path)

    def test_what_cannot_be_read_is_told_without_its_place_on_this_machine(self, tmp_path: Path) -> None:
        with files_at(written(tmp_path / "a.json", "{}"), "theirs.json") as found:
            (tmp_path / "a.json").unlink()
            with pytest.raises(BadFile) as refused:
                recognised(found)
        assert str(refused.value) == "theirs.json: cannot be read (No such file or directory)"

    def test_a_damaged_archive_is_refused(self, tmp_path: Path) -> None:
        path = zipped(tmp_path / "a.zip", **{"a.xml": "<annotation>" + "x" * 500 + "</annotation>"})
        content = bytearray(path.read_bytes())
        content[40:50] = b"0123456789"
        with pytest.raises(BadFile, match="cannot be read"):
            format_of(written(path, bytes(content)))

    @pytest.mark.parametrize("name", ["cvat", "voc"])
    def test_xml_that_defines_entities_is_refused(self, tmp_path: Path, name: str) -> None:
        root = "annotations" if name == "cvat" else "annotation"
        text = f'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><{root}><version>&c;</version></{root}>'
        path = written(tmp_path / "a.xml", text)
        with pytest.raises(BadFile, match=r"a\.xml: not XML that can be read"):
            read(path, name)

    @pytest.mark.parametrize("name", ["cvat", "voc"])
    def test_xml_that_is_too_deep_is_refused(self, tmp_path: Path, name: str) -> None:
        root = "annotations" if name == "cvat" else "annotation"
        path = written(tmp_path / "a.xml", f"<{root}>{'<a>' * 5000}{'</a>' * 5000}</{root}>")
        with pytest.raises(BadFile, match="deeper than 100"):
            read(path, name)

    def test_json_that_is_too_deep_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.json", f'[{{"data": {"[" * 100_000}{"]" * 100_000}, "annotations": []}}]')
        with pytest.raises(BadFile, match=r"a\.json"):
            read(path, "label_studio")

    def test_a_record_over_the_limit_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MAX_RECORD_BYTES", 1000)
        line = json.dumps({"id": 2, "text": "x" * 2000, "label": []})
        path = written(tmp_path / "a.jsonl", f'{{"id": 1, "text": "a", "label": []}}\n{line}\n')
        with pytest.raises(BadFile, match=r"a\.jsonl, line 2: longer than 1,000 bytes"):
            read(path, "doccano")

    def test_what_steers_a_terminal_is_spelled_out(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.jsonl", '{"id": 1, "text": "a", "label": [[0, 9, "\\u001b[2J"]]}\n')
        with pytest.raises(BadFile) as refused:
            read(path, "doccano")
        assert str(refused.value).isprintable()


def read(path: Path, name: str) -> list[Incoming]:
    """All that a reader gives, without a database."""
    faults = Faults()
    with files_at(path) as found:
        told = [one for one in READERS[name](found, faults, "") if isinstance(one, Incoming)]
    return [one for one in told if faults.tried(one.place, checked, one)]


@pytest.mark.parametrize("name", list(READERS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_chance_spoils_raises_nothing_but_our_error(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = SMALL[name].write(tmp_path, False)
    victims = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    victim = data.draw(st.sampled_from(victims))
    content = victim.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"null", b"-1", b"1e999", b'"\\ud800"', b"9" * 5000]))
    victim.write_bytes(content[:start] + put + content[end:])
    with contextlib.suppress(BadFile):
        read(path, name)
    with contextlib.suppress(BadFile):
        format_of(path)


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(READERS))
def test_a_file_that_is_cut_short_is_never_half_in(tmp_path: Path, name: str) -> None:
    """With its last record gone or torn: what came before must not stay."""
    path = SMALL[name].write(tmp_path, False)
    last = max(path.rglob("*b.*")) if path.is_dir() else path
    content = last.read_bytes().rstrip()
    operator = operator_account()
    with what_is_left() as left, pytest.raises(BadFile):
        last.write_bytes(content[: -8 if name != "yolo" else -15])
        import_file(path, "pets", by=operator, format_name=name)
    assert (left.entries, left.versions) == ([], [])


@pytest.mark.django_db
class TestWhoMay:
    @pytest.fixture
    def cast(self) -> Cast:
        return assemble()

    @pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
    def test_nobody_but_an_owner_imports_and_the_refusal_is_on_the_trail(
        self, cast: Cast, tmp_path: Path, who: str
    ) -> None:
        with what_is_left() as left, pytest.raises(PermissionDenied):
            import_file(voc(tmp_path), "birds", by=getattr(cast, who))
        assert (left.events[0], Item.objects.filter(key="a.jpg").exists()) == ("access.denied", False)
        assert {entry.event for entry in left.entries} <= {"access.denied", "anomaly.noted"}

    def test_an_owner_imports_in_their_own_name(self, cast: Cast, tmp_path: Path) -> None:
        imported = import_file(voc(tmp_path), "birds", by=cast.olga)
        assert (imported.items, imported.not_in_file) == (2, 1)
        entry = Entry.objects.get(event="items.imported")
        assert (entry.actor, entry.role, entry.attributed_to) == (cast.olga, "owner", None)
        assert set(Annotation.objects.exclude(pk=cast.annotation.pk).values_list("author", flat=True)) == {None}

    def test_a_frozen_project_takes_nothing(self, cast: Cast, tmp_path: Path) -> None:
        freeze_project(cast.project, by=cast.olga, reason="Release")
        with what_is_left() as left, pytest.raises(ValidationError, match="frozen"):
            import_file(voc(tmp_path), "birds", by=cast.olga)
        assert left.versions == []

    def test_a_frozen_schema_takes_no_new_class(self, cast: Cast, tmp_path: Path) -> None:
        freeze_schema(cast.project, by=cast.olga, reason="Release")
        with what_is_left() as left, pytest.raises(ValidationError, match="schema is frozen"):
            import_file(voc(tmp_path), "birds", by=cast.olga)
        assert left.versions == []

    def test_a_project_name_that_is_none_is_refused(self, cast: Cast, tmp_path: Path) -> None:
        with pytest.raises(ValidationError):
            import_file(voc(tmp_path), "no slug!", by=cast.root)
        assert Project.objects.count() == 2


def test_a_field_is_told_with_its_path() -> None:
    assert str(BadField("x", "not a number").within("value").within("[3]")) == "[3].value.x: not a number"
