"""The sandbox's PDFs: they open, and say what they were given."""

from __future__ import annotations

import io

from pypdf import PdfReader

from app.sandbox import papers


def test_says_its_lines() -> None:
    drawn = papers.pdf(["Invoice ABC-0001", "2 × Team (monthly): €38.00", "東京"])

    (page,) = PdfReader(io.BytesIO(drawn), strict=True).pages
    assert page.extract_text().splitlines() == [
        "Invoice ABC-0001",
        "2 × Team (monthly): €38.00",
        "??",
    ]
