"""What a browser holds every page to, in each of its looks: accessible, and nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

from tests import pages
from tests.e2e.actors import Actor

WIDE: ViewportSize = {"width": 1200, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}

_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What depends on colours and sizes; the rest of a page is the same in each of its looks.
_OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
# A promise of a page's own has no time limit in Playwright.
_AXE = """async (only) => {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("axe stands still")), 6e4));
  const run = axe.run({runOnly: only, resultTypes: ["violations"]});
  return (await Promise.race([run, late])).violations;
}"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_OUTSIDE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80))"""
_MOVING = "document.getAnimations().length"
_SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((e) => e.checkVisibility() && !e.closest("p, dd, td, li, .skip"))
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24) && box.left >= 0)
  .filter(([e]) => e.type !== "radio")
  .map(([e]) => e.outerHTML.slice(0, 80))"""


def faults(page: Page) -> list[str]:
    """Answer what is wrong with the page in any of its looks; it is left as it was."""
    # First, since a change of colours would move for a moment, and be measured on the way.
    page.emulate_media(reduced_motion="reduce")
    found: list[str] = []
    page.evaluate(AXE_SCRIPT)
    # Colours do not depend on the width, nor the width on colours: two looks show all.
    for scheme, size, rules in (("light", WIDE, _STANDARDS), ("dark", NARROW, _OF_LOOKS)):
        with _look(page, size, color_scheme=scheme):
            found += [f"{scheme} {size['width']}: {fault}" for fault in _faults(page, rules)]
    with _look(page, NARROW, forced_colors="active"):
        found += [f"forced colours: {fault}" for fault in _layout_faults(page)]
    if page.evaluate(_MOVING):
        found.append("something moves although less motion is wanted")
    return found


def is_open_to_all(actor: Actor) -> None:
    """Require that the page an actor is on is valid as it was sent, and accessible in its looks."""
    pages.parse(actor.context.request.get(actor.page.url).text())
    found = faults(actor.page)
    assert not found, "\n".join(found)


@contextmanager
def _look(page: Page, size: ViewportSize, **media: Any) -> Iterator[None]:
    before = page.viewport_size or WIDE
    page.set_viewport_size(size)
    page.emulate_media(**media)
    yield
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size(before)


def _faults(page: Page, rules: list[str]) -> Iterator[str]:
    for broken in page.evaluate(_AXE, rules):
        for node in broken["nodes"]:
            yield f"{broken['id']}: {node['html'][:120]} ({node['failureSummary']})"
    yield from _layout_faults(page)


def _layout_faults(page: Page) -> Iterator[str]:
    overflow = page.evaluate(_OVERFLOW)
    if overflow > 0:
        yield f"scrolls sideways by {overflow}: {page.evaluate(_OUTSIDE)}"
    small = page.evaluate(_SMALL)
    if small:
        yield f"too small to press: {small}"
