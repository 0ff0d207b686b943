"""Writes an answer as ServiceStack does: JSON without nulls, XML by name, CSV as a table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as xml

from app.api.servicestack import jsv

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_XML_REFUSES = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED_CELL = re.compile(r'^[\[{]|[",\r\n]')

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """A body before it is written: the name and XML namespace of its type, and its fields in the
    order they are declared in, nulls too. `items` names the elements of its lists in XML;
    `is_sorted` says that its XML has them by name."""

    type: str
    namespace: str
    fields: Fields
    items: str = ""
    is_sorted: bool = True


def body(answer: Answer, format: str) -> str:
    """Answer the text of an answer as `json`, `xml` or `csv`."""
    return _WRITERS[format](answer)


def _json(answer: Answer) -> str:
    return json.dumps(_without_nulls(answer.fields), separators=(",", ":"), ensure_ascii=False)


def _without_nulls(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_nulls(one) for one in value]
    return value


def _xml(answer: Answer) -> str:
    root = xml.Element(answer.type, {"xmlns:i": _INSTANCE, "xmlns": answer.namespace})
    _write_fields(root, answer.fields, answer)
    text = xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'


def _write_fields(parent: xml.Element, fields: Fields, answer: Answer) -> None:
    for name in sorted(fields) if answer.is_sorted else fields:
        _write_value(xml.SubElement(parent, name), fields[name], answer)


def _write_value(element: xml.Element, value: object, answer: Answer) -> None:
    if value is None:
        element.set("i:nil", "true")
    elif isinstance(value, Mapping):
        _write_fields(element, value, answer)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            _write_value(xml.SubElement(element, answer.items), one, answer)
    else:
        element.text = _XML_REFUSES.sub("\ufffd", str(value))


def _csv(answer: Answer) -> str:
    cells = [_cell(value) for value in answer.fields.values()]
    return f"{','.join(answer.fields)}\r\n{','.join(cells)}\r\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else jsv.dump(value)
    if not _QUOTED_CELL.search(text):
        return text
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="").writerow([text])
    return line.getvalue()


_WRITERS = {"json": _json, "xml": _xml, "csv": _csv}
