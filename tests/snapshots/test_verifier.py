"""The standalone verifier, run as outsiders run it: in its own folder, with nothing of ours importable."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import snapshots
from audit.canonical import canonical_json, sha256_hex
from snapshots.sethash import SetHash, content_hash, record_key

VERIFIER = Path(snapshots.__file__).with_name("verify_snapshot.py")

Record = dict[str, Any]

RECORDS: list[tuple[str, str, object]] = [
    ("items", record_key("item", "a/1"), {"split": "train", "data": {"text": "naïve 😀", "size": [0.1, 2]}}),
    ("items", record_key("item", "b"), {"split": "test", "data": {"$n": "not a number"}}),
    (
        "annotations",
        record_key("annotation", "a/1", "4-5"),
        {"label": "NOUN", "value": {"bbox": [1.5, 1e22]}},
    ),
    ("schema", record_key("class", "NOUN"), {"name": "NOUN"}),
    ("roles", "membership/olga", {"role": "owner"}),
]


def lines_of(records: list[tuple[str, str, object]]) -> list[Record]:
    return [
        {"section": section, "key": key, "content": json.loads(canonical_json(content))}
        for section, key, content in records
    ]


def manifest_of(records: list[tuple[str, str, object]]) -> dict[str, Any]:
    sums = {name: SetHash() for name in ("items", "annotations", "schema", "work", "roles", "settings")}
    for section, key, content in records:
        sums[section].add(key, canonical_json(content))
    return sealed(
        {
            "format": 1,
            "project": "birds",
            "name": "r1",
            "number": 1,
            "purpose": "release",
            "sections": {name: {"count": one.count, "hash": one.hexdigest()} for name, one in sums.items()},
            "content_hash": content_hash(sums["items"], sums["annotations"], sums["schema"]),
            "counts": {"NOUN": 1},
            "checkpoint": None,
            "parent": None,
        }
    )


def sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    manifest.pop("manifest_hash", None)
    return manifest | {"manifest_hash": sha256_hex(canonical_json(manifest))}


class Export:
    """A folder as `export_snapshot` leaves it, and the verifier's verdict on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = lines_of(RECORDS)
        self.manifest = manifest_of(RECORDS)

    def write(self) -> None:
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in self.records)
        (self.folder / "snapshot.jsonl").write_text(text, encoding="utf-8")
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest, indent=1), encoding="utf-8")

    def verdict(self, *arguments: str) -> tuple[int, str]:
        alone = shutil.copy(VERIFIER, self.folder / "check.py")
        done = subprocess.run(
            [sys.executable, "-I", alone, *(arguments or [str(self.folder)])],
            capture_output=True,
            encoding="utf-8",
            env={"LC_ALL": "C"},
            cwd=self.folder,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def mismatches(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("DIFFERS")]


def test_an_untouched_export_is_equal_and_what_was_checked_is_said(export: Export) -> None:
    export.write()
    code, output = export.verdict()
    assert (code, mismatches(output)) == (0, [])
    for name in (
        "items",
        "annotations",
        "schema",
        "work",
        "roles",
        "settings",
        "content_hash",
        "manifest_hash",
    ):
        assert f"equal '{name}'" in output


def test_the_order_of_lines_does_not_matter(export: Export) -> None:
    export.records.reverse()
    export.write()
    assert export.verdict()[0] == 0


def test_an_empty_snapshot_is_equal_too(export: Export) -> None:
    export.records, export.manifest = [], manifest_of([])
    export.write()
    assert export.verdict()[0] == 0


def change_content(export: Export) -> None:
    export.records[0]["content"]["split"] = "test"


def change_a_key(export: Export) -> None:
    export.records[1]["key"] = "item/c"


def drop_a_record(export: Export) -> None:
    del export.records[0]


def add_a_record(export: Export) -> None:
    export.records += lines_of([("items", "item/new", {})])


def swap_sections(export: Export) -> None:
    export.records[0]["section"] = "schema"


def write_a_number_bare(export: Export) -> None:
    export.records[0]["content"]["data"]["size"] = [0.1, 2]


def name_a_record_twice(export: Export) -> None:
    export.records.append(export.records[0])


def name_a_record_twice_and_forge_the_manifest(export: Export) -> None:
    export.records.append(export.records[0])
    export.manifest = manifest_of([*RECORDS, RECORDS[0]])


def add_a_field_beside_the_content(export: Export) -> None:
    export.records[0]["note"] = "not covered by any hash"


def add_an_unknown_section(export: Export) -> None:
    export.records += lines_of([("extras", "extra/1", {})])


def rename_the_snapshot(export: Export) -> None:
    export.manifest["name"] = "r2"


def forge_the_content_hash(export: Export) -> None:
    export.manifest = sealed(export.manifest | {"content_hash": "0" * 64})


def change_a_role(export: Export) -> None:
    export.records[-1]["content"]["role"] = "reviewer"


def claim_another_format(export: Export) -> None:
    export.manifest = sealed(export.manifest | {"format": 2})


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (change_content, ["items", "content_hash"]),
        (change_a_key, ["items", "content_hash"]),
        (drop_a_record, ["items", "content_hash"]),
        (add_a_record, ["items", "content_hash"]),
        (swap_sections, ["items", "schema", "content_hash"]),
        (write_a_number_bare, ["items", "content_hash"]),
        (name_a_record_twice, ["item/a//1", "items", "content_hash"]),
        (name_a_record_twice_and_forge_the_manifest, ["item/a//1"]),
        (add_a_field_beside_the_content, ["item/a//1"]),
        (add_an_unknown_section, ["extras"]),
        (rename_the_snapshot, ["manifest_hash"]),
        (forge_the_content_hash, ["content_hash"]),
        (change_a_role, ["roles"]),
        (claim_another_format, ["format"]),
    ],
)
def test_each_tampering_is_found_and_named(export: Export, tamper: Callable[[Export], None], named: list[str]) -> None:
    tamper(export)
    export.write()
    code, output = export.verdict()
    assert (code, mismatches(output)) == (1, named)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("snapshot.jsonl", '{"section": "items", "key"'),
        ("snapshot.jsonl", '{"section": "items", "key": "item/a"}'),
        ("snapshot.jsonl", '{"section": "items", "key": "item/a", "content": {"a": 1, "a": 2}}'),
        ("snapshot.jsonl", '{"section": "items", "key": "item/a", "content": NaN}'),
        ("snapshot.jsonl", '{"section": "items", "key": 7, "content": {}}'),
        ("snapshot.jsonl", '{"section": [], "key": "item/a", "content": {}}'),
        ("snapshot.jsonl", '{"section": "items", "key": "\\ud800", "content": {}}'),
        ("snapshot.jsonl", "[]"),
        ("snapshot.jsonl", '{"section": "items", "key": "k", "content": ' + "[" * 100_000),
        ("manifest.json", "{}"),
        ("manifest.json", "7"),
        ("manifest.json", '{"format": 1, "format": 1}'),
        ("manifest.json", '{"format": 1, "sections": {}}'),
    ],
)
def test_an_unreadable_file_is_neither_equal_nor_a_mismatch(export: Export, file: str, text: str) -> None:
    export.write()
    (export.folder / file).write_text(text, encoding="utf-8")
    code, output = export.verdict()
    assert code == 2
    assert output.startswith("unreadable: ")


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_unreadable(export: Export) -> None:
    export.write()
    assert export.verdict(str(export.folder / "nowhere"))[0] == 2
    (export.folder / "snapshot.jsonl").write_bytes(b"\xff\xfe")
    assert export.verdict()[0] == 2


def test_the_verifier_is_short_and_stands_alone() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"json", "sys", "hashlib", "pathlib"}
