"""The page: one HTML file with its style, its script, the chart library and the data, and nothing from elsewhere.

The data is compressed JSON in base64, so that no text in it can be HTML; the script only ever sets it as text. A
Content Security Policy admits the two scripts of the file by their hashes, and no other.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from importlib.resources import files
from string import Template
from typing import Any

from tap_ayrshare_report.errors import ReportError

ASSETS = files("tap_ayrshare_report") / "assets"
SCRIPTS = ("values.js", "elements.js", "charts.js", "choice.js", "headlines.js", "growth.js", "posts.js", "clients.js",
           "report.js")  # fmt: skip
"""The page's own script, which is one function: what a file defines, those after it use."""


def page(data: dict[str, Any]) -> str:
    """Return the report as HTML.

    Args:
        data: what `collect` has returned, and `title`, `written` (ISO 8601) and `version`.
    """
    library, script = _asset("echarts/echarts.common.min.js"), _script()
    for name, text in (("the chart library", library), ("the page's script", script)):
        if "</script" in text.lower():
            raise ReportError(f"{name} can't stand in a page: it has the end of a script in it")
    return Template(_asset("report.html")).substitute(
        title=html.escape(str(data["title"])),
        policy=" ".join(_source(text) for text in (library, script)),
        style=_asset("report.css"),
        library=library,
        script=script,
        data=_packed(data),
    )


def _script() -> str:
    return '"use strict";\n(() => {\n' + "\n".join(map(_asset, SCRIPTS)) + "})();\n"


def _asset(name: str) -> str:
    return ASSETS.joinpath(*name.split("/")).read_text(encoding="utf-8")


def _source(script: str) -> str:
    """Return a script as the policy's `script-src` names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _packed(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate can't be encoded; the same time in every file keeps two reports of the same data the same.
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=9, mtime=0)).decode()
