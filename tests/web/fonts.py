"""Makes a font of squares: the smallest file of the OpenType format that shows some characters."""

from __future__ import annotations

import struct
from pathlib import Path

_EM = 1000


def write(folder: Path, characters: str, *, name: str = "Squares") -> None:
    """Write a TrueType font that has these characters of the first plane, each as a square."""
    points = sorted({ord(character) for character in characters})
    square = _square()
    tables = {
        b"OS/2": _os2(points),
        b"cmap": _cmap(points),
        b"glyf": square,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            *(0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0, _EM, 0, 0),
            *(0, 0, _EM, _EM, 0, 8, 2, 1, 0),
        ),
        b"hhea": struct.pack(
            ">IhhhHhhhhhhhhhhhH", 0x00010000, _EM, 0, 0, _EM, *(0, 0, _EM, 1), *([0] * 7), 1
        ),
        b"hmtx": struct.pack(">Hhh", _EM, 0, 0),
        # Glyph 0, for what is missing, is empty; glyph 1 is the square.
        b"loca": struct.pack(">III", 0, 0, len(square)),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x00010000, 2, 4, 1, *([0] * 2), 1, *([0] * 8)),
        b"name": _name(name),
        b"post": struct.pack(">IIhhIIIII", 0x00030000, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    (folder / f"{name}.ttf").write_bytes(_file(tables))


def _file(tables: dict[bytes, bytes]) -> bytes:
    head = struct.pack(">IHHHH", 0x00010000, len(tables), 128, 3, len(tables) * 16 - 128)
    place = len(head) + 16 * len(tables)
    directory, body = b"", b""
    for tag, table in sorted(tables.items()):
        padded = table + bytes(-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag, checksum, place + len(body), len(table))
        body += padded
    return head + directory + body


def _square() -> bytes:
    corners = struct.pack(">4h4h", 0, _EM, 0, -_EM, 0, 0, _EM, 0)
    return struct.pack(">hhhhhHH", 1, 0, 0, _EM, _EM, 3, 0) + b"\x01" * 4 + corners


def _cmap(points: list[int]) -> bytes:
    groups = b"".join(struct.pack(">III", point, point, 1) for point in points)
    table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(points)) + groups
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table


def _name(name: str) -> bytes:
    texts = {1: name, 2: "Regular", 4: name, 6: name}
    records, strings = b"", b""
    for number, text in texts.items():
        written = text.encode("utf-16-be")
        records += struct.pack(">HHHHHH", 3, 1, 0x409, number, len(written), len(strings))
        strings += written
    return struct.pack(">HHH", 0, len(texts), 6 + len(records)) + records + strings


def _os2(points: list[int]) -> bytes:
    return struct.pack(
        ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHHII",
        *(3, _EM, 400, 5, 0, *([0] * 11), bytes(10), *([0] * 4), b"    "),
        *(64, points[0], points[-1], _EM, 0, 0, _EM, 0, 1, 0),
    )
