"""Papers: a PDF of one page of plain lines, as a provider's invoice download needs no more."""

from __future__ import annotations

from collections.abc import Sequence

_HEAD = b"%PDF-1.4\n"
_SPECIAL = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def pdf(lines: Sequence[str]) -> bytes:
    """Answer a PDF (ISO 32000-1) that shows these lines; letters beyond Windows-1252 become `?`."""
    text = "\n".join(f"({line.translate(_SPECIAL)}) Tj T*" for line in lines)
    drawing = f"BT /F1 11 Tf 16 TL 56 780 Td\n{text}\nET".encode("cp1252", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    body, places = _HEAD, []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    )
