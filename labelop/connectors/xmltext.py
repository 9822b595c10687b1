"""XML as others write it, with nothing of what XML can do to a reader: no entities, no document types, no depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from .errors import BadField, BadFile
from .fields import spelled_number

MAX_DEPTH = 100
# More children than any record has; what is larger is not read into memory.
MAX_ELEMENTS = 200_000


def parsed_xml(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadField(None, f"not XML that can be read ({_said(error)})") from error
    level, depth = list(root), 1
    while level:
        level, depth = [child for element in level for child in element], depth + 1
        if depth > MAX_DEPTH:
            raise BadField(None, f"deeper than {MAX_DEPTH} elements")
    return root


def elements(file: IO[bytes], name: str) -> Iterator[tuple[str, Element, bool]]:
    """The root's tag and attributes when it begins, then each of its children, whole, one at a time.

    Yields (tag of the root, element, whether it is the root). A child is emptied when the next is asked for.
    """
    try:
        depth = count = 0
        root: Element | None = None
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth, count = depth + 1, count + 1
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise BadFile(name, element.tag, f"deeper than {MAX_DEPTH} or more than {MAX_ELEMENTS:,} elements")
                if root is None:
                    root = element
                    yield root.tag, root, True
                continue
            depth -= 1
            if depth == 1 and root is not None:
                yield root.tag, element, False
                root.clear()
                count = 0
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        if isinstance(error, BadField | BadFile):
            raise
        raise BadFile(name, None, f"not XML that can be read ({_said(error)})") from error


def text_of(element: Element, tag: str, default: str | None = None) -> str:
    """The text of a child; without a default one that is missing or empty raises `BadField`."""
    found = (element.findtext(tag) or "").strip()
    if found or default is not None:
        return found or default or ""
    raise BadField(tag, "missing" if element.find(tag) is None else "empty")


def number_of(element: Element, tag: str) -> int | float:
    return spelled_number(text_of(element, tag), tag)


def tree_of(element: Element) -> dict[str, object] | str:
    """An element that is only kept: its text, or its children and attributes by name."""
    parts: dict[str, object] = dict(element.attrib)
    for child in element:
        value = tree_of(child)
        if child.tag in parts:
            held = parts[child.tag]
            parts[child.tag] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            parts[child.tag] = value
    return parts or (element.text or "").strip()


def _said(error: Exception) -> str:
    return str(error).replace("\n", " ") or type(error).__name__
