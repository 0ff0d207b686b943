"""The inspection finds what it is there to find."""

import pytest
from playwright.sync_api import Page

from tests.e2e import inspection

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><main><h1>A page</h1>{body}</main></body></html>"""


class TestFaults:
    @pytest.mark.parametrize(
        ("style", "body", "fault"),
        [
            ("", "<input>", "label"),
            ("p { color: #aaa; background: #fff }", "<p>Pale</p>", "color-contrast"),
            (
                "@media (prefers-color-scheme: dark) { p { color: #333; background: #000 } }",
                "<p>Pale at night</p>",
                "dark 320: color-contrast",
            ),
            ("p { width: 400px }", "<p>Wide</p>", "dark 320: scrolls sideways by"),
            ("button { font-size: 6px; padding: 0 }", "<button>x</button>", "too small to press"),
            (
                "p { animation: x 9s infinite } @keyframes x { to { opacity: 1 } }",
                "<p>Restless</p>",
                "something moves although less motion is wanted",
            ),
        ],
    )
    def test_names(self, page: Page, style: str, body: str, fault: str) -> None:
        page.set_content(PAGE.format(style=style, body=body))

        found = inspection.faults(page)

        assert any(fault in one for one in found), found

    def test_finds_nothing_on_a_good_page(self, page: Page) -> None:
        page.set_content(PAGE.format(style="", body="<p>Good</p>"))

        assert inspection.faults(page) == []
