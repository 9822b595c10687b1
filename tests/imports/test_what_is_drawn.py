"""Every mark that has a place is drawn there, whatever its format calls it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from labelop.connectors.checking import checked
from labelop.connectors.cvat.shapes import mark_of, track_of
from labelop.connectors.errors import BadField, Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS
from labelop.connectors.records import Incoming, ItemRecord, Mark
from labelop.drawing.marks import Mark as Drawn
from labelop.drawing.marks import Scene
from labelop.drawing.records import Drawing, draw_mark

from .small import SMALL


def drawn(mark: Mark, record: ItemRecord) -> Drawing:
    scene = Scene(record.data, {"1": Drawn(mark.label, mark.value)})
    return draw_mark(None, scene.marks["1"], (Scene(record.data), scene), {}, "1")


@pytest.mark.parametrize("name", list(READERS))
def test_a_mark_of_each_format_is_drawn(name: str, tmp_path: Path) -> None:
    with files_at(SMALL[name].write(tmp_path, False)) as files:
        incoming = [one for one in READERS[name](files, Faults(), "") if isinstance(one, Incoming)]
    records = [one.record for one in map(checked, incoming) if one.record]
    drawings = [drawn(mark, record) for record in records for mark in record.marks]
    assert len(drawings) == 3
    for drawing in drawings:
        assert drawing.pictures or drawing.sentences or drawing.tokens


ATTRIBUTE = '<attribute name="sure">yes</attribute>'
SHAPES = {
    "box": '<box label="a" xtl="1" ytl="2" xbr="5" ybr="10" occluded="1" rotation="90"/>',
    "polygon": '<polygon label="a" points="1,2;3,4;6,5.5" z_order="1"/>',
    "polyline": '<polyline label="a" points="1,2;3,4"/>',
    "points": '<points label="a" points="1,2"/>',
    "ellipse": '<ellipse label="a" cx="10" cy="20" rx="3" ry="4"/>',
    "mask": '<mask label="a" source="auto" rle="2, 3" left="4" top="5" width="3" height="2"/>',
    "cuboid": '<cuboid label="a" xtl1="1" ytl1="1" xbl1="1" ybl1="5" xtr1="5" ytr1="1" xbr1="5" ybr1="5"'
    ' xtl2="2" ytl2="0" xbl2="2" ybl2="4" xtr2="6" ytr2="0" xbr2="6" ybr2="4"/>',
    "skeleton": '<skeleton label="a"><points label="head" points="1,2"/><points label="foot" points="3,9"/></skeleton>',
}


@pytest.mark.parametrize("kind", list(SHAPES))
def test_each_shape_of_cvat_is_kept_whole_and_drawn(kind: str) -> None:
    element = fromstring(SHAPES[kind].replace("/>", f">{ATTRIBUTE}</{kind}>") if kind != "skeleton" else SHAPES[kind])
    mark = mark_of(element)
    assert drawn(mark, ItemRecord("", {"size": [20, 20]}, {}, [mark])).pictures
    assert kind == "skeleton" or mark.value["attributes"] == {"sure": "yes"}


def test_a_box_that_is_turned_is_drawn_as_it_lies() -> None:
    value = mark_of(fromstring(SHAPES["box"])).value
    assert value == {
        "bbox": [1, 2, 4, 8],
        "rotation": 90,
        "polygon": [[7, 4], [7, 8], [-1, 8], [-1, 4]],
        "occluded": True,
    }


def test_a_track_is_drawn_where_it_is_first_seen() -> None:
    box = '<box frame="{}" outside="{}" keyframe="1" occluded="0" xtl="{}" ytl="2" xbr="5" ybr="10"/>'
    mark = track_of(fromstring(f'<track id="3" label="a">{box.format(7, 1, 1)}{box.format(8, 0, 2)}</track>'))
    assert mark.value["bbox"] == [2, 2, 3, 8]
    assert [(frame["frame"], frame["outside"]) for frame in mark.value["track"]] == [(7, True), (8, False)]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('<box label="" xtl="1" ytl="2" xbr="5" ybr="10"/>', "label"),
        ('<box label="a" xtl="1" ytl="2" xbr="5"/>', "ybr"),
        ('<polygon label="a" points="1,2;3,4"/>', "points"),
        ('<mask label="a" rle="2, x" left="4" top="5" width="3" height="2"/>', "rle"),
        ('<mask label="a" rle="2, 9" left="4" top="5" width="3" height="2"/>', "rle"),
        ('<tag label="a"><box/></tag>', "box"),
    ],
)
def test_a_shape_that_is_not_understood_is_refused_by_its_field(text: str, field: str) -> None:
    with pytest.raises(BadField) as refused:
        mark_of(fromstring(text))
    assert refused.value.field == field
