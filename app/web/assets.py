"""Stylesheet, scripts and icon: read once at the start, named by their content, kept for a year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app

from app import brand
from config import ROOT

assets = Blueprint("assets", __name__)

_IMPORT = re.compile(r'@import url\("([\w./-]+)"\) layer\((\w+)\);')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT = re.compile(r"\n\s*")
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Files:
    """What pages load. `version` changes with any of it."""

    stylesheet: str
    scripts: Mapping[str, str]
    icon: str
    version: str


def install(flask_app: Flask) -> None:
    """Serve the files below `static/` and let templates name them."""
    flask_app.extensions["assets"] = read(ROOT / "static")
    flask_app.register_blueprint(assets)
    flask_app.add_template_global(stylesheet_url)
    flask_app.add_template_global(script_url)
    flask_app.add_template_global(icon_url)


def read(folder: Path) -> Files:
    """Answer the files of a folder: one stylesheet out of its layers, and each script."""
    stylesheet = _bundle(folder)
    scripts = {path.stem: path.read_text() for path in sorted(folder.glob("js/*.js"))}
    icon = (folder / "icon.svg").read_text()
    everything = "\n".join([stylesheet, *scripts.values(), icon])
    version = sha256(everything.encode()).hexdigest()[:12]
    return Files(stylesheet, scripts, icon, version)


def stylesheet_url(colour: str | None = None) -> str:
    """Answer the address of the stylesheet in an app's colour, such as `#5254d4`."""
    return f"/assets/{_files().version}/{brand.digits(colour)}.css"


def script_url(name: str) -> str:
    """Answer the address of a script."""
    return f"/assets/{_files().version}/{name}.js"


def icon_url() -> str:
    """Answer the address of the icon."""
    return f"/assets/{_files().version}/icon.svg"


@assets.get("/assets/<version>/<colour>.css")
def stylesheet(version: str, colour: str) -> Response:
    if not brand.is_colour(colour):
        abort(404)
    return _file(_files().stylesheet + brand.stylesheet(colour), "text/css", version)


@assets.get("/assets/<version>/<name>.js")
def script(version: str, name: str) -> Response:
    source = _files().scripts.get(name)
    if source is None:
        abort(404)
    return _file(source, "text/javascript", version)


@assets.get("/assets/<version>/icon.svg")
def icon(version: str) -> Response:
    return _file(_files().icon, "image/svg+xml", version)


def _file(content: str, kind: str, version: str) -> Response:
    response = Response(content, mimetype=kind)
    # A page from before an update asks for another version; it gets today's, for this once.
    response.headers["Cache-Control"] = _KEPT if version == _files().version else "no-store"
    return response


def _files() -> Files:
    files: Files = current_app.extensions["assets"]
    return files


def _bundle(folder: Path) -> str:
    def imported(found: re.Match[str]) -> str:
        source = (folder / found[1]).read_text()
        return f"@layer {found[2]} {{\n{source}}}\n"

    whole = _IMPORT.sub(imported, (folder / "app.css").read_text())
    return _INDENT.sub("\n", _COMMENT.sub("", whole))
