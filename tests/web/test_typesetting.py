"""Typesetting: the same bytes for the same content, and never a file that lies about itself."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typst
from pypdf import PdfReader

from app.web import typesetting
from tests.web import fonts

BARE = typst.Fonts(include_system_fonts=False)
AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
PAPER: dict[str, Any] = {
    "language": "en",
    "region": None,
    "sheet": "a4",
    "brand": "#5254d4",
    "logo": None,
    "title": "Invoice INV-000042 from Acme",
    "heading": "Invoice INV-000042",
    "page_of": "Page {page} of {pages}",
    "notice": None,
    "corrects": None,
    "seller": {"label": "From", "name": "Acme", "lines": ["1 Street"]},
    "buyer": {"label": "To", "name": "Globex", "lines": []},
    "facts": [["Date", "20 November 2026"]],
    "columns": ["What", "Quantity", "Unit price", "Net"],
    "lines": [["Team", "1", "€10.00", "€10.00"]],
    "sums": [],
    "total": ["Total", "€10.00"],
    "notes": [],
    "contact": [],
}


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine has installed must not decide a test."""
    monkeypatch.setattr(typesetting, "_machines", lambda: BARE)


def drawn(*, at: datetime = AT, **changes: Any) -> bytes:
    return typesetting.pdf("invoices/invoice.typ", "paper", PAPER | changes, at=at)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def named(name: str) -> dict[str, Any]:
    return {"label": "To", "name": name, "lines": []}


def test_is_the_same_bytes_again() -> None:
    assert drawn() == drawn()


def test_carries_the_moment_it_is_told() -> None:
    later = drawn(at=AT + timedelta(days=1))

    assert PdfReader(io.BytesIO(drawn())).metadata.creation_date == AT  # type: ignore[union-attr]
    assert later != drawn()


@pytest.mark.parametrize(
    "name",
    [
        "#panic()",
        '"] #sys.inputs [',
        "*bold* _it_ $x$ `raw` <label> @ref = Heading",
        '#read("/etc/passwd")',
        "\\ // comment /* */ [] {}",
    ],
)
def test_shows_markup_as_text(name: str) -> None:
    assert name in text_of(drawn(buyer=named(name)))


@pytest.mark.parametrize(
    "name",
    ["Łódź Žižka Çağrı Nguyễn", "Αθήνα Θεσσαλονίκη", "Київ Москва Ђорђе", "₪ ₹ ₺ ₴ ₩ ₫", "ქართული"],
)
def test_shows_the_names_of_many_scripts(name: str) -> None:
    assert name in text_of(drawn(buyer=named(name)))


def test_shows_with_a_font_of_the_machine_what_its_own_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts.write(tmp_path, "東")
    found = typst.Fonts(include_system_fonts=False, font_paths=[tmp_path])
    monkeypatch.setattr(typesetting, "_machines", lambda: found)

    text = text_of(drawn(buyer=named("東 GmbH 大")))

    assert f"東 GmbH {typesetting.STAND_IN}" in text


def test_stands_in_for_characters_no_font_has() -> None:
    stand_in = typesetting.STAND_IN

    text = text_of(drawn(buyer=named("東京 GmbH \N{GRINNING FACE}")))

    assert f"{stand_in * 2} GmbH {stand_in}" in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("A\x00B\x01C\ufeffD", "ABCD"),
        ("A\U0001f468\u200d\U0001f469B", f"A{typesetting.STAND_IN * 2}B"),
        ("A\ue000B\U0010ffffC", f"A{typesetting.STAND_IN}B{typesetting.STAND_IN}C"),
        ("\\u{41} {}", "\\u{41} {}"),
        ("{}\u4e00\\u{7b}", f"{{}}{typesetting.STAND_IN}\\u{{7b}}"),
        ("".join(chr(0x4E00 + place) for place in range(200)), typesetting.STAND_IN * 100),
    ],
    ids=["controls", "a family", "nobody's", "written out", "both", "many"],
)
def test_never_fails_for_a_character(name: str, shown: str) -> None:
    assert shown in text_of(drawn(buyer=named(name)))


def test_goes_on_over_pages_and_counts_them() -> None:
    pdf = drawn(lines=[[f"Thing {place}", "1", "€1.00", "€1.00"] for place in range(90)])

    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 3
    for place, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Page {place} of 3" in text
        assert "Unit price" in text or place == 3


def test_says_what_else_is_wrong() -> None:
    with pytest.raises(typst.TypstError):
        drawn(brand="no colour")
